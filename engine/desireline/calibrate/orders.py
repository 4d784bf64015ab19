"""In which order the activities of a touchpoint are done within a visit: a small prefix tree for each touchpoint."""

from dataclasses import dataclass

import numpy as np

END = -1
MOST_ORDERS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Prefix trees and the moves seen in them.

    State t < `touchpoints` is the beginning of a visit to touchpoint t; the states from there on stand for what was
    done so far in the visit, `activity` (one per such state) last.

    Attributes
    ----------
    came, went, case : one per observed move
        `went` END leaves the touchpoint.
    left_out
        Number of visits whose order was too rare.
    """

    touchpoints: int
    activity: np.ndarray
    came: np.ndarray
    went: np.ndarray
    case: np.ndarray
    left_out: int


def orders(
    touchpoint: np.ndarray, case: np.ndarray, complete: np.ndarray, visit: np.ndarray, activity: np.ndarray, count: int
) -> Orders:
    """Return the orders of activities within visits: of each touchpoint the 30 most frequent.

    Parameters
    ----------
    touchpoint, case, complete : one per visit
        A visit that is not `complete` counts for what was done and not for leaving.
    visit, activity : one per event, in order
    count
        Number of touchpoints.
    """
    place = np.arange(len(visit)) - np.searchsorted(visit, visit)
    state = touchpoint.astype(np.int64)
    kinds = int(activity.max(initial=0)) + 1
    of_state, parents = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    came, went, by = [], [], []
    states = count
    for depth in range(int(place.max(initial=-1)) + 1):
        rows = np.flatnonzero(place == depth)
        before = state[visit[rows]]
        keys, following = np.unique(before * kinds + activity[rows], return_inverse=True)
        state[visit[rows]] = states + following
        of_state.append(keys % kinds)
        parents.append(keys // kinds)
        came.append(before)
        went.append(states + following)
        by.append(visit[rows])
        states += len(keys)
    kept = _frequent(state, touchpoint, np.append(np.arange(count), np.concatenate(parents)), count)
    usual = kept[state]
    came, went = [*came, state[complete]], [*went, np.full(int(complete.sum()), END)]
    of_move = np.concatenate([*by, np.flatnonzero(complete)])
    all_came, all_went = np.concatenate(came), np.concatenate(went)
    use = usual[of_move]
    return Orders(
        touchpoints=count,
        activity=np.concatenate(of_state),
        came=all_came[use],
        went=all_went[use],
        case=case[of_move[use]],
        left_out=int((~usual).sum()),
    )


def _frequent(state: np.ndarray, touchpoint: np.ndarray, parent: np.ndarray, count: int) -> np.ndarray:
    """Return which states end one of the most frequent orders of their touchpoint, or lead to one that does."""
    kept = np.zeros(len(parent), bool)
    number = np.bincount(state, minlength=len(parent))
    last, first = np.unique(state, return_index=True)
    for t in range(count):
        mine = last[touchpoint[first] == t]
        kept[mine[np.argsort(-number[mine], kind="stable")[:MOST_ORDERS]]] = True
    for child in range(len(parent) - 1, count - 1, -1):
        kept[parent[child]] |= kept[child]
    return kept

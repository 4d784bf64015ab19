"""The columns that all fitters read: one row per visit to an activity, and which cases have not ended yet."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from desireline.journey.under_way import going_on, seen_at
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog

NONE = -1
SELDOM = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Events of a log as visits; times in int64 microseconds UTC, codes -1 where unknown.

    Rows that follow giving up are left out. A row that records giving up counts as a visit to the activity whose queue
    was left, with `gave_up` set; so `activity` never is an abandonment.

    Attributes
    ----------
    begun, ended
        `enabled` where `known`, else start; the end where `finished`, else start.
    first, cases
        Row at which each case begins; number of cases.
    unfinished
        Per case: it may go on after the log's end.
    """

    activities: tuple[str, ...]
    case: np.ndarray
    activity: np.ndarray
    begun: np.ndarray
    start: np.ndarray
    ended: np.ndarray
    known: np.ndarray
    finished: np.ndarray
    gave_up: np.ndarray
    resource: np.ndarray
    resources: tuple[str, ...]
    pool: np.ndarray
    pool_names: tuple[str, ...]
    first: np.ndarray
    unfinished: np.ndarray
    gives_up_by: Mapping[int, str]
    single_timestamp: bool

    @property
    def cases(self) -> int:
        return len(self.first)

    @property
    def arrival(self) -> np.ndarray:
        """First enabling (else start) of each case."""
        return np.asarray(np.minimum.reduceat(self.begun, self.first))


def visits(log: EventLog, abandonments: Mapping[str, str | None]) -> tuple[Visits, list[str]]:
    """Return the visits of `log`, and remarks on what had to be assumed.

    Parameters
    ----------
    abandonments
        Activity that records giving up -> the activity whose queue was left, None where unknown.
    """
    activity, start, end = log.column("activity").astype(np.int64), log.column("start"), log.column("end")
    enabled = log.column("enabled")
    left, remarks = _queues_left(log, abandonments)
    gave_up = np.isin(activity, list(left))
    keep = _until_giving_up(gave_up, log.offsets)
    of_queue = np.arange(len(log.activities))
    for code, queue in left.items():
        of_queue[code] = queue
    resource, resources = coded(log.events.column("resource"))
    pool, pools = coded(log.events.column("pool"))
    first = np.searchsorted(log.column("case")[keep], np.arange(log.n_cases))
    begun, ended = np.where(enabled == UNKNOWN, start, enabled)[keep], np.where(end == UNKNOWN, start, end)[keep]
    last = np.append(first[1:], keep.sum()) - 1
    is_open, left_last = (end == UNKNOWN)[keep][last], gave_up[keep][last]
    return Visits(
        activities=log.activities,
        case=log.column("case")[keep].astype(np.int64),
        activity=of_queue[activity][keep],
        begun=begun,
        start=start[keep],
        ended=ended,
        known=(enabled != UNKNOWN)[keep],
        finished=(end != UNKNOWN)[keep],
        gave_up=gave_up[keep],
        resource=resource[keep],
        resources=tuple(resources.to_pylist()),
        pool=pool[keep],
        pool_names=tuple(pools.to_pylist()),
        first=first,
        unfinished=going_on(activity[keep], seen_at(start, end)[keep], ended, first, is_open, left_last),
        gives_up_by={queue: log.activities[code] for code, queue in sorted(left.items(), reverse=True)},
        single_timestamp=log.single_timestamp,
    ), remarks


def _until_giving_up(gave_up: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return which rows lie at or before the first giving up of their case."""
    before = np.concatenate([[0], np.cumsum(gave_up)])
    earlier = before[:-1] - np.repeat(before[offsets[:-1]], np.diff(offsets))
    return np.asarray(earlier == 0)


def _queues_left(log: EventLog, abandonments: Mapping[str, str | None]) -> tuple[dict[int, int], list[str]]:
    code = {name: i for i, name in enumerate(log.activities)}
    left, remarks = {}, []
    for name in sorted(set(abandonments) & set(code)):
        queue = abandonments[name]
        if queue is None or queue not in code:
            guessed = _likely_queue(log, code[name], {code[a] for a in abandonments if a in code})
            if guessed is None:
                remarks.append(f'"{name}": no activity was found whose queue it leaves; kept as an ordinary activity')
                continue
            queue = log.activities[guessed]
            remarks.append(
                f'"{name}" is taken to leave the queue of "{queue}": it follows the same activities, after a wait'
            )
        left[code[name]] = code[queue]
    return left, remarks


def _likely_queue(log: EventLog, gives_up: int, excluded: set[int]) -> int | None:
    """Return the activity that comes after the same activities in the same proportions, and for which cases wait.

    The likeness is the cosine of the counts of what came before; among equals the one that makes wait most often. Where
    hardly one case in a hundred waits the likeness counts half.
    """
    activity, first = log.column("activity").astype(np.int64), log.offsets[:-1]
    previous = np.append(NONE, activity[:-1])
    previous[first] = NONE
    count = len(log.activities)
    before = np.bincount((previous + 1) * count + activity, minlength=(count + 1) * count).reshape(count + 1, count)
    length = np.sqrt((before.astype(np.float64) ** 2).sum(axis=0))
    likeness = before[:, gives_up] @ before / np.maximum(length * length[gives_up], 1)
    enabled, start = log.column("enabled"), log.column("start")
    waits = np.bincount(activity, (enabled != UNKNOWN) & (start > enabled), count)
    often = waits / np.maximum(np.bincount(activity, minlength=count), 1)
    score = np.where(often > SELDOM, likeness * (1 + SELDOM * often), likeness * (waits > 0) / 2)
    score[list(excluded)] = 0
    return int(score.argmax()) if score.max() > 0 else None

"""What is kept of a run of which nobody needs the log: sums of each case."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Integer sums of measured cases, in no order; int64 arrays of one entry per case, times in microseconds.

    Attributes
    ----------
    arrived, unfinished : int
        How many measured cases are over or were under way when the run stopped, and how many of them the latter;
        those of which nothing was seen have no entry.
    key : uint64
        The key of the case's draws.
    profile, ended
        Index of the plan's profiles; how it ended, as in `Run.case_ended`.
    first_start, started
        When the first visit began, and how many began (giving up counts as one).
    open : bool
        Whether work was under way when the run stopped.
    tells
        1 where an activity was passed that tells how the case turned out.
    cost
        Millionths of money.
    treated : shape (cases, treatments)
        How often each treatment was given.
    first_enabled, last_end, wait, wait_served, idle, visits, handoffs, repeats, abandoned
        As in `log.casetable.CaseTable`; `idle` without the time before the first start.
    """

    arrived: int
    unfinished: int
    key: np.ndarray
    profile: np.ndarray
    ended: np.ndarray
    first_start: np.ndarray
    started: np.ndarray
    open: np.ndarray
    tells: np.ndarray
    cost: np.ndarray
    treated: np.ndarray
    first_enabled: np.ndarray
    last_end: np.ndarray
    wait: np.ndarray
    wait_served: np.ndarray
    idle: np.ndarray
    visits: np.ndarray
    handoffs: np.ndarray
    repeats: np.ndarray
    abandoned: np.ndarray

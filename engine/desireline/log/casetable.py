"""The case table: what happened to each case, as integer sums; the same for a log and for a run."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTable:
    """One entry per case in every array, in the log's order of cases; all int64, times in microseconds.

    Attributes
    ----------
    first_enabled
        First enabling, else first start.
    last_end
        Last known end (or start where no end is known).
    wait, wait_served
        Sum of start - enabled where enabled is known; `wait_served` leaves out abandoned visits.
    idle
        Sum over events of the time between the latest earlier end in the case (or the first enabling, for the first
        event) and the start, where that is positive: wait and delay together, without the time covered by other work.
    visits
        Number of events that are not an abandonment.
    handoffs
        How often the work passes from one function (owner, else pool) to another.
    repeats
        Events of an activity that the case has seen before.
    abandoned
        1 where the case gave up in a queue.
    completed
        1 where no event is open.
    kept
        1 kept, 0 lost, -1 unknown.
    chance
        How likely the customer is to be kept, in millionths, where a run's model of retention tells it: what `kept` is
        drawn with. None: only what happened is known.
    enabled_known
        Number of events whose enabling is known.
    channel_switches
        How often the known channel differs from the one known before it in the case.
    transfers
        How often the customer is passed from one function to another: hand-offs between visits that the customer sees.
    repeat_contacts
        1 where the customer made contact again within the window after an earlier case.
    repeated_steps
        Steps that touchpoints make the customer repeat (a blueprint's `repeats`).
    excess_wait
        Waiting beyond what its touchpoint promises; all of it where nothing is promised.
    extra_steps
        Visits beyond the shortest planned way to where the case ended.
    failed_self_service
        How often the customer served himself and then needed a person.
    late, early
        How many promises from touchpoint to touchpoint were broken: too late, too early.
    cost, value
        Money in millionths: what the case cost; what it is worth if kept (`UNKNOWN` where nobody knows).

    The columns from `channel_switches` on are None where the log or run does not tell them.
    """

    first_enabled: np.ndarray
    last_end: np.ndarray
    wait: np.ndarray
    wait_served: np.ndarray
    idle: np.ndarray
    visits: np.ndarray
    handoffs: np.ndarray
    repeats: np.ndarray
    abandoned: np.ndarray
    completed: np.ndarray
    kept: np.ndarray
    enabled_known: np.ndarray
    channel_switches: np.ndarray | None = None
    transfers: np.ndarray | None = None
    repeat_contacts: np.ndarray | None = None
    repeated_steps: np.ndarray | None = None
    excess_wait: np.ndarray | None = None
    extra_steps: np.ndarray | None = None
    failed_self_service: np.ndarray | None = None
    late: np.ndarray | None = None
    early: np.ndarray | None = None
    chance: np.ndarray | None = None
    cost: np.ndarray | None = None
    value: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.wait)

    def select(self, keep: np.ndarray) -> "CaseTable":
        """Return the table of the cases that `keep` (bool, one per case) marks."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        return replace(self, **{n: values[keep] for n, values in columns.items() if isinstance(values, np.ndarray)})

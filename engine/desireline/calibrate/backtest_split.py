"""A log in two by time: what was known at an instant, and what came after."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from desireline.calibrate.localtime import to_local, to_utc
from desireline.distance.sample import Sample
from desireline.errors import ModelError
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import DAY, WEEK

FEWEST_CASES = 20
LONG = 5 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The part of a log that is held out. UTC microseconds.

    Attributes
    ----------
    cut
        Cases that begin at or after this instant are held out.
    last
        No case is taken that begins after this instant, that of the last arrival.
    until
        What happens from this instant on was not seen: the end of the log.
    extract
        Whether only finished cases are in the log, so that only they are compared.
    """

    cut: int
    last: int
    until: int
    extract: bool

    def of(self, one: Sample, back: int = 0) -> Sample:
        """Return what `one` shows of the held-out part, or of the one of equal length `back` earlier, shifted to it."""
        part = seen(one, self.cut - back, self.last - back, self.until - back, self.extract)
        return part.moved(np.full(part.cases, back)) if back else part


def seen(one: Sample, since: int, last: int, until: int, extract: bool) -> Sample:
    """Return the cases that begin from `since` to `last` as they were known at `until`.

    With `extract` only those that had ended; else all, without what began later and what had not ended by then.
    """
    inside = (one.begins >= since) & (one.begins <= last)
    if extract:
        return one.keep(inside & (one.ends <= until))
    part = one.keep(inside & (one.begins < until))
    rows = part.start < until
    sizes = np.bincount(part.case[rows], minlength=part.cases)
    return replace(
        part,
        first=np.cumsum(sizes) - sizes,
        activity=part.activity[rows],
        enabled=part.enabled[rows],
        start=part.start[rows],
        end=np.where(part.end > until, part.start, part.end)[rows],
        gave_up=part.gave_up[rows],
    )


def known_at(log: EventLog, instant: int) -> EventLog:
    """Return `log` as it was known at `instant`: events that had begun, those not ended then open."""
    start, end = log.column("start"), log.column("end")
    rows = start < instant
    lasting = rows & (end != UNKNOWN) & (end > instant)
    ended = pa.array(end, mask=(end == UNKNOWN) | lasting)
    at = log.events.schema.get_field_index("end")
    events = log.events.set_column(at, "end", ended).filter(pa.array(rows))
    cases = int(np.searchsorted(start[log.offsets[:-1]], instant)) if log.n_cases else 0
    is_open = log.cases.column("open").to_numpy().copy()
    is_open[log.column("case")[lasting]] = True
    position = log.cases.schema.get_field_index("open")
    return replace(log, events=events, cases=log.cases.set_column(position, "open", pa.array(is_open)).slice(0, cases))


def finished_by(log: EventLog, instant: int) -> EventLog:
    """Return the cases of `log` that had ended at `instant`, as an extract of finished cases has them."""
    start, end = log.column("start"), log.column("end")
    latest = np.maximum.reduceat(np.where(end == UNKNOWN, start, end), log.offsets[:-1])
    return log.select((latest <= instant) & ~log.cases.column("open").to_numpy())


def held_out(one: Sample, extract: bool, share: float, until: int | None = None) -> Held:
    """Return what is held out of a log: what comes after `until`, else about the last `share` of its events.

    A cut that is not given falls on a midnight (local) where the log is longer than five days.

    Raises
    ------
    ModelError
        If too few cases begin before or after the cut.
    """
    cut = until if until is not None else _cut(one, share)
    held = Held(cut=cut, last=int(one.begins.max()), until=int(one.end.max()) + 1, extract=extract)
    before, after = int((one.begins < cut).sum()), int((one.begins >= cut).sum())
    if min(before, after) < FEWEST_CASES:
        raise ModelError(
            f"{before:,} cases begin before the held-out part and {after:,} in it",
            where="back-test",
            expected=f"at least {FEWEST_CASES} on either side",
            help="Hold out another part with --holdout or --train-until, or calibrate with --no-backtest.",
        )
    return held


def _cut(one: Sample, share: float) -> int:
    instants = np.sort(one.start)
    cut = int(instants[min(int((1 - share) * len(instants)), len(instants) - 1)])
    if one.end.max() - one.start.min() <= LONG:
        return cut
    local = int(to_local(np.array([cut]), one.timezone)[0])
    return to_utc((local + DAY // 2) // DAY * DAY, one.timezone)


def shift_back(held: Held, first: int) -> int | None:
    """Return by how much the training window of equal length lies earlier; None where training is shorter.

    Whole weeks where the training part, which begins at `first`, is long enough; else whole days.
    """
    length = held.until - held.cut
    for period in (WEEK, DAY):
        back = -(-length // period) * period
        if held.cut - back >= first - period // 2:
            return back
    return None

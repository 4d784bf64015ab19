"""What is known before the outcome: the log up to the moment that tells it, and features that tell it too soon."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from desireline.errors import LogError, nearest
from desireline.experience.outcome import outcome
from desireline.log.columns import coded, first_known
from desireline.log.eventlog import EventLog
from desireline.log.source import Outcome, Source
from desireline.units import MICROSECONDS

SAME_MOMENT = MICROSECONDS
FEWEST = 5


def telling_rows(log: EventLog, source: Source) -> np.ndarray:
    """Return the row that tells the outcome of each case; -1 where none does, or no activity tells it."""
    rows = np.full(log.n_cases, -1)
    how = source.outcome.retained if source.outcome else None
    if how is None or how.activity is None:
        return rows
    tells = {*how.activity.lost, *how.activity.kept}
    codes = np.array([name in tells for name in log.activities], bool)
    found = np.flatnonzero(codes[log.column("activity")])
    np.maximum.at(rows, log.column("case")[found], found)
    return rows


def before_telling(log: EventLog, source: Source) -> tuple[EventLog, np.ndarray]:
    """Return the log without what happened when the outcome was told or later, and the rows of its cases in `log`.

    What is recorded within a second before belongs to the telling. Cases of which nothing is left are not in it. The
    cases that were cut count as open: what would have come is not missing.
    """
    telling = telling_rows(log, source)
    if (telling < 0).all():
        return log, np.arange(log.n_cases)
    start, case = log.column("start"), log.column("case")
    first_telling = np.full(log.n_cases, np.iinfo(np.int64).max)
    tells = _tells(log, source)
    np.minimum.at(first_telling, case[tells], start[tells])
    rows = start < first_telling[case] - SAME_MOMENT
    rows |= telling[case] < 0
    return with_rows(log, rows, telling >= 0)


def with_rows(log: EventLog, rows: np.ndarray, cut: np.ndarray) -> tuple[EventLog, np.ndarray]:
    """Return the log of the events `rows` (bool), and the rows its cases have in `log`.

    Cases of which nothing is left are not in it; those of `cut` (bool, one per case) count as open.
    """
    case = log.column("case")
    left = np.bincount(case[rows], minlength=log.n_cases) > 0
    renumbered = (np.cumsum(left) - 1).astype(np.int32)
    events = log.events.filter(pa.array(rows))
    position = events.schema.get_field_index("case")
    events = events.set_column(position, "case", pa.array(renumbered[case[rows]]))
    cases = log.cases.filter(pa.array(left))
    is_open = cases.column("open").combine_chunks().to_numpy(zero_copy_only=False) | cut[left]
    cases = cases.set_column(cases.schema.get_field_index("open"), "open", pa.array(is_open))
    return replace(log, events=events, cases=cases), np.flatnonzero(left)


def _tells(log: EventLog, source: Source) -> np.ndarray:
    """Return the rows whose activity tells an outcome."""
    assert source.outcome is not None
    assert source.outcome.retained.activity is not None
    finals = source.outcome.retained.activity
    codes = np.array([name in (*finals.lost, *finals.kept) for name in log.activities], bool)
    return np.flatnonzero(codes[log.column("activity")])


def leak(log: EventLog, source: Source, attribute: str, kept: np.ndarray) -> str | None:
    """Return why an attribute is known only after leaving; None where nothing says so.

    Parameters
    ----------
    kept
        1 kept, 0 lost, -1 unknown, one per case.
    """
    how = source.outcome.retained if source.outcome else None
    if how is not None and how.attribute == attribute:
        return "it is the outcome itself"
    code = attribute_codes(log, attribute)
    told = _told_late(log, source, attribute)
    if told:
        return told
    known, lost, stayed = code >= 0, kept == 0, kept == 1
    if known[lost].sum() >= FEWEST and known[lost].any() and not known[stayed].any():
        return "only cases that were lost have it"
    if known[stayed].sum() >= FEWEST and known[stayed].any() and not known[lost].any():
        return "only cases that were kept have it"
    both = known & (kept >= 0)
    values = int(code.max(initial=-1)) + 1
    if both.sum() >= 2 * FEWEST and values < both.sum() / 5:
        of_lost = np.bincount(code[both & lost], minlength=values)
        of_kept = np.bincount(code[both & stayed], minlength=values)
        if of_lost.any() and of_kept.any() and not (np.minimum(of_lost, of_kept)).any():
            return "each of its values goes with one outcome only"
    return None


def _told_late(log: EventLog, source: Source, attribute: str) -> str | None:
    """Return whether the log writes an attribute of events mostly when the outcome is told, or later."""
    if attribute not in log.event_attributes:
        return None
    telling = telling_rows(log, source)
    known = np.flatnonzero(log.events.column(attribute).combine_chunks().is_valid().to_numpy(zero_copy_only=False))
    case = log.column("case")[known]
    cases, first = np.unique(case, return_index=True)
    told = telling[cases] >= 0
    late = (known[first] >= telling[cases]) & told
    if told.sum() >= FEWEST and late.sum() > told.sum() / 2:
        return "it is written when the outcome is known, or later"
    return None


def attribute_codes(log: EventLog, attribute: str) -> np.ndarray:
    """Return a code for each case's value of an attribute (-1 unknown).

    Raises
    ------
    LogError
        If the log has no such attribute.
    """
    return coded(attribute_column(log, attribute))[0]


def attribute_column(log: EventLog, attribute: str) -> pa.Array:
    """Return the (first known) value of an attribute in each case."""
    if attribute in log.case_attributes:
        return log.cases.column(attribute).combine_chunks()
    if attribute in log.event_attributes:
        return first_known(log.events.column(attribute).combine_chunks(), log.column("case"), log.n_cases)
    known: Sequence[str] = (*log.case_attributes, *log.event_attributes)
    help = nearest(attribute, known)
    raise LogError(f'no attribute "{attribute}"', where="--with", expected=", ".join(known), help=help)


def known_outcome(log: EventLog, source: Source) -> np.ndarray:
    """Return the outcome of each case: 1 kept, 0 lost, -1 unknown.

    Raises
    ------
    LogError
        If the source tells no outcome.
    """
    if source.outcome is None:
        raise LogError(
            "nothing says which customers were lost",
            where="outcome",
            expected="an outcome in the source file, or --lost, or --returns-within TIME",
            help="For example: outcome: {retained: {activity: {lost: [Cancelled]}}}.",
        )
    return outcome(log, source)


def told_by(source: Source, within: int | None, lost: Sequence[str], kept: Sequence[str]) -> Source:
    """Return `source` with the outcome that options tell, where they tell one.

    Parameters
    ----------
    within
        Microseconds within which a customer who was kept comes back.
    lost, kept
        Final activities.

    Raises
    ------
    LogError
        If they tell two outcomes.
    """
    if within is not None and (lost or kept):
        raise LogError("two outcomes", where="--returns-within", expected="either a return, or activities")
    if within is not None:
        retained: dict[str, object] = {"returns_within": f"{within} us"}
    elif lost or kept:
        retained = {"activity": {"lost": list(lost), "kept": list(kept)}}
    else:
        return source
    return source.model_copy(update={"outcome": Outcome.model_validate({"retained": retained})})

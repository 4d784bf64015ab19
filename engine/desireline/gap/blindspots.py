"""What the log cannot show: time in which nothing is seen, channels and touchpoints that are not recorded."""

from dataclasses import dataclass

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.promises import last_times
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN
from desireline.units import MICROSECONDS, show_duration

MOST_DARK, DARK_SHARE = 5, 0.05
FEW_KNOWN = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpot:
    """Something not seen: `kind` is dark time, channel, outcome, unobserved or never seen; `text` says it in words.

    `share` is of the cycle time for dark time, of the cases for an outcome; `hours` only for dark time.
    """

    kind: str
    what: str
    share: float | None
    hours: float | None
    text: str


def blind_spots(compared: Compared, known: np.ndarray | None) -> tuple[BlindSpot, ...]:
    """Return what the log does not show; `known` (bool, one per case) where the outcome is known, None without one."""
    return (*_dark(compared), *_channels(compared), *_outcome(known), *_unobserved(compared))


def _dark(compared: Compared) -> list[BlindSpot]:
    """Return between which touchpoints most time passes in which nothing is recorded."""
    visits, log = compared.visits, compared.log
    if log.n_events == 0:
        return []
    cycle = float((last_times(log) - np.minimum.reduceat(log.column("start"), log.offsets[:-1])).sum())
    same = visits.case[1:] == visits.case[:-1]
    seen = np.where(visits.end == UNKNOWN, visits.start, visits.end)[:-1]
    begun = np.where(visits.enabled == UNKNOWN, visits.start, visits.enabled)[1:]
    idle = np.where(same, np.maximum(begun - seen, 0), 0)
    size = len(visits.touchpoints)
    pair = visits.touchpoint[:-1].astype(np.int64) * size + visits.touchpoint[1:]
    total = np.bincount(pair, idle, minlength=size * size)
    found = []
    for code in np.argsort(-total, kind="stable")[:MOST_DARK]:
        if cycle <= 0 or total[code] < DARK_SHARE * cycle:
            break
        a, b = visits.touchpoints[code // size], visits.touchpoints[code % size]
        mine = idle[same & (pair == code)]
        text = (
            f'Nothing is seen between "{a}" and "{b}": {100 * total[code] / cycle:.0f} % of all time, '
            f"typically {show_duration(float(np.median(mine)) / MICROSECONDS)}, seen {_times(len(mine))}."
        )
        hours = float(total[code]) / MICROSECONDS / 3600
        found.append(
            BlindSpot(kind="dark time", what=f"{a} > {b}", share=float(total[code]) / cycle, hours=hours, text=text)
        )
    if log.single_timestamp:
        text = "The log has one time per event: how long work takes is not seen, and counts as time between."
        found.append(BlindSpot(kind="dark time", what="durations", share=None, hours=None, text=text))
    return found


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _channels(compared: Compared) -> list[BlindSpot]:
    codes, names = coded(compared.log.events.column("channel"))
    seen = sorted({names[int(c)].as_py() for c in np.unique(codes[codes >= 0])})
    planned = sorted({c for t in compared.blueprint.touchpoints.values() if t.observed for c in t.channel})
    unseen = [c for c in planned if c not in seen]
    if len(seen) > 1 and not unseen:
        return []
    if not seen:
        if not planned:
            return []
        text = f"The log names no channel; the blueprint plans {', '.join(planned)}."
    elif len(seen) == 1:
        text = f'The log holds one channel only, "{seen[0]}": what customers do in others is not seen.'
    else:
        text = f"Planned channels that the log never names: {', '.join(unseen)}."
    return [BlindSpot(kind="channel", what=", ".join(unseen or seen), share=None, hours=None, text=text)]


def _outcome(known: np.ndarray | None) -> list[BlindSpot]:
    if known is None or not len(known) or known.mean() >= FEW_KNOWN:
        return []
    share = 1 - float(known.mean())
    text = f"The outcome is not known for {100 * share:.0f} % of the cases; they are left out wherever it is needed."
    return [BlindSpot(kind="outcome", what="outcome", share=share, hours=None, text=text)]


def _unobserved(compared: Compared) -> list[BlindSpot]:
    found = []
    seen = {compared.visits.touchpoints[code] for code in np.unique(compared.visits.touchpoint)}
    for t in compared.blueprint.touchpoints.values():
        if not t.observed:
            text = f'"{t.name}" is not recorded anywhere, as the blueprint says: it is not judged.'
            found.append(BlindSpot(kind="unobserved", what=t.name, share=None, hours=None, text=text))
        elif t.name not in seen:
            text = f'"{t.name}" is planned and never in the log: it does not happen, or is not recorded.'
            found.append(BlindSpot(kind="never seen", what=t.name, share=None, hours=None, text=text))
    return found

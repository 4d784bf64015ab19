"""Arrivals: streams of cases with a weekly pattern, and the profiles of those who arrive."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.calibrate.days import Days, days, level_weights
from desireline.calibrate.localtime import hour_of_week
from desireline.calibrate.window import Window
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.model.model import HOURS, Profile, Stream
from desireline.units import DAY, HOUR, WEEK

MOST_PROFILES = 50
MOST_STREAMS = 6
OTHER = "other"
PRIORITY = "priority"
FEWEST_SEEN = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """When cases of which kind arrived; `fit` turns weights into streams.

    Attributes
    ----------
    names, stream
        Streams, and the stream of each case of the window.
    profiles, profile
        Combinations of attributes, and the combination of each case of the window.
    case, hour
        Row and hour of the week of each case of the window.
    exposure : shape (168,)
        How often the window holds each hour of the week, days without arrivals left out.
    block, lately
        Block of each case of the window (an index into those that count); how much each block counts for the level.
    missing
        For how many arrivals each case stands: those of an extract that had not ended are not in it.
    days
        What single days show.
    ranks
        Rank of each priority in the order of service.
    """

    names: tuple[str, ...]
    stream: np.ndarray
    profiles: tuple[tuple[tuple[str, str], ...], ...]
    profile: np.ndarray
    case: np.ndarray
    hour: np.ndarray
    exposure: np.ndarray
    block: np.ndarray
    lately: np.ndarray
    missing: np.ndarray
    days: Days
    ranks: Mapping[str, int]
    by: str | None

    def fit(self, weights: np.ndarray) -> tuple[Stream, ...]:
        """Return the streams for these weights of cases."""
        w = weights[self.case]
        arrived = w * self.missing
        counts = np.bincount(self.stream * HOURS + self.hour, arrived, minlength=len(self.names) * HOURS)
        rates = _unseen_filled(counts.reshape(-1, HOURS), self.exposure) * self._level(w, arrived)
        kinds = np.bincount(self.stream * len(self.profiles) + self.profile, w, minlength=rates.shape[0] * self.kinds)
        return tuple(
            Stream(
                name=name,
                rates=tuple(float(f"{r:.8g}") for r in rate),
                profiles=self._profiles(shares),
                day_factors=self.days.factors,
                dates=self.days.dates,
                regular=self.days.regular,
            )
            for name, rate, shares in zip(self.names, rates, kinds.reshape(-1, self.kinds), strict=True)
        )

    def _rank(self, attributes: Mapping[str, str]) -> int:
        return self.ranks.get(attributes.get(PRIORITY, ""), 0)

    def _level(self, w: np.ndarray, arrived: np.ndarray) -> float:
        """Return by how much arrivals lately exceed those of the whole window, for these weights of its cases."""
        number = len(self.lately)
        count = np.bincount(self.block, arrived, minlength=number)
        seen = np.bincount(self.block, minlength=number)
        drawn = np.where(seen > 0, np.bincount(self.block, w, minlength=number) / np.maximum(seen, 1), 1.0)
        if not (lately := float((self.lately * drawn).sum())) or not count.sum():
            return 1.0
        return float((self.lately * count).sum() / lately / (count.sum() / drawn.sum()))

    @property
    def kinds(self) -> int:
        return len(self.profiles)

    def _profiles(self, counts: np.ndarray) -> tuple[Profile, ...]:
        total = counts.sum()
        if total <= 0:
            return (Profile(attributes=dict(self.profiles[0]), share=1.0),)
        return tuple(
            Profile(attributes=dict(combination), share=float(count / total), priority=self._rank(dict(combination)))
            for combination, count in zip(self.profiles, counts, strict=True)
            if count > 0
        )


def arrivals(
    log: EventLog,
    window: Window,
    attributes: Sequence[str],
    share: np.ndarray | None = None,
    weeks: int | None = None,
    ranks: Mapping[str, int] | None = None,
    values: np.ndarray | None = None,
) -> Arrivals:
    """Return the arrivals of the window, by the value of one attribute where it has few values.

    That attribute is `segment` where the log has it, else the first of `attributes` with two to six values. Profiles
    are the combinations of all `attributes` (and the channel, where a case has one only); beyond the 50 most frequent,
    their values become "other".

    Parameters
    ----------
    share
        Per case, the probability that one that arrived then is in the log at all (default: 1).
    weeks
        Last weeks whose level is used (default: found, see `days.level_weights`; all days of a short log).
    ranks, values
        Rank of each priority in the order of service, and the priority of each case; none: all alike.
    """
    case = np.flatnonzero(window.inside)
    seen = np.ones(len(case)) if share is None else np.maximum(share[case], FEWEST_SEEN)
    hour = hour_of_week(window.local[case])
    used = window.blocks()
    block = np.searchsorted(used, window.block_of()[case]).clip(0, len(used) - 1)
    known = [a for a in dict.fromkeys((*attributes, "segment")) if a in log.case_attributes]
    columns = {name: _texts(log, name)[case] for name in known}
    if (channel := _channels(log)) is not None and "channel" not in columns:
        columns["channel"] = channel[case]
    if ranks and values is not None:
        columns[PRIORITY] = values[case]
    by = _stream_attribute(columns)
    names, stream = np.unique(columns[by], return_inverse=True) if by else (np.array(["all"]), np.zeros(len(case), int))
    combinations: list[tuple[str, ...]] = list(zip(*columns.values(), strict=True)) if columns else [()] * len(case)
    profiles, profile = _profiles(list(columns), combinations)
    found = days(window, 1 / seen)
    return Arrivals(
        names=tuple(str(name) for name in names),
        stream=stream.ravel(),
        profiles=profiles,
        profile=profile,
        case=case,
        hour=hour,
        exposure=_exposure(window, found.dates),
        block=block,
        lately=level_weights(block, 1 / seen, seen, len(used), weeks) if window.block == WEEK else np.ones(len(used)),
        missing=1 / seen,
        days=found,
        ranks=ranks or {},
        by=by,
    )


def _stream_attribute(columns: dict[str, np.ndarray]) -> str | None:
    order = sorted((name for name in columns if name not in ("channel", PRIORITY)), key=lambda name: name != "segment")
    return next((name for name in order if 2 <= len(set(columns[name].tolist())) <= MOST_STREAMS), None)


def _exposure(window: Window, closed: Mapping[str, float]) -> np.ndarray:
    """Return how often each hour of the week occurs in the blocks that count, days that were `closed` left out."""
    begins = window.start + window.blocks() * window.block
    at = (begins[:, None] + np.arange(0, window.block, HOUR)).ravel()
    off = np.array([np.datetime64(day, "D").astype(np.int64) for day in closed], np.int64)
    return np.bincount(hour_of_week(at[~np.isin(at // DAY, off)]), minlength=HOURS)


def _unseen_filled(counts: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Return arrivals per hour; hours of the week that the window never holds get the mean of the hour on its days."""
    rates = counts / np.maximum(exposure, 1)
    by_day = counts.reshape(-1, 7, 24).sum(axis=1) / np.maximum(exposure.reshape(7, 24).sum(axis=0), 1)
    return np.asarray(np.where(exposure > 0, rates, np.tile(by_day, (1, 7))))


def _texts(log: EventLog, name: str) -> np.ndarray:
    """Return a case attribute as text, "unknown" where it is."""
    column = log.cases.column(name).cast(pa.string()).fill_null("unknown")
    return np.array(column.to_pylist(), object)


def _channels(log: EventLog) -> np.ndarray | None:
    """Return the channel of each case, where no case has more than one and the log knows any."""
    rows, channels = coded(log.events.column("channel"))
    names = channels.to_pylist()
    known = rows >= 0
    if not known.any() or len(names) < 2:
        return None
    case = log.column("case")[known]
    low, high = np.full(log.n_cases, len(names)), np.full(log.n_cases, -1)
    np.minimum.at(low, case, rows[known])
    np.maximum.at(high, case, rows[known])
    if (low < high).any():
        return None
    return np.array([*names, "unknown"], object)[np.where(high < 0, len(names), high)]


def _profiles(
    names: list[str], combinations: list[tuple[str, ...]]
) -> tuple[tuple[tuple[tuple[str, str], ...], ...], np.ndarray]:
    counts = Counter(combinations)
    ranked = sorted(counts, key=lambda c: (-counts[c], c))
    kept = ranked if len(ranked) <= MOST_PROFILES else ranked[: MOST_PROFILES - 1]
    index = {combination: i for i, combination in enumerate(kept)}
    if len(ranked) > len(kept):
        kept = [*kept, (OTHER,) * len(names)]
    rows = np.array([index.get(c, len(index)) for c in combinations], np.int64)
    return tuple(tuple(zip(names, c, strict=True)) for c in kept), rows

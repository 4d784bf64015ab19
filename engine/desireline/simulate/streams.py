"""Arrivals lowered to arrays: what is expected in each hour of a run, and the line along which cases arrive."""

import itertools
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from desireline.model.model import Parameters, Stream
from desireline.seeds import Purpose, chain, uniform
from desireline.simulate.calendar import hours, local_days, parse_start
from desireline.simulate.ragged import ragged
from desireline.units import HOUR

if TYPE_CHECKING:
    from desireline.simulate.plan import Plan

Line = tuple[np.ndarray, np.ndarray]


def lower_streams(parameters: Parameters, zone: str, since: str, begin: int, end: int) -> dict[str, Any]:
    """Return the fields of the plan that say when cases arrive from `begin` to `end`; growth counts from `since`."""
    streams = parameters.streams
    times, hour = hours(zone, begin, end)
    edges, days = local_days(zone, begin, end)
    day = days[np.searchsorted(edges, times[:-1], side="right") - 1]
    first = date.fromordinal(local_days(zone, parse_start(since, zone), parse_start(since, zone) + 1)[1][0])
    profiles = [profile for stream in streams for profile in stream.profiles]
    offsets = np.cumsum([0, *(len(stream.profiles) for stream in streams)])
    expected = [_expected(stream, times, hour, day, first) for stream in streams]
    return {
        "piece_at": times,
        "piece_day": day,
        "stream_expected": np.array(expected, np.float64).reshape(len(streams), len(hour)),
        "stream_days": ragged((stream.day_factors for stream in streams), np.float64),
        "stream_regular": np.array([stream.regular or bool(stream.instants) for stream in streams]),
        "stream_instants": ragged([at for at in stream.instants if begin <= at < end] for stream in streams),
        "stream_profiles": ragged(range(a, b) for a, b in itertools.pairwise(offsets)),
        "profile_share": np.concatenate([np.cumsum([p.share for p in s.profiles]) for s in streams] or [np.zeros(0)]),
        "profile_priority": np.array([profile.priority for profile in profiles], np.int64),
        "profiles": tuple(profile.attributes for profile in profiles),
    }


def _expected(stream: Stream, times: np.ndarray, hour: np.ndarray, day: np.ndarray, first: date) -> np.ndarray:
    """Return the arrivals expected in each piece of the run, before the factor of its day."""
    if stream.instants:
        return np.zeros(len(hour))
    expected = np.asarray(stream.rates)[hour] * np.diff(times) / HOUR
    if stream.growth:
        weeks = (day - first.toordinal()) // timedelta(weeks=1).days
        expected = expected * np.maximum(0.0, 1.0 + stream.growth * weeks)
    for text, factor in stream.dates.items():
        expected = np.where(day == date.fromisoformat(text).toordinal(), expected * factor, expected)
    return np.asarray(expected)


def arrival_lines(plan: "Plan", seed: int, replication: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return for each stream the line (times, expected arrivals so far) of one run, and where its count begins.

    Cases arrive where the line reaches the sum of unit exponentials, or of ones where arrivals are regular.
    """
    lines = []
    for stream, expected in enumerate(plan.stream_expected):
        instants = plan.stream_instants.values[slice(*plan.stream_instants.offsets[stream : stream + 2])]
        if len(instants):
            lines.append((np.append(instants, instants[-1] + 1), np.arange(len(instants) + 1, dtype=np.float64), -1.0))
            continue
        factors = plan.stream_days.values[slice(*plan.stream_days.offsets[stream : stream + 2])]
        if len(factors):
            key = chain(seed, replication, int(plan.stream_keys[stream]))
            line = _line(expected * _drawn(factors, plan.piece_day, key))
        else:
            line = _line(expected)
        lines.append((plan.piece_at, line, -0.5 if plan.stream_regular[stream] else 0.0))
    return lines


def _line(expected: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(expected)])


def _drawn(factors: np.ndarray, piece_day: np.ndarray, key: int) -> np.ndarray:
    """Return the factor of each piece: one of `factors` for each day, whatever is simulated."""
    days, piece = np.unique(piece_day, return_inverse=True)
    chosen = [int(uniform(key, 0, Purpose.DAY, day) * len(factors)) for day in days.tolist()]
    return np.asarray(factors[chosen][piece])

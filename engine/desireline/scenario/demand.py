"""Changes of demand: how many cases arrive, of which kind, and when."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from desireline.errors import ScenarioError
from desireline.model.model import HOURS, Model, Stream
from desireline.scenario.changes import DemandChange, SegmentDemand
from desireline.scenario.edit import edited
from desireline.scenario.names import has, require_cases
from desireline.units import HOUR


def change_demand(model: Model, change: DemandChange) -> Model:
    """Return `model` with more or fewer cases, or with cases at other times.

    Raises
    ------
    ScenarioError
        If no case has the attributes named, no case would arrive at all, or the arrivals are fixed instants.
    """
    asked = change.demand if isinstance(change.demand, SegmentDemand) else SegmentDemand.model_construct(
        scale=change.demand, shift=None, shape=None, share=None
    )  # fmt: skip
    streams = model.parameters.streams
    if any(stream.instants for stream in streams):
        raise ScenarioError("the cases of this model arrive at fixed instants, those of a log")
    wanted = asked.attributes()
    require_cases(streams, wanted)
    made = tuple(part for stream in streams for part in _changed(stream, asked, wanted))
    if not any(rate > 0 for stream in made for rate in stream.rates):
        raise ScenarioError("no case would arrive at all", expected="a factor above x0")
    return edited(model, streams=made)


def _changed(stream: Stream, asked: SegmentDemand, wanted: Mapping[str, str]) -> tuple[Stream, ...]:
    if asked.scale is not None:
        stream = _segment(stream, wanted, asked.scale) if wanted else _scaled(stream, asked.scale)
    if asked.shift is None and asked.shape is None:
        return (stream,)
    others, those = _split(stream, wanted)
    moved = _reshaped(_shifted(those, asked.shift or 0), asked) if those else None
    if moved == those:
        return (stream,)
    return tuple(part for part in (others, moved) if part is not None)


def _scaled(stream: Stream, factor: float) -> Stream:
    return replace(stream, rates=tuple(rate * factor for rate in stream.rates))


def _segment(stream: Stream, wanted: Mapping[str, str], factor: float) -> Stream:
    weights = [profile.share * (factor if has(profile, wanted) else 1.0) for profile in stream.profiles]
    total = sum(weights)
    before = sum(profile.share for profile in stream.profiles)
    if total == before:
        return stream
    if total == 0:
        return _scaled(stream, 0.0)
    profiles = tuple(
        replace(profile, share=weight / total) for profile, weight in zip(stream.profiles, weights, strict=True)
    )
    return replace(_scaled(stream, total / before), profiles=profiles)


def _split(stream: Stream, wanted: Mapping[str, str]) -> tuple[Stream | None, Stream | None]:
    """Return the stream of all other cases and that of the cases `wanted`; None where there are none."""
    those = [profile for profile in stream.profiles if has(profile, wanted)]
    if len(those) == len(stream.profiles):
        return None, stream
    if not those:
        return stream, None
    others = [profile for profile in stream.profiles if not has(profile, wanted)]
    name = f"{stream.name}, {' '.join(wanted.values())}"
    return _part(stream, stream.name, others), _part(stream, name, those)


def _part(stream: Stream, name: str, profiles: list) -> Stream:  # type: ignore[type-arg]
    total = sum(profile.share for profile in profiles)
    kept = tuple(replace(profile, share=profile.share / total) for profile in profiles)
    return replace(_scaled(stream, total), name=name, profiles=kept)


def _shifted(stream: Stream, time: int) -> Stream:
    """Return the stream with all arrivals `time` later in the week; parts of an hour are spread over two."""
    whole, rest = divmod(time, HOUR)
    rates, part = np.array(stream.rates), rest / HOUR
    moved = (1 - part) * np.roll(rates, whole) + part * np.roll(rates, whole + 1) if time else rates
    return replace(stream, rates=tuple(moved.tolist()))


def _reshaped(stream: Stream, asked: SegmentDemand) -> Stream:
    """Return the stream in which `share` of those who came outside of the hours come within them."""
    if asked.shape is None:
        return stream
    within = np.zeros(HOURS)
    for start, end in asked.shape:
        edges = np.clip(np.arange(HOURS + 1) * 60, start, end)
        within += np.diff(edges) / 60
    rates, share = np.array(stream.rates), 1.0 if asked.share is None else asked.share
    outside = rates * (1 - within)
    if not outside.any():
        return stream
    pattern = rates * within if (rates * within).any() else within
    made = rates - share * outside + share * outside.sum() * pattern / pattern.sum()
    return replace(stream, rates=tuple(made.tolist()))

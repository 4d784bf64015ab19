"""Changes of demand: how many cases arrive, of which kind."""

from collections.abc import Mapping
from dataclasses import replace

from desireline.errors import ScenarioError, nearest
from desireline.model.model import Model, Parameters, Profile, Stream
from desireline.scenario.changes import DemandChange, SegmentDemand


def change_demand(model: Model, change: DemandChange) -> Parameters:
    """Return the parameters of `model` with more or fewer cases.

    Raises
    ------
    ScenarioError
        If no case has the attributes named, or no case would arrive at all.
    """
    streams = model.parameters.streams
    if isinstance(change.demand, SegmentDemand):
        wanted = change.demand.attributes()
        _require(streams, wanted)
        streams = tuple(_segment(stream, wanted, change.demand.scale) for stream in streams)
    else:
        streams = tuple(_scaled(stream, change.demand) for stream in streams)
    if not any(rate > 0 for stream in streams for rate in stream.rates):
        raise ScenarioError("no case would arrive at all", expected="a factor above x0")
    return replace(model.parameters, streams=streams)


def _scaled(stream: Stream, factor: float) -> Stream:
    return replace(stream, rates=tuple(rate * factor for rate in stream.rates))


def _has(profile: Profile, wanted: Mapping[str, str]) -> bool:
    return all(profile.attributes.get(name) == value for name, value in wanted.items())


def _segment(stream: Stream, wanted: Mapping[str, str], factor: float) -> Stream:
    weights = [profile.share * (factor if _has(profile, wanted) else 1.0) for profile in stream.profiles]
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


def _require(streams: tuple[Stream, ...], wanted: Mapping[str, str]) -> None:
    profiles = [profile for stream in streams for profile in stream.profiles]
    if any(_has(profile, wanted) for profile in profiles):
        return
    for name, value in wanted.items():
        values = {profile.attributes[name] for profile in profiles if name in profile.attributes}
        if not values:
            known = {attribute for profile in profiles for attribute in profile.attributes}
            raise ScenarioError(f'no case attribute "{name}" in the model', help=nearest(name, known))
        if value not in values:
            raise ScenarioError(f'no case has {name} = "{value}"', help=nearest(value, values))
    raise ScenarioError(f"no case has {' and '.join(f'{n} = {v}' for n, v in wanted.items())} together")

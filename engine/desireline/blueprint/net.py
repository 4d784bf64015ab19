"""The blueprint's flow as one safe Petri net: a marking is a set of places, written as the bits of an integer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint


@dataclass(frozen=True, slots=True)
class Transition:
    """Takes a token from each place of `consume` and puts one on each of `produce`; silent where `label` is None."""

    label: str | None
    consume: int
    produce: int


@dataclass(frozen=True, slots=True)
class Net:
    """A safe net; `initial` and `final` are markings, `places` the number of places (bits)."""

    transitions: tuple[Transition, ...]
    initial: int
    final: int
    places: int

    def steps(self, marking: int) -> Iterator[tuple[Transition, int]]:
        """Yield each transition that can fire in `marking`, with the marking it leads to."""
        for transition in self.transitions:
            if transition.consume & marking == transition.consume:
                yield transition, (marking & ~transition.consume) | transition.produce


def net(blueprint: Blueprint) -> Net:
    """Return the net of `blueprint`, labelled with touchpoints; those that are not observed are silent."""
    silent = {t.name for t in blueprint.touchpoints.values() if not t.observed}
    if blueprint.flow is None:
        from desireline.blueprint.bpmn import parse
        from desireline.blueprint.graph import graph_net

        return graph_net(parse(blueprint.bpmn or "", blueprint.name), silent)
    builder = _Builder(silent)
    start, end = builder.place(), builder.place()
    builder.add(blueprint.flow, start, end)
    return Net(tuple(builder.transitions), start, end, builder.places)


class _Builder:
    """Adds the blocks of a flow between two places each."""

    def __init__(self, silent: set[str]) -> None:
        self.silent = silent
        self.places = 0
        self.transitions: list[Transition] = []

    def place(self) -> int:
        self.places += 1
        return 1 << (self.places - 1)

    def move(self, label: str | None, consume: int, produce: int) -> None:
        self.transitions.append(Transition(label, consume, produce))

    def add(self, flow: Flow, start: int, end: int) -> None:
        if flow.kind == "touchpoint":
            self.move(None if flow.name in self.silent else flow.name, start, end)
        elif flow.kind == "sequence":
            self._sequence(flow, start, end)
        elif flow.kind == "parallel":
            self._parallel(flow, start, end)
        elif flow.kind == "loop":
            self._loop(flow, start, end)
        else:
            for part in flow.parts:
                self.add(part, start, end)
            if flow.kind == "optional":
                self.move(None, start, end)

    def _sequence(self, flow: Flow, start: int, end: int) -> None:
        if not flow.parts:
            self.move(None, start, end)
        for i, part in enumerate(flow.parts):
            after = end if i == len(flow.parts) - 1 else self.place()
            self.add(part, start, after)
            start = after

    def _parallel(self, flow: Flow, start: int, end: int) -> None:
        begins = [self.place() for _ in flow.parts]
        ends = [self.place() for _ in flow.parts]
        self.move(None, start, sum(begins))
        for part, begin, stop in zip(flow.parts, begins, ends, strict=True):
            self.add(part, begin, stop)
        self.move(None, sum(ends), end)

    def _loop(self, flow: Flow, start: int, end: int) -> None:
        head, tail = self.place(), self.place()
        self.move(None, start, head)
        self.add(flow.parts[0], head, tail)
        self.add(flow.parts[1], tail, head)
        self.move(None, tail, end)


def petri_net(blueprint: Blueprint) -> tuple[Any, Any, Any]:
    """Return the blueprint as pm4py's (net, initial marking, final marking), labelled with touchpoints."""
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

    ours = net(blueprint)
    theirs = PetriNet(blueprint.name)
    places = [PetriNet.Place(f"p{i}") for i in range(ours.places)]
    theirs.places.update(places)
    for i, transition in enumerate(ours.transitions):
        added = PetriNet.Transition(f"t{i}", transition.label)
        theirs.transitions.add(added)
        for bit, place in enumerate(places):
            if transition.consume >> bit & 1:
                add_arc_from_to(place, added, theirs)
            if transition.produce >> bit & 1:
                add_arc_from_to(added, place, theirs)
    start = Marking({p: 1 for i, p in enumerate(places) if ours.initial >> i & 1})
    end = Marking({p: 1 for i, p in enumerate(places) if ours.final >> i & 1})
    return theirs, start, end

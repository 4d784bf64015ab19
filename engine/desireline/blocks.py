"""Flows made of nested blocks, and BPMN 2.0 that draws them.

Blocks stand side by side, branches below each other, loops run back underneath.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import quoteattr

TASK = (130, 70)
GATEWAY = (50, 50)
EVENT = (36, 36)
GAP = 50
LINE = 30

Point = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A block of the flow.

    `touchpoint` has a name (in a discovered flow an activity's); `sequence`, `parallel` and `choice` have parts;
    `optional` has one part; a `loop` does its first part, then any number of times its second and its first again.
    `names` are the labels of a choice's parts.
    """

    kind: Literal["touchpoint", "sequence", "parallel", "choice", "optional", "loop"]
    name: str = ""
    parts: tuple["Flow", ...] = ()
    names: tuple[str, ...] = ()


NOTHING = Flow(kind="sequence")


def sequence(parts: Sequence[Flow]) -> Flow:
    """Return `parts` in order as one block; sequences inside are opened."""
    flat = [inner for part in parts for inner in (part.parts if part.kind == "sequence" else (part,))]
    return flat[0] if len(flat) == 1 else Flow(kind="sequence", parts=tuple(flat))


def drawn(name: str, flow: Flow) -> str:
    """Return `flow` as a BPMN 2.0 document that viewers can show; the same text for the same flow."""
    canvas = _Canvas()
    middle = 100 + _size(flow)[1] // 2
    start = canvas.vertex("startEvent", "", 100, middle, EVENT)
    left = 100 + EVENT[0] + GAP
    entry, exit_ = canvas.block(flow, left, middle)
    end = canvas.vertex("endEvent", "", left + _size(flow)[0] + GAP, middle, EVENT)
    for source, target in ((start, entry), (exit_, end)) if entry and exit_ else ((start, end),):
        canvas.arrow(str(source), str(target))
    return canvas.document(name)


def _size(flow: Flow) -> tuple[int, int]:
    """Return width and height that `flow` needs."""
    if flow.kind == "touchpoint":
        return TASK
    sizes = [_size(part) for part in flow.parts]
    if flow.kind == "sequence":
        return sum(w for w, _ in sizes) + GAP * max(len(sizes) - 1, 0), max((h for _, h in sizes), default=LINE)
    if flow.kind == "optional":
        sizes.append((0, LINE))
    frame = 2 * (GATEWAY[0] + GAP)
    return frame + max(w for w, _ in sizes), sum(h for _, h in sizes) + LINE * (len(sizes) - 1)


@dataclass
class _Canvas:
    """Collects vertices with their places, and arrows with their points."""

    vertices: dict[str, tuple[str, str, int, int, tuple[int, int]]] = field(default_factory=dict)
    arrows: list[tuple[str, str, str, list[Point]]] = field(default_factory=list)

    def vertex(self, tag: str, name: str, left: int, middle: int, size: tuple[int, int]) -> str:
        id_ = f"{tag}_{len(self.vertices) + 1}"
        self.vertices[id_] = (tag, name, left, middle - size[1] // 2, size)
        return id_

    def port(self, id_: str, right: bool) -> Point:
        _, _, x, y, (width, height) = self.vertices[id_]
        return (x + width if right else x, y + height // 2)

    def arrow(self, source: str, target: str, name: str = "", level: int | None = None) -> None:
        """Draw an arrow; one that runs at another level leaves and enters its gateways from there."""
        begin, end = self.port(source, True), self.port(target, False)
        points = [begin, end]
        if level is not None and level != begin[1]:
            points = [*self._towards(source, level), *reversed(self._towards(target, level))]
        elif begin[1] != end[1]:
            turn = self._towards(source, end[1]) if "Gateway" in source else [begin]
            points = [*turn, end] if "Gateway" in source else [begin, *reversed(self._towards(target, begin[1]))]
        self.arrows.append((source, target, name, points))

    def _towards(self, gateway: str, level: int) -> list[Point]:
        """Return the way from the upper or lower corner of `gateway` to the height `level`."""
        _, _, x, y, (width, height) = self.vertices[gateway]
        corner = y if level < y + height // 2 else y + height
        return [(x + width // 2, corner), (x + width // 2, level)]

    def _arrows_back(self, split: str, join: str, entry: str, exit_: str, low: int, high: int) -> None:
        """Draw the arrows from `split` back to `join` around what is done again, which runs from left to right."""
        begin, end = self.port(entry, False), self.port(exit_, True)
        if entry == exit_:
            into = [*self._towards(split, begin[1]), end]
            out = [begin, *reversed(self._towards(join, begin[1]))]
        else:
            side, other = begin[0] - GAP // 4, end[0] + GAP // 4
            into = [*self._towards(split, low), (side, low), (side, begin[1]), begin]
            out = [end, (other, end[1]), (other, high), *reversed(self._towards(join, high))]
        self.arrows += [(split, entry, "again", into), (exit_, join, "", out)]

    def block(self, flow: Flow, left: int, middle: int) -> tuple[str | None, str | None]:
        """Draw `flow` from `left` on around `middle`; return its first and last vertex (None where it is empty)."""
        if flow.kind == "touchpoint":
            task = self.vertex("task", flow.name, left, middle, TASK)
            return task, task
        if flow.kind == "sequence":
            return self._sequence(flow, left, middle)
        if flow.kind == "loop":
            return self._loop(flow, left, middle)
        return self._branches(flow, left, middle)

    def _sequence(self, flow: Flow, left: int, middle: int) -> tuple[str | None, str | None]:
        first: str | None = None
        last: str | None = None
        for part in flow.parts:
            entry, exit_ = self.block(part, left, middle)
            if last and entry:
                self.arrow(last, entry)
            first, last = first or entry, exit_ or last
            left += _size(part)[0] + GAP
        return first, last

    def _branches(self, flow: Flow, left: int, middle: int) -> tuple[str, str]:
        tag = "parallelGateway" if flow.kind == "parallel" else "exclusiveGateway"
        width, height = _size(flow)
        split = self.vertex(tag, "", left, middle, GATEWAY)
        join = self.vertex(tag, "", left + width - GATEWAY[0], middle, GATEWAY)
        parts = (*flow.parts, NOTHING) if flow.kind == "optional" else flow.parts
        names = flow.names or ("",) * len(parts)
        top = middle - height // 2
        for part, name in zip(parts, names, strict=True):
            level = top + _size(part)[1] // 2
            entry, exit_ = self.block(part, left + GATEWAY[0] + GAP, level)
            if entry and exit_:
                self.arrow(split, entry, name)
                self.arrow(exit_, join)
            else:
                self.arrow(split, join, name, level)
            top += _size(part)[1] + LINE
        return split, join

    def _loop(self, flow: Flow, left: int, middle: int) -> tuple[str, str]:
        do, again = flow.parts
        width, height = _size(flow)
        join = self.vertex("exclusiveGateway", "", left, middle, GATEWAY)
        split = self.vertex("exclusiveGateway", "", left + width - GATEWAY[0], middle, GATEWAY)
        entry, exit_ = self.block(do, left + GATEWAY[0] + GAP, middle - height // 2 + _size(do)[1] // 2)
        if entry and exit_:
            self.arrow(join, entry)
            self.arrow(exit_, split)
        else:
            self.arrow(join, split)
        level = middle + height // 2 - _size(again)[1] // 2
        entry, exit_ = self.block(again, left + GATEWAY[0] + GAP, level)
        if entry and exit_:
            half = _size(again)[1] // 2 + LINE // 3
            self._arrows_back(split, join, entry, exit_, level + half, level - half)
        else:
            self.arrow(split, join, "again", level)
        return join, split

    def document(self, name: str) -> str:
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
            ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
            ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
            ' id="definitions" targetNamespace="http://www.omg.org/spec/BPMN/20100524/MODEL">',
            f'  <process id="process" name={quoteattr(name)} isExecutable="false">',
            *self._process(),
            "  </process>",
            '  <bpmndi:BPMNDiagram id="diagram">',
            '    <bpmndi:BPMNPlane id="plane" bpmnElement="process">',
            *self._shapes(),
            *self._edges(),
            "    </bpmndi:BPMNPlane>",
            "  </bpmndi:BPMNDiagram>",
            "</definitions>",
        ]
        return "\n".join(lines) + "\n"

    def _process(self) -> list[str]:
        lines = []
        for id_, (tag, name, *_) in self.vertices.items():
            into = [f"      <incoming>flow_{i}</incoming>" for i, a in enumerate(self.arrows, 1) if a[1] == id_]
            out = [f"      <outgoing>flow_{i}</outgoing>" for i, a in enumerate(self.arrows, 1) if a[0] == id_]
            named = f" name={quoteattr(name)}" if name else ""
            lines += [f'    <{tag} id="{id_}"{named}>', *into, *out, f"    </{tag}>"]
        for i, (source, target, name, _) in enumerate(self.arrows, 1):
            named = f" name={quoteattr(name)}" if name else ""
            lines.append(f'    <sequenceFlow id="flow_{i}"{named} sourceRef="{source}" targetRef="{target}"/>')
        return lines

    def _shapes(self) -> list[str]:
        return [
            f'      <bpmndi:BPMNShape id="{id_}_shape" bpmnElement="{id_}"'
            + (' isMarkerVisible="true">' if tag == "exclusiveGateway" else ">")
            + f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/></bpmndi:BPMNShape>'
            for id_, (tag, _, x, y, (width, height)) in self.vertices.items()
        ]

    def _edges(self) -> list[str]:
        lines = []
        for i, (_, _, _, points) in enumerate(self.arrows, 1):
            ways = "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in points)
            lines.append(f'      <bpmndi:BPMNEdge id="flow_{i}_edge" bpmnElement="flow_{i}">{ways}</bpmndi:BPMNEdge>')
        return lines

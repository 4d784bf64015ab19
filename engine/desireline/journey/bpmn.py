"""Process trees written as BPMN 2.0, with a diagram: blocks side by side, one above the other, or looping back."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
SHAPES = "http://www.omg.org/spec/DD/20100524/DC"
LINES = "http://www.omg.org/spec/DD/20100524/DI"
SIZES: dict[str, tuple[int, int]] = {"task": (130, 70), "startEvent": (36, 36), "endEvent": (36, 36)}
GATEWAY = (50, 50)
GAP = 40
SILENT_HEIGHT = 30


@dataclass(frozen=True, slots=True)
class Leaf:
    """An activity; None is a step that does nothing."""

    label: str | None


@dataclass(frozen=True, slots=True)
class Node:
    """A block: sequence, xor, parallel or loop (do, then again) of its children."""

    operator: str
    children: tuple["Node | Leaf", ...]


@dataclass(slots=True)
class _Shape:
    kind: str
    name: str
    x: float
    y: float

    @property
    def size(self) -> tuple[int, int]:
        return SIZES.get(self.kind, GATEWAY)

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.size[0] / 2, self.y + self.size[1] / 2


@dataclass(slots=True)
class _Drawing:
    """Shapes by id, and flows as (source, target, height at which a flow passes where it avoids a block)."""

    shapes: dict[str, _Shape] = field(default_factory=dict)
    flows: list[tuple[str, str, float | None]] = field(default_factory=list)

    def add(self, kind: str, x: float, middle: float, name: str = "") -> str:
        identity = f"{kind}_{len(self.shapes) + 1}"
        shape = _Shape(kind, name, x, 0)
        shape.y = middle - shape.size[1] / 2
        self.shapes[identity] = shape
        return identity

    def connect(self, source: str, target: str, height: float | None = None) -> None:
        if not any(flow[:2] == (source, target) for flow in self.flows):
            self.flows.append((source, target, height))


def write_bpmn(tree: Node | Leaf, path: str | Path) -> None:
    """Write a process tree as BPMN 2.0; equal trees give equal bytes."""
    drawing = _Drawing()
    _, above, _ = _measure(tree)
    middle = above + GAP
    start = drawing.add("startEvent", GAP, middle)
    last, x = _draw(tree, drawing, start, GAP * 2 + 36, middle)
    end = drawing.add("endEvent", x, middle)
    drawing.connect(last, end)
    root = _xml(drawing)
    ElementTree.indent(root)
    Path(path).write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _measure(tree: Node | Leaf) -> tuple[float, float, float]:
    """Return the width of a block and how far it reaches above and below its line."""
    if isinstance(tree, Leaf):
        if tree.label is None:
            return 0, SILENT_HEIGHT / 2, SILENT_HEIGHT / 2
        task, height = SIZES["task"]
        return task + GAP, height / 2, height / 2
    parts = [_measure(child) for child in tree.children]
    if tree.operator == "sequence":
        return sum(part[0] for part in parts), max(part[1] for part in parts), max(part[2] for part in parts)
    width = max(part[0] for part in parts) + 2 * (GATEWAY[0] + GAP)
    heights = [above + below for _, above, below in parts]
    if tree.operator == "loop":
        return width, parts[0][1], parts[0][2] + sum(heights[1:]) + GAP / 2 * len(heights[1:])
    total = sum(heights) + GAP / 2 * (len(heights) - 1)
    return width, max(total / 2, GATEWAY[1] / 2), max(total / 2, GATEWAY[1] / 2)


def _draw(tree: Node | Leaf, drawing: _Drawing, previous: str, x: float, middle: float) -> tuple[str, float]:
    """Draw a block after the shape `previous`; return its last shape and the x where the next block may begin."""
    if isinstance(tree, Leaf):
        if tree.label is None:
            return previous, x
        task = drawing.add("task", x, middle, tree.label)
        drawing.connect(previous, task)
        return task, x + SIZES["task"][0] + GAP
    if tree.operator == "sequence":
        for child in tree.children:
            previous, x = _draw(child, drawing, previous, x, middle)
        return previous, x
    return (
        _draw_loop(tree, drawing, previous, x, middle)
        if tree.operator == "loop"
        else _draw_split(tree, drawing, previous, x, middle)
    )


def _draw_split(tree: Node, drawing: _Drawing, previous: str, x: float, middle: float) -> tuple[str, float]:
    kind = {"xor": "exclusiveGateway", "parallel": "parallelGateway"}.get(tree.operator, "inclusiveGateway")
    width, above, _ = _measure(tree)
    split = drawing.add(kind, x, middle)
    join = drawing.add(kind, x + width - GATEWAY[0] - GAP, middle)
    drawing.connect(previous, split)
    top = middle - above
    for child in tree.children:
        _, upper, lower = _measure(child)
        last, _ = _draw(child, drawing, split, x + GATEWAY[0] + GAP, top + upper)
        drawing.connect(last, join, top + upper if last == split else None)
        top += upper + lower + GAP / 2
    return join, x + width


def _draw_loop(tree: Node, drawing: _Drawing, previous: str, x: float, middle: float) -> tuple[str, float]:
    width, _, _ = _measure(tree)
    do, *again = tree.children
    entry = drawing.add("exclusiveGateway", x, middle)
    leave = drawing.add("exclusiveGateway", x + width - GATEWAY[0] - GAP, middle)
    drawing.connect(previous, entry)
    last, _ = _draw(do, drawing, entry, x + GATEWAY[0] + GAP, middle)
    drawing.connect(last, leave)
    top = middle + _measure(do)[2] + GAP / 2
    for child in again:
        _, upper, lower = _measure(child)
        back = _mirrored(child, drawing, leave, (x, x + width - GAP), top + upper)
        drawing.connect(back, entry, top + upper if back == leave else None)
        top += upper + lower + GAP / 2
    return leave, x + width


def _mirrored(tree: Node | Leaf, drawing: _Drawing, previous: str, between: tuple[float, float], middle: float) -> str:
    """Draw a block from right to left between two x; return its last shape."""
    before = len(drawing.shapes)
    last, _ = _draw(tree, drawing, previous, between[0] + GATEWAY[0] + GAP, middle)
    for shape in list(drawing.shapes.values())[before:]:
        shape.x = between[0] + between[1] - shape.x - shape.size[0]
    return last


def _route(source: _Shape, target: _Shape, height: float | None) -> list[tuple[float, float]]:
    """Return the corners of a flow: straight, or with one bend at a gateway, or round a block at `height`."""
    (x1, y1), (x2, y2) = source.middle, target.middle
    if height is not None and (height != y1 or height != y2):
        side = 1 if height > y1 else -1
        start, end = y1 + side * source.size[1] / 2, y2 + side * target.size[1] / 2
        return [(x1, start), (x1, height), (x2, height), (x2, end)]
    right = 1 if x2 >= x1 else -1
    leaves, enters = (x1 + right * source.size[0] / 2, y1), (x2 - right * target.size[0] / 2, y2)
    if y1 == y2:
        return [leaves, enters]
    down = 1 if y2 > y1 else -1
    if source.kind.endswith("Gateway"):
        return [(x1, y1 + down * source.size[1] / 2), (x1, y2), enters]
    return [leaves, (x2, y1), (x2, y2 - down * target.size[1] / 2)]


def _xml(drawing: _Drawing) -> ElementTree.Element:
    for prefix, space in (("bpmn", MODEL), ("bpmndi", DIAGRAM), ("dc", SHAPES), ("di", LINES)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element(f"{{{MODEL}}}definitions", {"targetNamespace": "http://bpmn.io/schema/bpmn"})
    process = ElementTree.SubElement(root, f"{{{MODEL}}}process", {"id": "journey", "isExecutable": "false"})
    diagram = ElementTree.SubElement(root, f"{{{DIAGRAM}}}BPMNDiagram", {"id": "diagram"})
    plane = ElementTree.SubElement(diagram, f"{{{DIAGRAM}}}BPMNPlane", {"id": "plane", "bpmnElement": "journey"})
    names = {(source, target): f"flow_{i}" for i, (source, target, _) in enumerate(drawing.flows, 1)}
    for identity, shape in drawing.shapes.items():
        element = ElementTree.SubElement(process, f"{{{MODEL}}}{shape.kind}", {"id": identity, "name": shape.name})
        for (source, target), flow in names.items():
            if target == identity:
                ElementTree.SubElement(element, f"{{{MODEL}}}incoming").text = flow
            if source == identity:
                ElementTree.SubElement(element, f"{{{MODEL}}}outgoing").text = flow
        _shape_xml(plane, identity, shape)
    for source, target, height in drawing.flows:
        flow = names[source, target]
        ends = {"id": flow, "sourceRef": source, "targetRef": target}
        ElementTree.SubElement(process, f"{{{MODEL}}}sequenceFlow", ends)
        edge = ElementTree.SubElement(plane, f"{{{DIAGRAM}}}BPMNEdge", {"id": f"{flow}_di", "bpmnElement": flow})
        for x, y in _route(drawing.shapes[source], drawing.shapes[target], height):
            ElementTree.SubElement(edge, f"{{{LINES}}}waypoint", {"x": f"{x:g}", "y": f"{y:g}"})
    return root


def _shape_xml(plane: ElementTree.Element, identity: str, shape: _Shape) -> None:
    element = ElementTree.SubElement(
        plane, f"{{{DIAGRAM}}}BPMNShape", {"id": f"{identity}_di", "bpmnElement": identity}
    )
    width, height = shape.size
    bounds = {"x": f"{shape.x:g}", "y": f"{shape.y:g}", "width": str(width), "height": str(height)}
    ElementTree.SubElement(element, f"{{{SHAPES}}}Bounds", bounds)

"""Flows drawn as BPMN: nothing overlaps, everything is joined."""

from xml.etree import ElementTree

from desireline.blocks import NOTHING, Flow, drawn, sequence

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
SHAPES = "http://www.omg.org/spec/DD/20100524/DC"


def test_shapes_stand_apart_and_flows_join_them() -> None:
    a, b, c, d, e, f = (Flow(kind="touchpoint", name=name) for name in "ABCDEF")
    choice = Flow(kind="choice", parts=(b, NOTHING, Flow(kind="parallel", parts=(c, d))))
    loops = [Flow(kind="loop", parts=parts) for parts in ((choice, NOTHING), (e, f), (NOTHING, a))]
    root = ElementTree.fromstring(drawn("<A> & B", sequence([a, *loops])).encode())
    boxes = [
        tuple(float(bounds.get(side, "")) for side in ("x", "y", "width", "height"))
        for bounds in root.iter(f"{{{SHAPES}}}Bounds")
    ]
    for i, (x, y, width, height) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        for u, v, w, h in boxes[:i]:
            assert x + width <= u or u + w <= x or y + height <= v or v + h <= y
    shapes = {shape.get("bpmnElement") for shape in root.iter(f"{{{DIAGRAM}}}BPMNShape")}
    flows = list(root.iter(f"{{{MODEL}}}sequenceFlow"))
    assert {flow.get("sourceRef") for flow in flows} | {flow.get("targetRef") for flow in flows} == shapes
    assert len(list(root.iter(f"{{{DIAGRAM}}}BPMNEdge"))) == len(flows)

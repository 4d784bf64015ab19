"""BPMN in and out: what is supported means the same, what is not is refused by id."""

from pathlib import Path

import pytest

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.bpmn import parse, read, write
from desireline.blueprint.graph import blocks
from desireline.blueprint.load import from_written, read_blueprint
from desireline.blueprint.net import net, petri_net
from desireline.blueprint.order import in_flow
from desireline.errors import BlueprintError
from desireline.gap.language import language

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">'
TAIL = "</process></definitions>"


def document(body: str, *arrows: str) -> str:
    flows = "".join(
        f'<sequenceFlow id="f{i}" sourceRef="{a.split(">")[0]}" targetRef="{a.split(">")[1]}"/>'
        for i, a in enumerate(arrows)
    )
    return HEAD + body + flows + TAIL


def blueprint_of(flow: list[object]) -> Blueprint:
    names = "ABCDE"
    return from_written(
        {"blueprint": "B", "stages": ["S"], "touchpoints": {n: {"stage": "S"} for n in names}, "flow": flow}
    )


def problems(text: str) -> str:
    with pytest.raises(BlueprintError) as caught:
        parse(text, "order.bpmn")
    return str(caught.value)


FLOWS = [
    ["A", "B"],
    ["A", {"parallel": ["B", ["C", "D"]]}, "E"],
    [{"choice": {"yes": ["A"], "no": ["B", "C"], "later": []}}],
    [{"choice": ["A", "B"]}],
    [{"optional": ["A"]}, "B"],
    [{"loop": {"do": ["A"], "again": ["B"]}}],
    [{"loop": {"do": ["A"]}}, {"optional": [{"loop": {"do": [{"parallel": ["B", "C"]}], "again": ["D"]}}]}],
    [{"parallel": [{"loop": {"do": ["A"], "again": ["B"]}}, {"choice": {"x": ["C"], "y": [{"optional": ["D"]}]}}]}],
]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_written_as_bpmn_is_read_back_the_same(tmp_path: Path, flow: list[object]) -> None:
    blueprint = blueprint_of(flow)
    assert read(write(blueprint, tmp_path / "b.bpmn")) == blueprint.flow


@pytest.mark.parametrize("flow", FLOWS)
def test_pm4py_reads_what_is_written_as_a_net_with_the_same_language(tmp_path: Path, flow: list[object]) -> None:
    from pm4py.algo.simulation.playout.petri_net import algorithm as playout
    from pm4py.objects.bpmn.importer import importer
    from pm4py.objects.conversion.bpmn import converter

    blueprint = blueprint_of(flow)
    theirs = converter.apply(importer.apply(str(write(blueprint, tmp_path / "b.bpmn"))))

    def words(triple: tuple[object, object, object]) -> set[tuple[str, ...]]:
        options = {"maxTraceLength": 4}
        log = playout.apply(*triple, variant=playout.Variants.EXTENSIVE, parameters=options)
        return {tuple(event["concept:name"] for event in trace) for trace in log}

    assert words(theirs) == words(petri_net(blueprint))


def test_writing_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    blueprint = blueprint_of(FLOWS[-1])
    first = write(blueprint, tmp_path / "1.bpmn").read_bytes()
    assert first == write(blueprint, tmp_path / "2.bpmn").read_bytes()


@pytest.mark.parametrize(
    ("element", "tag"),
    [
        ('<subProcess id="sub1"/>', "subProcess"),
        ('<boundaryEvent id="late" attachedToRef="A"/>', "boundaryEvent"),
        ('<inclusiveGateway id="or1"/>', "inclusiveGateway"),
        ('<eventBasedGateway id="ev1"/>', "eventBasedGateway"),
        ('<intermediateCatchEvent id="wait1"/>', "intermediateCatchEvent"),
        ('<callActivity id="call1"/>', "callActivity"),
    ],
)
def test_elements_outside_the_subset_are_refused_by_id(element: str, tag: str) -> None:
    body = '<startEvent id="s"/><task id="A" name="A"/><endEvent id="e"/>' + element
    told = problems(document(body, "s>A", "A>e"))
    assert tag in told
    assert element.split('"')[1] in told


@pytest.mark.parametrize(
    ("body", "arrows", "says"),
    [
        ('<startEvent id="s"/><task id="A" name="A"/>', ["s>A"], "0 end events"),
        (
            '<startEvent id="s"/><startEvent id="s2"/><task id="A" name="A"/><endEvent id="e"/>',
            ["s>A", "s2>A", "A>e"],
            "2 start events (s, s2)",
        ),
        ('<startEvent id="s"/><task id="A" name=""/><endEvent id="e"/>', ["s>A", "A>e"], 'task "A" has no name'),
        (
            '<startEvent id="s"/><task id="A" name="A"/><task id="B" name="B"/><endEvent id="e"/>',
            ["s>A", "A>e"],
            '"B" has no arrow into it',
        ),
        ('<startEvent id="s"/><endEvent id="e"/>', ["s>x", "s>e"], "leads from or to nothing"),
        (
            '<startEvent id="s"/><task id="A" name="A"/><task id="B" name="B"/><endEvent id="e"/>',
            ["s>A", "A>B", "A>e", "B>e"],
            '2 arrows leave the task "A"',
        ),
        (
            '<startEvent id="s"/><exclusiveGateway id="x"/><task id="A" name="A"/><task id="B" name="B"/>'
            '<parallelGateway id="y"/><endEvent id="e"/>',
            ["s>x", "x>A", "x>B", "A>y", "B>y", "y>e"],
            "can get stuck",
        ),
        (
            '<startEvent id="s"/><parallelGateway id="x"/><task id="A" name="A"/><task id="B" name="B"/>'
            '<exclusiveGateway id="y"/><endEvent id="e"/>',
            ["s>x", "x>A", "x>B", "A>y", "B>y", "y>e"],
            "not sound",
        ),
    ],
)
def test_what_is_misdrawn_is_named(body: str, arrows: list[str], says: str) -> None:
    assert says in problems(document(body, *arrows))


def test_a_document_type_declaration_and_broken_xml_are_refused() -> None:
    assert "document type" in problems('<!DOCTYPE x [<!ENTITY a "b">]>' + document(""))
    assert "not XML" in problems(HEAD)
    assert "0 processes" in problems('<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>')


TANGLED = document(
    '<startEvent id="s"/><parallelGateway id="f"/><task id="A" name="A"/><parallelGateway id="g"/>'
    '<task id="B" name="B"/><task id="C" name="C"/><task id="D" name="D"/><parallelGateway id="h"/>'
    '<parallelGateway id="j"/><endEvent id="e"/>',
    "s>f", "f>A", "f>B", "A>g", "g>C", "g>h", "B>h", "h>D", "C>j", "D>j", "j>e",
)  # fmt: skip


def test_a_sound_flow_that_is_not_made_of_blocks_is_kept_as_bpmn(tmp_path: Path) -> None:
    (tmp_path / "order.bpmn").write_text(TANGLED, encoding="utf-8")
    text = "blueprint: B\nstages: [S]\ntouchpoints: {A: {stage: S}, B: {stage: S}, C: {stage: S}, D: {stage: S}}\n"
    (tmp_path / "b.yaml").write_text(text + "flow: {bpmn: order.bpmn}\n", encoding="utf-8")
    blueprint = read_blueprint(tmp_path / "b.yaml")
    assert blueprint.flow is None
    assert in_flow(blueprint) == ["A", "B", "C", "D"]
    assert from_written(blueprint.written) == blueprint
    automaton = language(net(blueprint), ["A", "B", "C", "D"])
    assert automaton is not None
    assert automaton.to_end[0] == 4


def test_a_blueprint_with_bpmn_made_of_blocks_carries_the_blocks(tmp_path: Path) -> None:
    blueprint = blueprint_of(["A", {"choice": {"yes": ["B"], "no": ["C"]}}, "D", "E"])
    write(blueprint, tmp_path / "order.bpmn")
    text = "blueprint: B\nstages: [S]\ntouchpoints:\n" + "".join(f"  {n}: {{stage: S}}\n" for n in "ABCDE")
    (tmp_path / "b.yaml").write_text(text + "flow: {bpmn: order.bpmn}\n", encoding="utf-8")
    assert read_blueprint(tmp_path / "b.yaml") == blueprint


def test_tasks_of_a_bpmn_file_must_be_touchpoints(tmp_path: Path) -> None:
    write(blueprint_of(["A", "B"]), tmp_path / "order.bpmn")
    text = "blueprint: B\nstages: [S]\ntouchpoints: {A: {stage: S}}\nflow: {bpmn: order.bpmn}\n"
    (tmp_path / "b.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BlueprintError, match='the task "B" is not among the touchpoints'):
        read_blueprint(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").write_text(text.replace("order.bpmn", "other.bpmn"), encoding="utf-8")
    with pytest.raises(BlueprintError, match=r"cannot be read.*blueprint's folder"):
        read_blueprint(tmp_path / "b.yaml")


def test_several_arrows_may_lead_to_a_task_and_a_gateway_may_loop_on_itself() -> None:
    body = '<startEvent id="s"/><task id="A" name="A"/><exclusiveGateway id="x"/><endEvent id="e"/>'
    assert blocks(parse(document(body, "s>A", "A>x", "x>A", "x>e"), "b")) == Flow(
        kind="loop", parts=(Flow(kind="touchpoint", name="A"), Flow(kind="sequence"))
    )
    assert blocks(parse(document(body, "s>x", "x>A", "A>x", "x>e"), "b")) == Flow(
        kind="optional",
        parts=(Flow(kind="loop", parts=(Flow(kind="touchpoint", name="A"), Flow(kind="sequence"))),),
    )

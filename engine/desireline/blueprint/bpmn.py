"""Blueprints' flows from BPMN 2.0 files and to them: a linted subset, refused by id where it ends."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

from desireline.blocks import Flow, drawn
from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.graph import Arrow, Graph, Kind, Vertex, blocks, graph_net, unsound
from desireline.errors import BlueprintError, Problem, nearest
from desireline.files import MAX_BYTES, Document
from desireline.folders import write_whole

NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"
MAX_DEPTH = 60

VERTICES: dict[str, Kind] = {
    "startEvent": "start",
    "endEvent": "end",
    "exclusiveGateway": "exclusive",
    "parallelGateway": "parallel",
    **dict.fromkeys(
        ("task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"),
        "task",
    ),
}
REFUSED = {
    "subProcess", "adHocSubProcess", "transaction", "callActivity", "boundaryEvent", "intermediateCatchEvent",
    "intermediateThrowEvent", "implicitThrowEvent", "inclusiveGateway", "complexGateway", "eventBasedGateway",
    "standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "terminateEventDefinition",
    "errorEventDefinition", "escalationEventDefinition", "cancelEventDefinition", "compensateEventDefinition",
    "choreographyTask", "subChoreography", "callChoreography",
}  # fmt: skip
SUBSET = "tasks, exclusive and parallel gateways, one start and one end"


@dataclass(frozen=True, slots=True)
class _Element:
    tag: str
    attributes: dict[str, str]
    line: int
    parent: dict[str, str]


def read(path: str | Path) -> Flow | None:
    """Return the flow in the BPMN file at `path`; None where it is sound but not made of nested blocks.

    Raises
    ------
    BlueprintError
        If it is not BPMN, leaves the supported subset, or is not sound; with every element at fault by its id.
    """
    return blocks(parse(_text(path), str(path)))


def flow_of_document(document: Document, touchpoints: Collection[str]) -> tuple[Flow | None, str | None, list[Problem]]:
    """Return the blocks, or the BPMN text where there are none, of a blueprint with `flow: {bpmn: FILE}`."""
    written = document.data["flow"]
    unknown = [key for key in written if key not in ("bpmn", "text")]
    problems = [document.problem(("flow", k), f'unknown key "{k}"', help=nearest(k, ["bpmn"])) for k in unknown]
    file = Path(document.file).parent / str(written["bpmn"])
    try:
        text = written["text"] if isinstance(written.get("text"), str) else _text(file)
        graph = parse(text, str(file))
    except BlueprintError as fault:
        return None, None, [*problems, *fault.problems]
    for vertex in graph.vertices.values():
        if vertex.kind == "task" and vertex.name not in touchpoints:
            found = f'the task "{vertex.name}" is not among the touchpoints'
            help = nearest(vertex.name, touchpoints)
            problems.append(Problem(where=str(file), line=vertex.line, found=found, help=help))
    flow = blocks(graph)
    return flow, None if flow else text, problems


def _text(path: str | Path) -> str:
    try:
        raw = Path(path).read_bytes()
    except OSError as fault:
        found = f"the file cannot be read ({fault.strerror})"
        raise BlueprintError(found, where=str(path), help="The path is taken from the blueprint's folder.") from None
    if len(raw) > MAX_BYTES:
        raise BlueprintError(f"the file has {len(raw):,} bytes", where=str(path), expected=f"at most {MAX_BYTES:,}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BlueprintError("the file is not UTF-8", where=str(path), help="Save it as UTF-8.") from None


def parse(text: str, file: str) -> Graph:
    """Return the graph in the BPMN `text`; `file` is named in errors. Raises BlueprintError as `read` does."""
    elements = _elements(text, file)
    problems = list(_outside_the_subset(elements, file))
    if problems:
        raise BlueprintError(problems=problems)
    graph = _graph(elements)
    problems = list(_misdrawn(graph, elements, file))
    if not problems:
        fault = unsound(graph_net(graph, set()))
        problems = [Problem(where=file, found=f"the flow is not sound: {fault}", expected=SUBSET)] if fault else []
    if problems:
        raise BlueprintError(problems=problems)
    return graph


def _elements(text: str, file: str) -> list[_Element]:
    """Return the BPMN elements of `text`, without what extensions hold; refuses DTDs and depth."""
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[_Element] = []
    stack: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        inside_extension = any(above == "extensionElements" for above, _ in stack)
        if space == NAMESPACE and not inside_extension:
            found.append(_Element(tag, attributes, parser.CurrentLineNumber, stack[-1][1] if stack else {}))
        stack.append((tag, attributes))
        if len(stack) > MAX_DEPTH:
            raise BlueprintError(f"elements nested deeper than {MAX_DEPTH}", where=file)

    def no_doctype(*_: Any) -> None:
        raise BlueprintError("a document type declaration", where=file, expected="BPMN without one")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.StartDoctypeDeclHandler = no_doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as fault:
        message = f"not XML: {expat.errors.messages[fault.code]}"
        raise BlueprintError(problems=[Problem(where=file, line=fault.lineno, found=message)]) from None
    return found


def _outside_the_subset(elements: list[_Element], file: str) -> Iterator[Problem]:
    processes = [e for e in elements if e.tag == "process"]
    if len(processes) != 1:
        yield Problem(where=file, found=f"{len(processes)} processes", expected="BPMN 2.0 with one process")
    for element in elements:
        if element.tag in REFUSED:
            owner = element.attributes.get("id") or element.parent.get("id", "")
            found = f'the element "{owner}" is or has a {element.tag}, which a blueprint cannot express'
            yield Problem(where=file, line=element.line, found=found, expected=SUBSET)


def _graph(elements: list[_Element]) -> Graph:
    """Return the vertices and arrows; a task that several arrows lead to gets an exclusive gateway before it."""
    vertices = {
        e.attributes.get("id", f"line {e.line}"): Vertex(
            VERTICES[e.tag], " ".join(e.attributes.get("name", "").split()), e.line
        )
        for e in elements
        if e.tag in VERTICES
    }
    flows = [e.attributes for e in elements if e.tag == "sequenceFlow"]
    arrows = [Arrow(f.get("sourceRef", ""), f.get("targetRef", ""), f.get("name", "").strip()) for f in flows]
    for v in list(vertices):
        vertex = vertices[v]
        if vertex.kind in ("task", "end") and sum(arrow.target == v for arrow in arrows) > 1:
            gateway = f"{v} merge"
            vertices[gateway] = Vertex("exclusive", "", vertex.line)
            arrows = [Arrow(a.source, gateway, a.name) if a.target == v else a for a in arrows]
            arrows.append(Arrow(gateway, v, ""))
    return Graph(vertices, tuple(arrows))


def _misdrawn(graph: Graph, elements: list[_Element], file: str) -> Iterator[Problem]:
    def problem(line: int | None, found: str, expected: str = "") -> Problem:
        return Problem(where=file, line=line, found=found, expected=expected)

    for kind in ("start", "end"):
        ids = [v for v, vertex in graph.vertices.items() if vertex.kind == kind]
        if len(ids) != 1:
            named = f" ({', '.join(ids)})" if ids else ""
            yield problem(None, f"{len(ids)} {kind} events{named}", "one; join several with an exclusive gateway")
    for element in elements:
        ends = [element.attributes.get(key, "") for key in ("sourceRef", "targetRef")]
        if element.tag == "sequenceFlow" and not set(ends) <= set(graph.vertices):
            yield problem(element.line, f'the arrow "{element.attributes.get("id", "")}" leads from or to nothing')
    for v, vertex in graph.vertices.items():
        into, out = len(graph.into(v)), len(graph.out_of(v))
        if vertex.kind == "task" and not vertex.name:
            yield problem(vertex.line, f'the task "{v}" has no name', "the name of a touchpoint")
        if vertex.kind == "task" and out > 1:
            yield problem(vertex.line, f'{out} arrows leave the task "{v}"', "one; put a gateway behind it")
        if (not into and vertex.kind != "start") or (not out and vertex.kind != "end"):
            yield problem(vertex.line, f'"{v}" has no arrow {"out of" if into else "into"} it', SUBSET)
        if (into and vertex.kind == "start") or (out and vertex.kind == "end"):
            yield problem(
                vertex.line, f'an arrow leads {"into" if into and vertex.kind == "start" else "out of"} "{v}"'
            )


def write(blueprint: Blueprint, path: str | Path) -> Path:
    """Write the flow of `blueprint` as BPMN 2.0 with a drawing; return the path."""
    text = blueprint.bpmn if blueprint.flow is None else drawn(blueprint.name, blueprint.flow)
    return write_whole(path, text or "")

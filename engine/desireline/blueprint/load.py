"""Blueprints from files and from what a model carries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint, BlueprintPool, Promise, Touchpoint
from desireline.blueprint.flow import FlowReader, as_written
from desireline.blueprint.names import name_problems
from desireline.blueprint.schema import BlueprintFile, PromiseFile, TouchpointFile
from desireline.errors import BlueprintError, Problem
from desireline.files import Document, read_document, validate


def read_blueprint(path: str | Path) -> Blueprint:
    """Return the blueprint in the YAML file at `path`.

    Raises
    ------
    BlueprintError
        With every problem of the file, each with its line and, for an unknown name, the nearest known one.
    """
    return load(read_document(path, BlueprintError))


def from_written(written: Mapping[str, Any]) -> Blueprint:
    """Return the blueprint that `written` (a blueprint's `written`) describes.

    Raises
    ------
    BlueprintError
        If it is not a blueprint.
    """
    return load(Document(file="blueprint", data=dict(written), lines={}))


def load(document: Document) -> Blueprint:
    """Return the blueprint in `document`; raise BlueprintError with all its problems."""
    problems: list[Problem] = []
    file = None
    try:
        file = validate(document, BlueprintFile, BlueprintError)
    except BlueprintError as fault:
        problems += fault.problems
    if not isinstance(document.data, dict):
        raise BlueprintError(problems=problems)
    problems += name_problems(document)
    flow, bpmn, wrong = _flow(document)
    problems += wrong
    if problems or file is None:
        raise BlueprintError(problems=sorted(dict.fromkeys(problems), key=lambda p: p.line or 0))
    return _blueprint(document, file, flow, bpmn)


def _flow(document: Document) -> tuple[Flow | None, str | None, list[Problem]]:
    """Return the blocks of the flow, the BPMN text where it is not made of blocks, and the problems."""
    touchpoints = document.data.get("touchpoints")
    names = list(touchpoints) if isinstance(touchpoints, dict) else []
    written = document.data.get("flow")
    if isinstance(written, dict) and "bpmn" in written:
        from desireline.blueprint.bpmn import flow_of_document

        return flow_of_document(document, names)
    if written is None and "flow" not in document.data:
        return None, None, []
    if not isinstance(written, list) or not written:
        expected = "a list of steps, or {bpmn: FILE}"
        return None, None, [document.problem(("flow",), "a flow that is empty or of another shape", expected)]
    reader = FlowReader(document, names)
    return reader.read(written, ("flow",)), None, reader.problems


def _blueprint(document: Document, file: BlueprintFile, flow: Flow | None, bpmn: str | None) -> Blueprint:
    written = dict(document.data)
    if isinstance(written["flow"], dict):
        written["flow"] = as_written(flow) if flow else {"bpmn": str(written["flow"]["bpmn"]), "text": bpmn}
    pools = {n: BlueprintPool(cost=p.cost, capacity=p.capacity, shifts=p.calendar) for n, p in file.pools.items()}
    return Blueprint(
        name=file.blueprint,
        case=file.case,
        currency=file.currency,
        timezone=file.timezone,
        stages=tuple(file.stages),
        pools=pools,
        touchpoints={name: _touchpoint(name, t) for name, t in file.touchpoints.items()},
        flow=flow,
        bpmn=bpmn,
        promises={name: _promise(name, p) for name, p in file.promises.items()},
        written=written,
    )


def _touchpoint(name: str, file: TouchpointFile) -> Touchpoint:
    return Touchpoint(
        name=name,
        stage=file.stage,
        activities=tuple(dict.fromkeys((name, *file.activities))),
        owner=file.owner,
        pool=file.pool,
        channel=tuple(file.channel),
        layer=file.layer,
        operated_by=file.operated_by,
        moment_of_truth=file.moment_of_truth,
        observed=file.observed,
        failure=file.failure,
        self_service=file.self_service,
        repeats=tuple(file.repeats),
        failed=tuple(file.failed),
        promise_wait=file.promise.wait,
        promise_cycle=file.promise.cycle,
        cost=file.cost,
    )


def _promise(name: str, file: PromiseFile) -> Promise:
    target = file.target
    return Promise(
        name=name,
        start=file.from_,
        end=file.to,
        target=target if isinstance(target, int) else None,
        attribute=None if isinstance(target, int) else target.attribute,
        early=file.early,
        channel=file.channel,
    )

"""The files people write: what each is for, its schema, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from desireline.errors import DesirelineError, nearest


@dataclass(frozen=True, slots=True)
class Schema:
    """A kind of file: `about` for people, `schema` returns its JSON Schema."""

    about: str
    schema: Callable[[], dict[str, Any]]


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of the kind of file `name`; raise DesirelineError naming those known."""
    if name not in SCHEMAS:
        raise DesirelineError(
            f'no schema "{name}"', where="schema", expected=" or ".join(SCHEMAS), help=nearest(name, SCHEMAS)
        )
    schema = SCHEMAS[name].schema()
    title = f"Desireline {name}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _source() -> dict[str, Any]:
    from desireline.log.source import Source

    return Source.model_json_schema(by_alias=True)


def _blueprint() -> dict[str, Any]:
    from desireline.blueprint.schema import json_schema

    return json_schema()


def _scenario() -> dict[str, Any]:
    from desireline.scenario.changes import ScenarioFile

    return ScenarioFile.model_json_schema(by_alias=True)


def _study() -> dict[str, Any]:
    from desireline.study.schema import StudyFile

    return StudyFile.model_json_schema(by_alias=True)


SCHEMAS = {
    "source": Schema("where a log lies and what its columns mean", _source),
    "blueprint": Schema("the intended journey: stages, touchpoints, flow, promises", _blueprint),
    "scenario": Schema("changes to a model", _scenario),
    "study": Schema("scenarios, factors and measures of a batch what-if", _study),
}

"""Files people write: YAML read strictly, checked against a schema, every problem with its line.

YAML 1.2 scalars (`no` and `22:00` stay text); duplicate keys, aliases and tags are refused; size and depth are bounded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from desireline.errors import DesirelineError, Problem, nearest

MAX_BYTES = 4_000_000
MAX_DEPTH = 40
LONGEST_SHOWN = 80

Path_ = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_PLAIN_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in _PLAIN_KINDS}


class Written(BaseModel):
    """Base of the schemas of files people write: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as plain data, with the line each value stands on.

    `lines` maps a path of keys and indexes to a line that counts from 1.
    """

    file: str
    data: Any
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path_, found: str, expected: str = "", help: str = "") -> Problem:
        return Problem(where=self.file, line=self.line(path), found=found, expected=expected, help=help)


def read_document(path: str | Path, error: type[DesirelineError]) -> Document:
    """Return the YAML file at `path` as plain data with lines.

    Raises
    ------
    error
        If the file is missing, too large, not UTF-8, not YAML, or uses what we refuse.
    """
    file = str(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as fault:
        raise error(
            f"the file cannot be read ({fault.strerror})", where=file, help="Check the path and its rights."
        ) from None
    if len(raw) > MAX_BYTES:
        raise error(f"the file has {len(raw):,} bytes", where=file, expected=f"at most {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(
            f"byte {fault.start} is not UTF-8", where=file, expected="UTF-8 text", help="Save the file as UTF-8."
        ) from None
    return parse_document(text, file, error)


def parse_document(text: str, file: str, error: type[DesirelineError]) -> Document:
    """Return `text` as plain data with lines; `file` is named in errors, which are raised as `read_document` does."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        line = (fault.problem_mark.line + 1) if fault.problem_mark else None
        found = f"not YAML: {fault.problem or fault.context}"
        raise error(
            problems=[Problem(where=file, line=line, found=found, help="Check indentation, colons and quotes.")]
        ) from None
    except yaml.YAMLError as fault:
        raise error(f"not YAML: {str(fault).splitlines()[0]}", where=file) from None
    except RecursionError:
        raise error(f"nested deeper than {MAX_DEPTH}", where=file, expected="a flatter file") from None
    if root is None:
        raise error("the file is empty", where=file, expected="a mapping of keys")
    reader = _Reader(file)
    data = reader.value(root, (), 0)
    if reader.problems:
        raise error(problems=reader.problems)
    return Document(file=file, data=data, lines=reader.lines)


class _Reader:
    """Turns YAML nodes into plain data, noting lines and what we refuse."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self.seen: set[int] = set()

    def refuse(self, node: yaml.Node, found: str, expected: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(where=self.file, line=line, found=found, expected=expected))

    def value(self, node: yaml.Node, path: Path_, depth: int) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if depth > MAX_DEPTH:
            self.refuse(node, f"nested deeper than {MAX_DEPTH}", "a flatter file")
            return None
        if id(node) in self.seen:
            self.refuse(node, "an alias (*name)", "the text itself, written out")
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if node.tag not in ("tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
            self.refuse(node, f'a tag "{node.tag}"', "plain values")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self.mapping(node, path, depth)

    def mapping(self, node: yaml.MappingNode, path: Path_, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, "a key that is a list or a mapping", "a key that is text")
                continue
            key = key_node.value
            if key in result:
                self.refuse(key_node, f'the key "{key}" a second time', "each key once")
                continue
            result[key] = self.value(value_node, (*path, key), depth + 1)
            self.lines[(*path, key)] = key_node.start_mark.line + 1
        return result

    def scalar(self, node: yaml.ScalarNode) -> Any:
        text = node.value
        if node.tag not in _PLAIN:
            self.refuse(node, f'a tag "{node.tag}"', "plain values")
            return None
        if node.style is not None:
            return text
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return text.lower() == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def validate(document: Document, schema: type[ModelT], error: type[DesirelineError]) -> ModelT:
    """Return `document` as an instance of `schema`.

    Raises
    ------
    error
        With one problem for each thing that does not fit, each with its line.
    """
    value, problems = validate_part(document, (), schema)
    if value is None:
        raise error(problems=problems)
    return value


def validate_part(document: Document, at: Path_, schema: type[ModelT]) -> tuple[ModelT | None, list[Problem]]:
    """Return what stands at the path `at` of `document` as an instance of `schema`, or None and all that is wrong."""
    data = document.data
    for step in at:
        data = data[step]
    try:
        return schema.model_validate(data), []
    except ValidationError as fault:
        problems = [_problem(document, schema, dict(item), at) for item in fault.errors(include_url=False)]
        return None, list(dict.fromkeys(problems))


def _problem(document: Document, schema: type[BaseModel], item: dict[str, Any], at: Path_) -> Problem:
    path: Path_ = (*at, *item["loc"])
    while path and path not in document.lines and item["type"] != "missing":
        path = path[:-1]
    name = str(item["loc"][-1]) if item["loc"] else "the file"
    if item["type"] == "extra_forbidden":
        known = _known_keys(schema, item["loc"][:-1])
        return document.problem(path, f'unknown key "{name}"', help=nearest(name, known) if known else "")
    if item["type"] == "missing":
        return document.problem(path, f'no "{name}"', "this key to be given")
    found = f'"{_short(item["input"])}"' if isinstance(item["input"], (str, int, float)) else "a value of another shape"
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if item["type"] in ("model_type", "dict_type"):
        message = "a mapping of keys"
    if item["type"] == "value_error" and not item["loc"]:
        return document.problem(path, message)
    return document.problem(path, f"{name}: {found}", message)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _known_keys(schema: type[BaseModel], path: Path_) -> list[str]:
    """Return the keys that `schema` knows at `path`; empty where the schema is a free mapping or a union."""
    definitions = schema.model_json_schema(by_alias=True)
    place: dict[str, Any] = definitions
    for step in path:
        place = _follow(place, definitions)
        if "properties" in place and step in place["properties"]:
            place = place["properties"][step]
        elif isinstance(place.get("additionalProperties"), dict):
            place = place["additionalProperties"]
        elif "items" in place:
            place = place["items"]
        else:
            return []
    return list(_follow(place, definitions).get("properties", {}))


def _follow(place: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for option in place.get("anyOf", ()):
        if "$ref" in option:
            place = option
    while "$ref" in place:
        place = definitions["$defs"][place["$ref"].rsplit("/", 1)[1]]
    return place

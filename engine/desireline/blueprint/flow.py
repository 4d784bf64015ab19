"""The flow as people write it: nested steps read into blocks, and blocks written as steps."""

from collections.abc import Collection
from typing import Any

from desireline.blocks import NOTHING, Flow, sequence
from desireline.errors import Problem, nearest
from desireline.files import Document, Path_

STEPS = ("parallel", "choice", "optional", "loop")
FORM = "a touchpoint, a list of steps, or one of parallel, choice, optional, loop"


class FlowReader:
    """Reads steps into a `Flow`, gathering every problem with its line in `problems`."""

    def __init__(self, document: Document, touchpoints: Collection[str]) -> None:
        self.document = document
        self.touchpoints = touchpoints
        self.problems: list[Problem] = []

    def read(self, value: Any, path: Path_) -> Flow:
        """Return the block in `value`, which stands at `path` of the document."""
        if isinstance(value, list):
            return sequence([self.read(item, (*path, i)) for i, item in enumerate(value)])
        if isinstance(value, dict):
            return self._block(value, path)
        return self._touchpoint(value, path)

    def _wrong(self, path: Path_, found: str, expected: str = "", help: str = "") -> Flow:
        self.problems.append(self.document.problem(path, found, expected, help))
        return NOTHING

    def _touchpoint(self, value: Any, path: Path_) -> Flow:
        if not isinstance(value, (str, int, float)) or value == "":
            return self._wrong(path, "an empty step in the flow", FORM)
        name = str(value)
        if name not in self.touchpoints:
            found = f'the flow names "{name}", which is not among the touchpoints'
            return self._wrong(path, found, help=nearest(name, self.touchpoints))
        return Flow(kind="touchpoint", name=name)

    def _block(self, value: dict[str, Any], path: Path_) -> Flow:
        if len(value) != 1:
            found = f"a step with {len(value)} keys" if value else "an empty step in the flow"
            return self._wrong(path, found, "one key for each step", "Start each step with its own dash.")
        [(key, inner)] = value.items()
        inside = (*path, key)
        if key == "parallel":
            return self._parallel(inner, inside)
        if key == "choice":
            return self._choice(inner, inside)
        if key == "optional":
            return self._optional(inner, inside)
        if key == "loop":
            return self._loop(inner, inside)
        return self._wrong(inside, f'unknown step "{key}"', FORM, nearest(key, STEPS))

    def _parallel(self, inner: Any, path: Path_) -> Flow:
        if not isinstance(inner, list) or not inner:
            return self._wrong(path, "parallel without branches", "a list of at least one branch")
        parts = tuple(self.read(item, (*path, i)) for i, item in enumerate(inner))
        return parts[0] if len(parts) == 1 else Flow(kind="parallel", parts=parts)

    def _choice(self, inner: Any, path: Path_) -> Flow:
        if not isinstance(inner, (dict, list)) or not inner:
            return self._wrong(path, "choice without branches", "at least one named branch")
        named = inner.items() if isinstance(inner, dict) else enumerate(inner)
        branches = {key: NOTHING if part is None else self.read(part, (*path, key)) for key, part in named}
        names = tuple(branches) if isinstance(inner, dict) else ()
        return Flow(kind="choice", parts=tuple(branches.values()), names=tuple(map(str, names)))

    def _optional(self, inner: Any, path: Path_) -> Flow:
        if inner is None or inner in ([], {}):
            return self._wrong(path, "optional without a step", "at least one step")
        return Flow(kind="optional", parts=(self.read(inner, path),))

    def _loop(self, inner: Any, path: Path_) -> Flow:
        if not isinstance(inner, dict) or inner.get("do") in (None, [], {}):
            return self._wrong(path, 'loop without "do"', "loop: {do: [...], again: [...]}")
        for key in set(inner) - {"do", "again"}:
            self._wrong((*path, key), f'unknown key "{key}" in a loop', help=nearest(key, ("do", "again")))
        again = inner.get("again")
        repeat = NOTHING if again is None else self.read(again, (*path, "again"))
        return Flow(kind="loop", parts=(self.read(inner["do"], (*path, "do")), repeat))


def touchpoints_of(flow: Flow) -> list[str]:
    """Return the touchpoints of `flow`, each once, in the order in which they first stand there."""
    if flow.kind == "touchpoint":
        return [flow.name]
    return list(dict.fromkeys(name for part in flow.parts for name in touchpoints_of(part)))


def as_written(flow: Flow) -> list[Any]:
    """Return `flow` as the steps people write."""
    if flow.kind == "sequence":
        return [step for part in flow.parts for step in as_written(part)]
    if flow.kind == "touchpoint":
        return [flow.name]
    parts = [as_written(part) for part in flow.parts]
    if flow.kind == "loop":
        return [{"loop": {"do": parts[0]} | ({"again": parts[1]} if parts[1] else {})}]
    if flow.kind == "optional":
        return [{"optional": parts[0]}]
    if flow.kind == "choice" and flow.names:
        return [{"choice": dict(zip(flow.names, parts, strict=True))}]
    return [{flow.kind: [part[0] if len(part) == 1 else part for part in parts]}]

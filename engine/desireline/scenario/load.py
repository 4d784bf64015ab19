"""Scenarios read from files, and lists of changes read from within other files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desireline.errors import Problem, ScenarioError, nearest
from desireline.files import Document, Path_, read_document, validate_part
from desireline.scenario.changes import KINDS, Cost, ScenarioFrame
from desireline.scenario.fields import Change
from desireline.scenario.treatment import EVIDENCE, Evidence, TreatChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A change and where it was written."""

    change: Change
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named list of changes, made in order; `ready` in microseconds."""

    name: str
    changes: tuple[Placed, ...]
    cost: Cost | None = None
    owner: str | None = None
    ready: int | None = None

    @property
    def evidence(self) -> Evidence | None:
        """How the effects of its treatments are known, by the weakest of them; None without treatments."""
        found = [p.change.treat.evidence for p in self.changes if isinstance(p.change, TreatChange)]
        return max(found, key=EVIDENCE.index) if found else None

    def then(self, other: "Scenario") -> "Scenario":
        """Return this scenario followed by `other`."""
        return Scenario(name=f"{self.name} + {other.name}", changes=(*self.changes, *other.changes))


def read_scenario(path: str | Path) -> Scenario:
    """Return the scenario in the file at `path`.

    Raises
    ------
    ScenarioError
        With everything that is wrong in it, each with its line.
    """
    document = read_document(path, ScenarioError)
    frame, problems = validate_part(document, (), ScenarioFrame)
    changes: tuple[Placed, ...] = ()
    if isinstance(document.data, Mapping) and "changes" in document.data:
        changes, more = read_changes(document, ("changes",))
        problems += more
    if frame is None or problems:
        raise ScenarioError(problems=problems)
    return Scenario(name=frame.scenario, changes=changes, cost=frame.cost, owner=frame.owner, ready=frame.ready)


def read_changes(document: Document, at: Path_) -> tuple[tuple[Placed, ...], list[Problem]]:
    """Return the changes listed at the path `at` of `document`, and what is wrong with them."""
    written = document.data
    for step in at:
        written = written[step]
    if not isinstance(written, list) or not written:
        return (), [document.problem(at, "no list of changes", "changes such as [{remove: Credit check}]")]
    changes: list[Placed] = []
    problems: list[Problem] = []
    for i, item in enumerate(written):
        path = (*at, i)
        kind = _kind(document, path, item, problems)
        if kind is not None:
            change, wrong = validate_part(document, path, kind)
            problems += wrong
            if change is not None:
                changes.append(Placed(change=change, file=document.file, line=document.line(path)))
    return tuple(changes), problems


def _kind(document: Document, path: Path_, item: Any, problems: list[Problem]) -> type[Change] | None:
    """Return the class of a written change; None, with the reason in `problems`, where it has none."""
    available = ", ".join(sorted(KINDS))
    if not isinstance(item, Mapping) or not item:
        problems.append(document.problem(path, "no change", "a mapping such as {remove: Credit check}"))
        return None
    for kind, change in KINDS.items():
        if kind in item:
            return change
    first = str(next(iter(item)))
    problems.append(
        document.problem(path, f'no kind of change is called "{first}"', f"one of: {available}", nearest(first, KINDS))
    )
    return None

"""The figures that the documents of a result folder hold, as a period."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desireline.errors import DesirelineError
from desireline.watch.period import REVISION, Figure, Period, digest


def from_documents(folder: Path) -> Period:
    """Return the period of `compare.json` and `discover.json` in a folder.

    Shares are of cases, and their errors those of independent cases.

    Raises
    ------
    DesirelineError
        If the folder holds neither.
    """
    compare, discover, check = (_read(folder / f"{name}.json") for name in ("compare", "discover", "check"))
    if not compare and not discover:
        help = "Run desireline compare LOG --blueprint B -o DIR, or desireline diff LOG -o DIR, first."
        expected = "period.json, compare.json or discover.json"
        raise DesirelineError("no results to compare in this folder", where=str(folder), expected=expected, help=help)
    written = _read(folder / "blueprint.json")
    plan = digest(written) if written else None
    try:
        figures = [*_of_compare(compare, plan), *_of_discover(discover)]
    except (KeyError, TypeError, AttributeError) as fault:
        help = "It may have been made by another version: make it again."
        raise DesirelineError(
            f"a document lacks {fault}", where=str(folder), expected="documents of this version", help=help
        ) from None
    first, last = str(check.get("start", ""))[:10], str(check.get("end", ""))[:10]
    unique = {figure.name: figure for figure in figures}
    return Period(name=folder.name, first=first, last=last, age_us=0, blueprint=plan, figures=tuple(unique.values()))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DesirelineError("this is no JSON document of a command", where=str(path), expected="a mapping")
    return found


def _share(name: str, cases: float, n: int, document: str, plan: str | None, worse: int) -> Figure:
    value = cases / n if n else None
    meaning = {"figure": name, "document": document, "revision": REVISION, "blueprint": plan}
    return Figure(
        name=name,
        unit="share",
        n=n,
        days=n,
        value=value,
        variance=None if value is None else value * (1 - value) / n,
        worse=worse,
        definition=digest(meaning),
    )


def _count(cases: int) -> Figure:
    meaning = {"figure": "cases", "document": "log", "revision": REVISION}
    return Figure(
        name="cases",
        unit="cases",
        n=cases,
        days=0,
        value=float(cases),
        variance=None,
        worse=0,
        definition=digest(meaning),
    )


def _of_compare(found: dict[str, Any], plan: str | None) -> Iterator[Figure]:
    if not found:
        return
    cases = int(found["cases"])
    yield _count(cases)
    yield _share("perfect_cases", found["fitness"]["perfect_cases"], cases, "compare", plan, -1)
    for row in found["deviations"]:
        yield _share(f"{row['touchpoint']}: {row['kind']}", row["cases"], cases, "compare", plan, 1)
    for row in found["promises"]:
        if row["kept"] is not None:
            settled = row["kept"] + row["late"] + row["early"]
            yield _share(f"late ({row['promise']})", row["late"], settled, "compare", plan, 1)


def _of_discover(found: dict[str, Any]) -> Iterator[Figure]:
    if not found:
        return
    cases = int(found["cases"])
    yield _count(cases)
    for row in found["activities"]:
        yield _share(f"{row['activity']}: reached", row["cases"], cases, "discover", None, 0)
        yield _share(f"{row['activity']}: repeated", row["rework_cases"], cases, "discover", None, 1)

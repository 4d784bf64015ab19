"""Where the figures come from: inputs with hashes, rows left out, window, seed, versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from desireline import __version__
from desireline.report.documents import Documents
from desireline.report.words import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Facts as (label, value), problems of the log as (what, count), notes on it, and each document's own inputs."""

    facts: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    inputs: tuple[tuple[str, str, str], ...]


def provenance(documents: Documents) -> Provenance:
    """Return what the documents say about their own making; values of cells are left out, they may name people."""
    check = documents.check
    facts = [*_log_facts(check), *_study_facts(documents.study)]
    for name in ("discover", "compare", "calibrate", "study"):
        facts += [(f"{name}: {_label(k)}", v) for k, v in _simple(getattr(documents, name).get("provenance"))]
    facts += [("Documents", ", ".join(f"{name}.json" for name in documents.present()))]
    versions = documents.manifest.get("versions") or {"desireline": __version__}
    facts += [("Made by", ", ".join(f"{name.capitalize()} {version}" for name, version in versions.items()))]
    return Provenance(
        facts=tuple(facts),
        problems=tuple(
            (row.get("meaning") or row["kind"], count(row.get("count"))) for row in check.get("problems", ())
        ),
        notes=tuple(dict.fromkeys(note for found in (check, documents.discover) for note in found.get("notes") or ())),
        inputs=tuple(_inputs(documents)),
    )


def _log_facts(check: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not check:
        return []
    facts = [("Log", f"{count(check.get('events'))} events, {count(check.get('cases'))} cases")]
    if check.get("file"):
        facts.append(("File", PurePath(str(check["file"]).replace("\\", "/")).name))
    if check.get("start") and check.get("end"):
        facts.append(("Window", f"{_day(check['start'])} to {_day(check['end'])}"))
    if check.get("columns"):
        roles = ", ".join(f"{role} = {name}" for role, name in check["columns"].items() if name)
        facts.append(("Columns", roles))
    if check.get("timezone"):
        facts.append(("Time zone", str(check["timezone"])))
    facts.append(("Rows left out", count(check.get("quarantined") or 0)))
    return facts


def _day(moment: object) -> str:
    return str(moment)[:10]


def _study_facts(study: Mapping[str, Any]) -> list[tuple[str, str]]:
    keys = (("replications", "Paired runs"), ("seed", "Seed"), ("backend", "Backend"))
    return [(label, str(study[key])) for key, label in keys if isinstance(study.get(key), (str, int))]


def _simple(value: object) -> list[tuple[str, str]]:
    """Return the plain facts of a record; deeper ones are left to the documents themselves."""
    if not isinstance(value, Mapping):
        return []
    return [(str(k), str(v)) for k, v in value.items() if isinstance(v, (str, int, float)) and v != ""]


def _label(key: str) -> str:
    return key.replace("_", " ")


def _inputs(documents: Documents) -> list[tuple[str, str, str]]:
    """Return (document, input, hash) for every input that a document names."""
    rows: dict[tuple[str, str, str], None] = {}
    for name in ("check", "discover", "compare", "calibrate", "study"):
        for row in _named(getattr(documents, name)):
            rows[name, *row] = None
    return list(rows)


def _named(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = document.get("inputs") or (document.get("provenance") or {}).get("inputs") or ()
    if isinstance(found, Mapping):
        return [(str(k), v if isinstance(v, str) else str(v.get("sha256", ""))) for k, v in found.items()]
    return [(str(row.get("name") or row.get("file")), str(row.get("sha256") or row.get("hash") or "")) for row in found]

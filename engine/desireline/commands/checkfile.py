"""The files people write, checked: which kind a file is, and everything that is wrong in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desireline.errors import DesirelineError, Problem, nearest
from desireline.files import read_document


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """Whether a file is valid, what `kind` of file it is (None: unknown), and its problems.

    `remarks` are allowed, yet worth a look.
    """

    valid: bool
    kind: str | None
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()


def check_file(path: str | Path) -> FileCheck:
    """Return what is wrong in the blueprint, scenario, study, source or BPMN file at `path`: all of it at once.

    The key that a file begins with (`study:`, `scenario:`, `blueprint:`, `log:`) tells which it is.
    """
    kind: str | None = None
    try:
        kind = _kind(path)
        remarks = CHECKS[kind](path)
    except DesirelineError as fault:
        return FileCheck(valid=False, kind=kind, problems=fault.problems)
    return FileCheck(valid=True, kind=kind, remarks=tuple(remarks))


def _kind(path: str | Path) -> str:
    if Path(path).suffix.lower() == ".bpmn":
        return "bpmn"
    document = read_document(path, DesirelineError)
    keys = list(document.data) if isinstance(document.data, dict) else []
    for key, kind in KINDS.items():
        if key in keys:
            return kind
    found = f'a file that begins with "{keys[0]}:"' if keys else "a file that is not a mapping of keys"
    known = "a first key among " + ", ".join(f"{key}:" for key in KINDS)
    help = nearest(str(keys[0]), KINDS) if keys else ""
    raise DesirelineError(problems=[document.problem((keys[0],) if keys else (), found, known, help)])


def _blueprint(path: str | Path) -> list[str]:
    from desireline.blueprint.load import read_blueprint
    from desireline.blueprint.names import remarks
    from desireline.blueprint.order import in_flow

    blueprint = read_blueprint(path)
    return remarks(blueprint, in_flow(blueprint))


def _bpmn(path: str | Path) -> list[str]:
    from desireline.blueprint.bpmn import read

    return [] if read(path) else ["the flow is sound, but not made of nested blocks"]


def _scenario(path: str | Path) -> list[str]:
    from desireline.scenario.load import read_scenario

    read_scenario(path)
    return []


def _study(path: str | Path) -> list[str]:
    from desireline.blueprint.load import read_blueprint
    from desireline.study.load import read_study

    study = read_study(path)
    if study.blueprint and Path(study.blueprint).is_file():
        read_blueprint(study.blueprint)
    named = {"model": study.model, "log": study.log, "blueprint": study.blueprint}
    files = {what: name for what, name in named.items() if name and "://" not in name}
    return [f"its {what} is not there yet: {name}" for what, name in files.items() if not Path(name).is_file()]


def _source(path: str | Path) -> list[str]:
    from desireline.log.source import read_source

    read_source(path)
    return []


# A study may also name a log and a blueprint, so its own key counts first.
KINDS = {"study": "study", "scenario": "scenario", "blueprint": "blueprint", "log": "source"}
CHECKS: dict[str, Callable[[str | Path], list[str]]] = {
    "blueprint": _blueprint,
    "scenario": _scenario,
    "study": _study,
    "source": _source,
    "bpmn": _bpmn,
}


def write_bpmn(blueprint_file: str | Path, path: str | Path) -> Path:
    """Write the flow of the blueprint in `blueprint_file` as BPMN 2.0 to `path`; return it."""
    from desireline.blueprint.bpmn import write
    from desireline.blueprint.load import read_blueprint

    return write(read_blueprint(blueprint_file), path)

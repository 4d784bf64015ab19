"""What a study rests on: a model, read or calibrated from a log first."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from desireline.errors import ModelError, StudyError
from desireline.model.io import read_model, write_model
from desireline.model.model import Model
from desireline.study.load import Study
from desireline.study.store import Store
from desireline.study.versions import versions

MODEL = "model.json"
Keep = Callable[[str, object], object]
"""Takes a document by name, such as `discover`, to write it beside the study's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The model of a study; `hashes` are the SHA-256 of the files it rests on, by name without folders."""

    model: Model
    hashes: Mapping[str, str]


def prepare(study: Study, store: Store, seed: int, keep: Keep) -> Inputs:
    """Return the model of `study`.

    A study of a log is calibrated first, and what is found on the way is kept in its folder: the quality of the log,
    the actual journey, the gap to the blueprint, the model. An earlier run's model is used again where the log, the
    blueprint and the seed are the same.

    Raises
    ------
    DesirelineError
        If a file cannot be used.
    """
    if study.model is not None:
        model = read_model(study.model)
        return Inputs(model=model, hashes={**_hashes(study.model), **_initial_hashes(study)})
    if study.log is None:
        raise StudyError("neither a model nor a log", where=study.file)
    hashes = _hashes(*_files(study))
    shown = {**hashes, **_initial_hashes(study)}
    key = hashlib.sha256(repr((sorted(hashes.items()), seed, versions())).encode()).hexdigest()
    if store.read_json("calibrated.json").get("key") == key:
        try:
            return Inputs(model=read_model(store.folder / MODEL), hashes=shown)
        except ModelError:
            pass
    _calibrate(study, store, seed, keep)
    store.write_json("calibrated.json", {"key": key, "inputs": dict(hashes)})
    return Inputs(model=read_model(store.folder / MODEL), hashes=shown)


def _files(study: Study) -> list[str]:
    """Return the files that the calibration reads."""
    files = _log_files(study.log or "")
    return [*files, study.blueprint] if study.blueprint else files


def _initial_hashes(study: Study) -> dict[str, str]:
    """Return the hashes of the log of the cases under way at the start."""
    return _hashes(*_log_files(study.initial.log)) if study.initial else {}


def _log_files(log: str) -> list[str]:
    """Return the files that are read for a log: itself, and its source where it has one."""
    from desireline.log.opening import find
    from desireline.log.source import is_source, read_source

    return [log, str(find(read_source(log).log))] if is_source(log) else [str(find(log))]


def _hashes(*files: str) -> dict[str, str]:
    found = {}
    for file in files:
        try:
            with Path(file).open("rb") as stream:
                found[Path(file).name] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as fault:
            raise StudyError(f"the file cannot be read ({fault.strerror})", where=file) from None
    return found


def _calibrate(study: Study, store: Store, seed: int, keep: Keep) -> None:
    """Calibrate the log of `study`, and keep what the other commands would say of it."""
    from desireline.blueprint.load import read_blueprint
    from desireline.calibrate.backtest_gate import calibrate_and_test
    from desireline.calibrate.summary import document
    from desireline.experience.moments_depth import depth
    from desireline.journey.discover import discover
    from desireline.log.read import read_log

    blueprint = read_blueprint(study.blueprint) if study.blueprint else None
    read = read_log(study.log or "")
    calibration = calibrate_and_test(read.log, source=read.source, blueprint=blueprint, seed=seed)
    keep("check", read.quality)
    keep("discover", discover(read.log).document())
    if blueprint is not None:
        keep("blueprint", blueprint.written)
        keep("compare", depth(read.log, read.source, blueprint).document())
    keep("calibrate", document(calibration, MODEL))
    write_model(calibration.model, store.folder / MODEL)

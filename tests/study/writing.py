"""Studies written in tests, of the small model."""

from pathlib import Path

from desireline.model.io import write_model
from desireline.model.model import Model
from desireline.study.load import Study, read_study
from tests.models import small_model

SCENARIOS = "{second crew: [{pool: Field, add: 2}], no credit check: [{remove: Credit check}]}"


def write_study(folder: Path, *lines: str, model: Model | None = None, scenarios: str = SCENARIOS) -> Path:
    """Return a study file, beside its model, with these lines after its scenarios."""
    write_model(model or small_model(4), folder / "model.json")
    path = folder / "study.yaml"
    fixed = ("study: Orders", "model: model.json", f"scenarios: {scenarios}")
    given = {line.split(":")[0] for line in lines}
    usual = [line for line in ("horizon: 1 wk", "replications: 10") if line.split(":")[0] not in given]
    path.write_text("\n".join((*fixed, *usual, *lines)) + "\n")
    return path


def study(folder: Path, *lines: str, model: Model | None = None, scenarios: str = SCENARIOS) -> Study:
    return read_study(write_study(folder, *lines, model=model, scenarios=scenarios))

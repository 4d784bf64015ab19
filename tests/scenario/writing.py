"""Scenarios written in tests."""

from pathlib import Path

from desireline.model.model import Model
from desireline.scenario.apply import Remark, apply
from desireline.scenario.load import Scenario, read_scenario


def scenario(folder: Path, *changes: str, name: str = "trial") -> Scenario:
    """Return the scenario with these lines of changes."""
    path = folder / f"{name}.yaml"
    lines = [f"scenario: {name}", "changes:", *(f"  - {change}" for change in changes)]
    path.write_text("\n".join(lines) + "\n")
    return read_scenario(path)


def applied(model: Model, folder: Path, *changes: str) -> Model:
    """Return the model under these changes, none of which may be remarked on."""
    changed, remarks = apply(model, scenario(folder, *changes))
    assert not remarks
    return changed


def remarked(model: Model, folder: Path, *changes: str) -> list[Remark]:
    return list(apply(model, scenario(folder, *changes))[1])

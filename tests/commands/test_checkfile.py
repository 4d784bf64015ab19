"""The files people write, told apart and checked."""

from pathlib import Path

import pytest

from desireline.blueprint.bpmn import read
from desireline.commands.checkfile import check_file, write_bpmn

ROOT = Path(__file__).parent.parent.parent
SMALL = "blueprint: B\nstages: [S]\ntouchpoints:\n  A: {stage: S, owner: Ann}\n  B: {stage: S, owner: Ann}\nflow: [A]\n"


def write(folder: Path, text: str, name: str = "file.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "scenarios").glob("*/*.yaml")), ids=lambda p: f"{p.parent.name}-{p.stem}"
)
def test_the_files_that_come_with_the_project_are_valid(path: Path) -> None:
    assert check_file(path).problems == ()


def test_a_valid_blueprint_may_have_remarks(tmp_path: Path) -> None:
    found = check_file(write(tmp_path, SMALL))
    assert (found.valid, found.kind) == (True, "blueprint")
    assert found.remarks == ("touchpoint with no place in the flow (each visit counts as ad hoc): B",)


def test_all_problems_of_a_file_come_back(tmp_path: Path) -> None:
    found = check_file(write(tmp_path, SMALL.replace("stage: S", "stage: T")))
    assert (found.valid, found.kind, len(found.problems)) == (False, "blueprint", 2)


def test_a_study_that_names_a_log_first_is_still_a_study(tmp_path: Path) -> None:
    assert check_file(write(tmp_path, "log: x.csv\nblueprint: b.yaml\nstudy: S\n")).kind == "study"


@pytest.mark.parametrize("text", ["bluprint: B\n", "- a\n", "[]\n"])
def test_an_unknown_kind_is_an_error_that_names_the_known_ones(tmp_path: Path, text: str) -> None:
    found = check_file(write(tmp_path, text))
    assert (found.valid, found.kind) == (False, None)
    assert "blueprint:" in found.problems[0].expected


def test_a_blueprint_can_be_written_as_bpmn_which_is_valid_too(tmp_path: Path) -> None:
    path = write_bpmn(write(tmp_path, SMALL), tmp_path / "b.bpmn")
    assert read(path) is not None
    assert check_file(path).kind == "bpmn"
    assert not check_file(write(tmp_path, "<x/>", "wrong.bpmn")).valid


def test_a_study_says_which_of_the_files_it_names_are_missing(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text("study: Trial\nlog: orders.csv\nblueprint: plan.yaml\n")
    found = check_file(study)
    assert found.valid
    assert [remark.split(":")[0] for remark in found.remarks] == [
        "its log is not there yet",
        "its blueprint is not there yet",
    ]


def test_a_study_is_no_better_than_the_blueprint_it_names(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text("study: Trial\nlog: orders.csv\nblueprint: plan.yaml\n")
    (tmp_path / "plan.yaml").write_text("blueprint: Orders\nstages: []\n")
    found = check_file(study)
    assert not found.valid
    assert found.problems[0].where.endswith("plan.yaml")

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desireline.errors import StudyError
from desireline.study.load import read_study
from desireline.study.run import run_study
from desireline.study.store import open_store
from tests.study.test_run import files
from tests.study.writing import study, write_study

ROOT = Path(__file__).parent.parent.parent


def start(path: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, ROOT / "cli.py", "study", path, "-o", out, "--workers", "1", "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_a_study_killed_midway_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    path = write_study(
        tmp_path, "replications: {precision: 0.01 %, of: wait, at_least: 60, at_most: 60}", "horizon: 3 wk"
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(path, killed)
    deadline = time.monotonic() + 120
    while not (killed / "blocks/block-0000.parquet").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    first = (killed / "blocks/block-0000.parquet").stat().st_mtime_ns
    run_study(read_study(path), killed)
    assert (killed / "blocks/block-0000.parquet").stat().st_mtime_ns == first, "finished runs are not made again"
    run_study(read_study(path), whole)
    assert files(killed) == files(whole)


def test_what_was_half_written_is_made_again(tmp_path: Path) -> None:
    asked = study(tmp_path, "replications: 20")
    run_study(asked, tmp_path / "a")
    run_study(asked, tmp_path / "b")
    (tmp_path / "b/blocks/block-0001.parquet").write_bytes(b"PAR1 half")
    (tmp_path / "b/study.json").unlink()
    run_study(asked, tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_only_a_changed_scenario_is_run_again(tmp_path: Path) -> None:
    run_study(study(tmp_path), tmp_path / "out")
    total = 0

    def count(stage: str, done: int, most: int) -> None:
        nonlocal total
        total += "runs 1 to 10" in stage

    other = "{second crew: [{pool: Field, add: 3}], no credit check: [{remove: Credit check}]}"
    changed = run_study(study(tmp_path, scenarios=other), tmp_path / "out", progress=count)
    assert total == 1 + 10, "told once at the start and once for each run made"
    fresh = run_study(study(tmp_path, scenarios=other), tmp_path / "fresh")
    assert changed == fresh


def test_the_folder_of_another_study_is_refused_by_name(tmp_path: Path) -> None:
    path = write_study(tmp_path, "replications: 2")
    run_study(read_study(path), tmp_path / "out")
    path.write_text(path.read_text().replace("study: Orders", "study: Returns"))
    with pytest.raises(StudyError, match='another study, "Orders"'):
        run_study(read_study(path), tmp_path / "out")


def test_a_second_process_is_told_and_stops(tmp_path: Path) -> None:
    path = write_study(tmp_path, "replications: 2")
    with open_store(tmp_path / "out"):
        process = start(path, tmp_path / "out")
        _, message = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"another process is running a study in this folder" in message
    run_study(read_study(path), tmp_path / "out")


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="the folder cannot be used"), open_store(tmp_path / "file/out"):
        pass


def test_a_disk_that_takes_no_more_is_named_and_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with open_store(tmp_path / "out") as store:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StudyError, match="No space left on device"):
            store.write("effects.csv", b"rows")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]

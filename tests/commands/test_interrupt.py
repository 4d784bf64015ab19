"""Ctrl-C ends a simulation at once, and keeps what is finished."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.journey import model as busy_model
from desireline.model.io import write_model
from tests.commands.test_study import run

PATIENCE = 120
"""Seconds that a start on a busy machine may take."""
AT_ONCE = 4
"""Seconds: one, on a machine that does other things as well."""
PROGRAM = """
import signal, sys
from desireline.commands import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs would ignore it
print("started", flush=True)
main(sys.argv[1:])
"""


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def interrupt(process: subprocess.Popen[str]) -> tuple[int, float, str]:
    """Return the exit code, the seconds it took, and what was said."""
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE)[1]
    return process.returncode, time.monotonic() - since, said


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, "it never came so far"
        time.sleep(0.02)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(busy_model(), tmp_path / "model.json")


@pytest.mark.parametrize("backend", ["simpy", "compiled"])
def test_ctrl_c_ends_a_huge_run_within_about_a_second(model: Path, tmp_path: Path, backend: str) -> None:
    process = start("simulate", model, "--runs", "1", "--cases", "30000000", "--backend", backend, "-o", tmp_path / "o")
    wait_until((tmp_path / "o").is_dir)
    time.sleep(1.5)
    assert process.poll() is None
    code, seconds, said = interrupt(process)
    assert code == 130
    assert said.strip() == "Interrupted; what was finished is kept."
    assert seconds < AT_ONCE
    assert not list((tmp_path / "o").iterdir())


def test_logs_that_were_finished_before_ctrl_c_are_whole(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("simulate", model, "--cases", "2000", "--seed", "3")
    out = tmp_path / "out"
    process = start(*options, "--runs", "10000", "-o", out)
    wait_until((out / "run-0001.csv").exists)
    code, seconds, _ = interrupt(process)
    assert code == 130
    assert seconds < AT_ONCE
    kept = sorted(path.name for path in out.iterdir())
    assert kept == [f"run-{i:04d}.csv" for i in range(len(kept))], "no pieces of logs, no summary of all runs"
    assert run(*options, "--runs", str(len(kept)), "-o", tmp_path / "again", "--json") == 0
    capsys.readouterr()
    for name in kept:
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()

"""`desireline came-true`: a forecast, a roll-out with a known effect, and what is said of it."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from desireline.commands import main

COST = 50_000.0


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


def log(path: Path, first: datetime, minutes: float, seed: int, season: float = 0.0) -> Path:
    """Ten weeks of calls in two regions; in the South they take `minutes` less."""
    draw = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case_id", "activity", "start", "end", "region"])
        for case in range(1500):
            region = "North" if draw.random() < 0.4 else "South"
            start = first + timedelta(minutes=float(draw.uniform(0, 10 * 7 * 24 * 60)))
            taken = 30 + season + draw.normal(0, 3) - (minutes if region == "South" else 0)
            writer.writerow(
                [f"c{case}", "Call", start.isoformat(), (start + timedelta(minutes=taken)).isoformat(), region]
            )
    return path


def study(folder: Path, effect: float, **more: object) -> Path:
    """A study's folder that forecast an effect on cycle time in seconds."""
    row = {"scenario": "shorter calls", "factors": {}, "measure": "cycle_time", "effect": effect, "low": effect - 60,
           "high": effect + 60, "unit": "s", "level": 0.95, "family": "one scenario"}  # fmt: skip
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps({"study": "Calls", "effects": [row], **more}))
    return folder


@pytest.fixture
def logs(tmp_path: Path) -> tuple[Path, Path]:
    before = log(tmp_path / "before.csv", datetime(2026, 1, 5, tzinfo=UTC), 0.0, 1)
    return before, log(tmp_path / "after.csv", datetime(2026, 4, 6, tzinfo=UTC), 5.0, 2, season=8.0)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return dict(json.loads(capsys.readouterr().out))


def test_a_forecast_that_came_true(tmp_path: Path, logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = study(tmp_path / "out", -300.0)
    arguments = ("--before", logs[0], "--after", logs[1], "--comparison", "region=North")
    assert run("came-true", folder, *arguments, "--json") == 0
    found = told(capsys)
    (row,) = found["measures"]  # type: ignore[misc]
    assert row["verdict"] == "as forecast"
    assert row["happened"]["effect"] == pytest.approx(-300, abs=30)
    assert row["happened"]["low"] < -300 < row["happened"]["high"]
    assert found["cases"]["comparison_after"] > 400  # type: ignore[index]
    assert run("came-true", folder, *arguments) == 0
    assert "cycle time: forecast -5 min" in capsys.readouterr().out


def test_without_a_comparison_the_season_hides_it_and_that_is_said(
    tmp_path: Path, logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("came-true", study(tmp_path / "out", -300.0), "--before", logs[0], "--after", logs[1], "--json") == 0
    captured = capsys.readouterr()
    (row,) = json.loads(captured.out)["measures"]
    assert row["verdict"] == "other than forecast"
    assert "no comparison group" in captured.err


def test_the_return_follows_what_happened(
    tmp_path: Path, logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study(
        tmp_path / "out", -300.0, prices={"cycle_time": -0.1}, years=1.0, currency="EUR",
        priorities=[{"scenario": "shorter calls", "cost": COST}],
    )  # fmt: skip
    arguments = ("--before", logs[0], "--after", logs[1], "--comparison", "region=North", "--json")
    assert run("came-true", folder, *arguments) == 0
    money = told(capsys)["money"]
    benefit = money["benefit"]["effect"]  # type: ignore[index]
    assert benefit == pytest.approx(30 * 900 * 365 / 70, rel=0.15)
    assert money["return_on_investment"]["effect"] == pytest.approx((benefit - COST) / COST)  # type: ignore[index]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--comparison", "North"), "region=North"),
        (("--comparison", "regio=North"), 'Did you mean \\"region\\"'),
        (("--comparison", "region=Nort"), 'Did you mean \\"North\\"'),
        (("--scenario", "shorter cals"), 'Did you mean \\"shorter calls\\"'),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str], more: tuple[str, str], message: str
) -> None:
    folder = study(tmp_path / "out", -300.0)
    assert run("came-true", folder, "--before", logs[0], "--after", logs[1], *more, "--json") == 2
    assert message in capsys.readouterr().out


def test_a_folder_without_an_answer_is_refused(tmp_path: Path, logs: tuple[Path, Path]) -> None:
    assert run("came-true", tmp_path, "--before", logs[0], "--after", logs[1]) == 2

"""`desireline effort`, `listen`, `retain` and `asset` as a user runs them."""

import json
from pathlib import Path

import numpy as np
import pytest

from desireline.commands import main

PLAN = """\
blueprint: Tickets
stages: [Report, Solve]
touchpoints:
  Open:  {stage: Report, owner: Desk, channel: web}
  Work:  {stage: Solve, owner: Support, channel: phone, promise: {wait: 1 h}, moment_of_truth: true}
  Close: {stage: Solve, owner: Desk}
flow: [Open, {loop: {do: [Work]}}, {optional: [Close]}]
"""
NUMBERS = {"customers": "10000", "retention": "0.8", "margin": "100", "discount": "0.12", "keep": "5,10,20"}
FORMULA = ["asset", *(part for name, number in NUMBERS.items() for part in (f"--{name}", number))]


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of 400 tickets, its source, its blueprint, and feedback on it."""
    folder = tmp_path_factory.mktemp("tickets")
    draw = np.random.default_rng(1)
    lines = ["case_id,customer,activity,enabled,start,end,gone,margin,cancel_reason"]
    for case in range(400):
        wait = draw.exponential(6)
        gone = "yes" if draw.random() < 1 / (1 + np.exp(2 - 0.2 * wait)) else "no"
        owner = draw.integers(0, 120)
        why = "price" if gone == "yes" else ""
        day = np.datetime64("2024-01-01") + case // 3
        for name, enabled, start in (("Open", 8, 8), ("Work", 9, 9 + wait), ("Close", 40, 40)):
            times = [day + np.timedelta64(int(60 * h), "m") for h in (enabled, start, start + 0.5)]
            told = ",".join(f"{t}:00Z" for t in times)
            lines.append(f"c{case},p{owner},{name},{told},{gone},{10 + case % 5},{why}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "source.yaml").write_text(
        "log: log.csv\ncolumns: {enabled: enabled}\nattributes: [cancel_reason]\nvalue: {attribute: margin}\n"
        'outcome: {retained: {attribute: gone, lost: ["yes"]}}\ncurrency: EUR\n',
        encoding="utf-8",
    )
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    rows = ["source,stage,score,scale,case_id"]
    rows += [f"ces,Solve,{1 + (case * 5) % 7},7-1,c{case}" for case in range(200)]
    rows += [f"staff,Report,{case % 6},0-5," for case in range(30)]
    (folder / "feedback.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def document(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_effort_keeps_its_keys(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("effort", str(files / "source.yaml"), "--blueprint", str(files / "plan.yaml"), "--json") == 0
    found = document(capsys)
    assert {"cases", "mean", "components", "weights", "ces"} <= found.keys()
    assert (found["cases"], found["weights"]) == (400, "default")
    assert {"name", "weight", "mean", "share"} <= found["components"][0].keys()
    assert found["mean"] == pytest.approx(sum(c["weight"] * (c["mean"] or 0) for c in found["components"]), abs=1e-5)
    assert sum(c["share"] or 0 for c in found["components"]) == pytest.approx(1, abs=1e-6)
    assert found["ces"]["spearman"] is None
    assert found["ces"]["reason"]
    assert found["resolution"]["resolved"] < 1


def test_effort_fitted_to_surveyed_effort_says_so(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey = str(files / "feedback.csv")
    assert run("effort", str(files / "source.yaml"), "--ces", survey, "--json") == 0
    found = document(capsys)
    assert found["weights"] == "fitted"
    assert found["ces"]["low"] < found["ces"]["spearman"] < found["ces"]["high"]


def test_the_effort_of_each_case_is_a_table_without_names(files: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    found = {}
    for folder, more in (("plain", []), ("named", ["--identify"])):
        assert run("effort", str(files / "source.yaml"), "-o", str(tmp_path / folder), *more) == 0
        found[folder] = pq.read_table(tmp_path / folder / "effort_cases.parquet")
    mean = json.loads((tmp_path / "plain/effort.json").read_text(encoding="utf-8"))["mean"]
    assert np.mean(found["plain"].column("effort").to_numpy()) == pytest.approx(mean)
    assert not {"case_id", "customer"} & set(found["plain"].column_names)
    assert found["named"].column("case_id").to_pylist()[:1] == ["c0"]
    assert found["plain"].column("episode").null_count == 0


def test_people_read_effort_in_a_sentence(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("effort", str(files / "source.yaml")) == 0
    out = capsys.readouterr().out
    assert out.startswith("The effort of 400 cases is ")
    assert "not shown to be a cause" in out


def test_retain_keeps_its_keys_and_leaves_out_what_leaks(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("retain", str(files / "source.yaml"), "--blueprint", str(files / "plan.yaml"), "--json") == 0
    found = document(capsys)
    keys = {"cases", "lost", "unknown", "base_rate", "terms", "c_index", "calibration", "losses"}
    assert keys <= found.keys()
    assert found["base_rate"] == pytest.approx(found["lost"] / found["cases"])
    assert {"name", "estimate", "low", "high"} == found["terms"][0].keys()
    assert {"issue", "customers", "low", "high", "value"} <= found["losses"][0].keys()
    assert [row["feature"] for row in found["refused"]].count("cancel_reason") == 1
    assert 0.5 < found["c_index"] < 1


def test_equal_inputs_give_equal_bytes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("retain", str(files / "source.yaml"), "--seed", "3", "--json")
    outputs = [(run(*arguments), capsys.readouterr().out)[1] for _ in range(2)]
    assert outputs[0] == outputs[1]


def test_a_leak_that_is_asked_for_is_refused_by_name(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("retain", str(files / "source.yaml"), "--with", "cancel_reason", "--json") == 2
    error = document(capsys)["error"]
    assert "cancel_reason" in error["found"]
    assert "only cases that were lost" in error["found"]


def test_retain_without_an_outcome_says_how_to_tell_it(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("retain", str(files / "log.csv")) == 2
    assert "--returns-within" in capsys.readouterr().err


def test_options_tell_an_outcome_of_their_own(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("retain", str(files / "log.csv"), "--returns-within", "7 d", "--json") == 0
    assert document(capsys)["model"] == "discrete-time hazard"
    assert run("retain", str(files / "log.csv"), "--lost", "Close") == 2
    assert "was lost" in capsys.readouterr().err
    assert run("retain", str(files / "log.csv"), "--returns-within", "soon") == 2


def test_people_read_retention(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("retain", str(files / "source.yaml")) == 0
    out = capsys.readouterr().out
    assert "of 400 cases (" in out
    assert "Losses that go with each issue, a year" in out
    assert "keep" in out


def test_the_asset_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*FORMULA, "--of", "lost", "--json") == 0
    keep = document(capsys)["keep"]
    assert [row["customers"] for row in keep] == [100, 200, 400]
    assert [row["value"] for row in keep] == [112903, 233333, 500000]
    assert run(*FORMULA, "--of", "lost") == 0
    assert "112,903" in capsys.readouterr().out


def test_the_asset_formula_wants_to_know_of_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*FORMULA) == 2
    told = capsys.readouterr().err
    assert all(word in told for word in ("lost:", "rate-points:", "base:"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["asset"],
        ["asset", "--customers", "10", "--keep", "5", "--of", "lost"],
        [*FORMULA[:-1], "five", "--of", "lost"],
        [*FORMULA, "--of", "lost", "--retention", "1"],
        [*FORMULA, "--of", "lost", "--retention", "high"],
        ["asset", "nowhere.csv"],
    ],
)
def test_asset_without_sense_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_asset_of_a_log_closes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("asset", str(files / "source.yaml"), "--discount", "10 %", "--json") == 0
    found = document(capsys)
    assert {"opening", "new", "lost", "regained", "closing", "value", "periods"} <= found.keys()
    for row in found["periods"]:
        assert row["opening"] + row["new"] - row["lost"] + row["regained"] == row["closing"]
    assert run("asset", str(files / "source.yaml"), "--keep", "5") == 2
    assert run("asset", str(files / "source.yaml")) == 0
    assert "are there at the end" in capsys.readouterr().out


def test_listen_keeps_its_keys(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("listen", str(files / "feedback.csv"), "--blueprint", str(files / "plan.yaml"))
    assert run(*arguments, "--json") == 0
    found = document(capsys)
    assert {"coverage", "scores", "agreement", "disagreements"} <= found.keys()
    assert {"stage", "source", "n"} == found["coverage"][0].keys()
    assert {"stage", "touchpoint", "source", "n", "mean", "low", "high", "withheld"} <= found["scores"][0].keys()
    assert {"w", "p"} <= found["agreement"].keys()
    assert found["agreement"]["reason"]
    assert run(*arguments) == 0
    assert "230 answers of 2 sources" in capsys.readouterr().out


def test_the_page_shows_what_the_four_wrote(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, plan, out = str(files / "source.yaml"), str(files / "plan.yaml"), str(tmp_path / "out")
    for command in (["effort", log], ["retain", log], ["asset", log, "--period", "month"]):
        assert run(*command, "-o", out) == 0
    assert run("listen", str(files / "feedback.csv"), "--blueprint", plan, "-o", out) == 0
    assert run("report", out) == 0
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    for title in ("Who leaves, and what goes with it", "The customer asset", "Effort", "What was heard"):
        assert title in page
    assert "c12" not in page.split("<main>")[1].split("<script")[0].replace("c12px", "")

"""`desireline procedure` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main
from desireline.log.write import write_log
from tests.watch.worlds import world

PLAN = """\
blueprint: Questions
stages: [Ask]
touchpoints:
  Ask: {stage: Ask}
  Answer: {stage: Ask, owner: Desk, promise: {wait: 1 h}}
  Ask again: {stage: Ask}
flow: [Ask, Answer, {optional: [Ask again]}]
"""


def test_everything_is_left_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(world(1, days=30), tmp_path / "log.csv")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "procedure",
                str(tmp_path / "log.csv"),
                "--blueprint",
                str(tmp_path / "plan.yaml"),
                "-o",
                str(out),
                "--json",
            ]
        )
    assert ended.value.code in (0, None)
    told = json.loads(capsys.readouterr().out)
    assert told["measure"] == "cycle_time"
    assert told["attributes"] == ["site"]
    names = {path.name for path in out.iterdir()}
    assert {"procedure.json", "procedure.md", "procedure.dmn", "decision_table.csv"} <= names
    assert (out / "decision_table.csv").read_text(encoding="utf-8").startswith("site,journey,measure,value")

"""The listening path: coverage, small samples, agreement and disagreement."""

from pathlib import Path

import numpy as np
import pytest

from desireline.blueprint.load import load
from desireline.errors import BlueprintError, LogError
from desireline.experience.feedback import read_feedback
from desireline.experience.listening import Listening, kendall_w, listen
from desireline.files import parse_document

PLAN = """
blueprint: Order
stages: [Look, Buy, Use, Leave]
touchpoints: {Shop: {stage: Look}, Till: {stage: Buy, activities: [Pay]}, Help: {stage: Use}, Bye: {stage: Leave}}
flow: [Shop, Till, Help, Bye]
"""


def heard(tmp_path: Path, rows: list[str], **options: object) -> Listening:
    file = tmp_path / "answers.csv"
    file.write_text("source,voice,stage,touchpoint,score,scale,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    plan = load(parse_document(PLAN, "plan.yaml", BlueprintError))
    return listen(read_feedback([str(file)]), plan, **options)  # type: ignore[arg-type]


def test_a_share_has_wilsons_interval(tmp_path: Path) -> None:
    rows = ["csat,,Buy,,1,0-1,"] * 20 + ["csat,,Buy,,0,0-1,"] * 5
    found = heard(tmp_path, rows).scores[0]
    assert (found.n, found.mean) == (25, 0.8)
    assert (round(found.low, 3), round(found.high, 3)) == (0.609, 0.911)


def test_small_samples_are_withheld(tmp_path: Path) -> None:
    found = heard(tmp_path, ["csat,,Buy,,4,1-5,"] * 9 + ["csat,,Use,,4,1-5,"] * 10)
    assert [(row.stage, row.withheld, row.mean) for row in found.scores] == [("Buy", True, None), ("Use", False, 0.75)]
    assert found.silent_stages == ("Look", "Leave")
    assert [row.n for row in found.coverage] == [0, 9, 10, 0]


def test_an_activity_stands_for_its_touchpoint_and_that_for_its_stage(tmp_path: Path) -> None:
    found = heard(tmp_path, ["csat,,,pay,3,1-5,"] * 10)
    assert {(row.stage, row.touchpoint) for row in found.scores} == {("Buy", None), ("Buy", "Till")}


def test_feedback_on_no_known_stage_is_refused_or_left_out(tmp_path: Path) -> None:
    rows = ["csat,,Bye bye,,3,1-5,"] * 3 + ["csat,,Use,,3,1-5,"] * 10
    with pytest.raises(LogError, match=r'row 1: no stage "Bye bye" \(3 rows\)'):
        heard(tmp_path, rows)
    assert len(heard(tmp_path, rows, leave_out=True).left_out) == 3
    with pytest.raises(LogError, match=r'no touchpoint "Tile".*Did you mean "Till"'):
        heard(tmp_path, ["csat,,Buy,Tile,3,1-5,"])


def test_the_stage_where_the_voices_disagree_most_comes_first(tmp_path: Path) -> None:
    draw = np.random.default_rng(8)
    means = {"customer": [0.9, 0.6, 0.2, 0.5], "employee": [0.9, 0.6, 0.8, 0.5], "institution": [0.9, 0.6, 0.3, 0.5]}
    rows = [
        f"{voice} survey,{voice},{stage},,{np.clip(draw.normal(mean, 0.1), 0, 1):.3f},0-1,"
        for voice, of_voice in means.items()
        for stage, mean in zip(("Look", "Buy", "Use", "Leave"), of_voice, strict=True)
        for _ in range(40)
    ]
    found = heard(tmp_path, rows)
    assert found.disagreements[0].stage == "Use"
    assert (found.disagreements[0].highest, found.disagreements[0].lowest) == ("employee", "customer")
    assert 0.5 < found.agreement.w < 1
    assert found.agreement.voices == ("customer", "employee", "institution")


def test_few_answers_are_drawn_towards_what_the_source_usually_says(tmp_path: Path) -> None:
    draw = np.random.default_rng(9)
    rows = [f"s,,Look,,{draw.uniform():.3f},0-1," for _ in range(200)]
    rows += [f"s,,Buy,,{draw.uniform(0.3, 1):.3f},0-1," for _ in range(200)]
    few = [f"s,,Use,,{draw.uniform(0.3, 1):.3f},0-1," for _ in range(10)]
    scores = {row.stage: row for row in heard(tmp_path, rows + few).scores}
    many, small = scores["Buy"], scores["Use"]
    assert abs(small.comparable) / abs(small.mean - 0.575) < abs(many.comparable) / abs(many.mean - 0.575)


def test_texts_count_only_with_a_lexicon_and_who_did_not_answer_is_shown(tmp_path: Path) -> None:
    rows = ["csat,,Use,,5,1-5,"] * 12 + ["csat,,Use,,,,"] * 36 + ["mail,,Use,,,,so slow"] * 10
    plain = heard(tmp_path, rows)
    assert plain.texts_without_score == 10
    asked = next(row for row in plain.non_response if row.source == "csat")
    assert (asked.asked, asked.answered, asked.share) == (48, 12, 0.25)
    told = heard(tmp_path, rows, lexicon={"slow": -1.0})
    texts = next(row for row in told.scores if row.source == "mail (texts)")
    assert (texts.lens, texts.mean) == ("emotional", 0.0)


def test_kendalls_w_is_friedmans_statistic_over_its_largest() -> None:
    from scipy.stats import friedmanchisquare

    ratings = np.random.default_rng(2).integers(0, 4, (5, 7)).astype(float)
    friedman = friedmanchisquare(*ratings.T).statistic
    assert kendall_w(ratings) == pytest.approx(friedman / (5 * 6))


def test_voices_that_have_nothing_to_do_with_each_other_rarely_seem_to_agree(tmp_path: Path) -> None:
    draw = np.random.default_rng(11)
    small = 0
    for _ in range(20):
        rows = [
            f"{v},{v},{s},,{draw.uniform():.3f},0-1,"
            for v in ("customer", "employee")
            for s in ("Look", "Buy", "Use", "Leave")
            for _ in range(10)
        ]
        small += heard(tmp_path, rows).agreement.p < 0.05
    assert small <= 4

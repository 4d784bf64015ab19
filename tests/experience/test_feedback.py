"""Feedback files of any source and scale."""

from pathlib import Path

import numpy as np
import pytest

from desireline.errors import LogError
from desireline.experience.feedback import parse_scale, read_feedback, read_lexicon, sentiment


def write(tmp_path: Path, text: str, name: str = "answers.csv") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1-5", (1, 5)),
        ("0 to 10", (0, 10)),
        ("7-1", (7, 1)),
        ("-1..1", (-1, 1)),
        ("NPS", (0, 10)),
        ("5", (1, 5)),
        ("100", (0, 100)),
        ("1-1", None),
        ("good", None),
        ("", None),
    ],
)
def test_scales_are_read_as_worst_to_best(text: str, ends: tuple[float, float] | None) -> None:
    assert parse_scale(text) == ends


def test_scores_of_different_scales_run_from_worst_to_best(tmp_path: Path) -> None:
    text = "Source;Stage;Score;Scale\na;Order;4;1-5\nb;Order;2;7-1\nc;Order;9;nps\n"
    feedback = read_feedback([write(tmp_path, text)])
    assert feedback.normal().tolist() == pytest.approx([0.75, 5 / 6, 0.9])


def test_a_scale_that_is_not_given_may_be_named_by_the_source(tmp_path: Path) -> None:
    assert read_feedback([write(tmp_path, "source,stage,score\nCSAT,Order,5\n")]).normal().tolist() == [1.0]
    with pytest.raises(LogError, match="without a scale"):
        read_feedback([write(tmp_path, "source,stage,score\npost-it,Order,5\n")])


def test_a_score_outside_its_scale_is_refused_with_its_row_or_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, "source,stage,score,scale\na,Order,4,1-5\na,Order,6,1-5\na,Order,9,1-5\n")
    with pytest.raises(LogError, match=r"row 2: the score 6 lies outside its scale; expected 1 to 5"):
        read_feedback([file])
    kept = read_feedback([file], leave_out=True)
    assert (len(kept), len(kept.left_out)) == (1, 2)


def test_what_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r'the score "good" \(2 rows\)'):
        read_feedback([write(tmp_path, "stage,score,scale\nOrder,good,1-5\nOrder,good,1-5\nOrder,1,1-5\n")])


def test_a_file_without_scores_and_texts_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no column for score or text"):
        read_feedback([write(tmp_path, "stage,mood\nOrder,3\n")])


def test_texts_are_judged_by_the_lexicon_alone(tmp_path: Path) -> None:
    words = read_lexicon(write(tmp_path, "word,score\nslow,-0.5\nGreat,1\n", "words.csv"))
    assert sentiment("Great, but slow!", words) == 0.25
    assert np.isnan(sentiment("hm", words))
    with pytest.raises(LogError, match="from -1 to 1"):
        read_lexicon(write(tmp_path, "word,score\nslow,-5\n", "wrong.csv"))

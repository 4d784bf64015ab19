"""What people said: feedback files of any source, on any scale, as columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from desireline.errors import LogError, Problem, nearest
from desireline.log.opening import find
from desireline.log.read import read_raw

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source": ("source", "survey"),
    "stage": ("stage",),
    "touchpoint": ("touchpoint", "activity"),
    "case": ("case", "case_id", "caseid", "case:concept:name"),
    "customer": ("customer", "customer_id"),
    "score": ("score", "rating", "answer"),
    "scale": ("scale",),
    "text": ("text", "comment", "verbatim"),
    "time": ("time", "date", "timestamp"),
    "voice": ("voice", "who"),
    "lens": ("lens",),
}
NAMED_SCALES: Mapping[str, tuple[float, float]] = {
    "nps": (0, 10),
    "csat": (1, 5),
    "stars": (1, 5),
    "ces": (1, 7),
    "percent": (0, 100),
    "%": (0, 100),
    "share": (0, 1),
    "sentiment": (-1, 1),
}
SCALE_FORM = 'worst-best such as "1-5", "0-10" or "7-1", or one of nps, csat, stars, ces, percent, sentiment'
MOST_SHOWN = 20
_NUMBER = r"\s*([-+]?\d+(?:\.\d+)?)\s*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Answers as columns of equal length.

    Attributes
    ----------
    source, stage, touchpoint, case, customer, text, voice, lens
        Text or None.
    score
        Float64 as given, NaN where there is none.
    worst, best
        Float64: the ends of the score's scale.
    place
        Where each answer stands: "file:row".
    left_out
        What could not be used, where that was allowed.
    """

    source: list[str | None]
    stage: list[str | None]
    touchpoint: list[str | None]
    case: list[str | None]
    customer: list[str | None]
    text: list[str | None]
    voice: list[str | None]
    lens: list[str | None]
    score: np.ndarray
    worst: np.ndarray
    best: np.ndarray
    place: list[str]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.score)

    def normal(self) -> np.ndarray:
        """Return the scores from 0 (worst) to 1 (best)."""
        return np.asarray((self.score - self.worst) / (self.best - self.worst))


def read_feedback(files: Sequence[str], *, leave_out: bool = False) -> Feedback:
    """Return the answers in CSV or Parquet `files`.

    Columns, in any letter case: source, stage, touchpoint, case, customer, score, scale, text, time, voice, lens.
    Without a source column a file is its own source. A row without score and text is somebody who was asked and did
    not answer.

    Parameters
    ----------
    leave_out
        Leave out rows that cannot be used, and say so, instead of refusing the file.

    Raises
    ------
    LogError
        If a file cannot be read, has no score or text, or a score is no number or lies outside its scale.
    """
    parts = [_read(file) for file in files]
    columns: dict[str, list[str | None]] = {name: [v for part in parts for v in part[name]] for name in COLUMNS}
    place = [str(v) for part in parts for v in part["place"]]
    scores, scales, problems = _scores(columns, place)
    if problems and not leave_out:
        raise LogError(problems=grouped(problems))
    bad = {problem.where for problem in problems}
    use = [i for i, where in enumerate(place) if where not in bad]
    return Feedback(
        **{name: [columns[name][i] for i in use] for name in COLUMNS if name not in ("score", "scale", "time")},
        score=scores[use],
        worst=scales[use, 0],
        best=scales[use, 1],
        place=[place[i] for i in use],
        left_out=tuple(str(problem) for problem in problems),
    )


def _read(file: str) -> dict[str, list[str | None]]:
    path = find(file)
    raw = read_raw(path)
    found = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in raw.table.column_names}
    taken = {role: next((found[n] for n in names if n in found), None) for role, names in COLUMNS.items()}
    if taken["score"] is None and taken["text"] is None:
        raise LogError(
            f"no column for score or text; the columns are {', '.join(raw.table.column_names[:30])}",
            where=str(path),
            expected="columns such as source, stage, score, scale",
        )
    rows = raw.table.num_rows
    part: dict[str, list[str | None]] = {
        role: _texts(raw.table.column(name)) if name else [None] * rows for role, name in taken.items()
    }
    if taken["source"] is None:
        part["source"] = [Path(path.name).name.split(".")[0]] * rows
    part["place"] = [f"{path}, row {int(number):,}" for number in raw.row]
    return part


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    values = column.cast(pa.string()).to_pylist()
    return [value.strip() or None if value is not None else None for value in values]


def _scores(
    columns: Mapping[str, list[str | None]], place: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Return scores, the two ends of their scales, and what is wrong."""
    problems: list[Problem] = []
    scores = np.full(len(place), np.nan)
    for i, text in enumerate(columns["score"]):
        if text is not None:
            try:
                scores[i] = float(text.replace(",", "."))
            except ValueError:
                problems.append(Problem(where=place[i], found=f'the score "{text}"', expected="a number"))
    zeros = {columns["source"][i] for i in np.flatnonzero(scores == 0)}
    scales = np.tile((0.0, 1.0), (len(place), 1))
    known: dict[tuple[str | None, str | None], tuple[float, float] | None] = {}
    for i in np.flatnonzero(~np.isnan(scores)).tolist():
        source = columns["source"][i]
        key = (columns["scale"][i], source)
        if key not in known:
            known[key] = parse_scale(key[0] or source or "", zero=source in zeros)
        ends = known[key]
        if ends is None:
            said = f'the scale "{key[0]}"' if key[0] else f'a score of "{source}" without a scale'
            problems.append(Problem(where=place[i], found=said, expected=SCALE_FORM))
        else:
            scales[i] = ends
            if not min(ends) <= scores[i] <= max(ends):
                found = f"the score {scores[i]:g} lies outside its scale"
                problems.append(Problem(where=place[i], found=found, expected=f"{ends[0]:g} to {ends[1]:g}"))
    return scores, scales, problems


def grouped(problems: Sequence[Problem]) -> list[Problem]:
    """Return one problem for each thing that was found, at the first row that has it, with how many rows have it."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.found, []).append(problem)
    rows = [
        replace(same[0], found=f"{found} ({len(same):,} rows)" if len(same) > 1 else found)
        for found, same in kinds.items()
    ]
    help = f"{rows[0].help} " if rows[0].help else ""
    rows[0] = replace(rows[0], help=f"{help}Correct the file, or leave such rows out with --leave-out.")
    return rows[:MOST_SHOWN]


def parse_scale(text: str, *, zero: bool = False) -> tuple[float, float] | None:
    """Return the worst and the best score of a scale; None where the text is none.

    `zero` says that scores of 0 occur, so that a scale such as "10" begins there.

    Examples
    --------
    >>> parse_scale("1-5"), parse_scale("7 to 1"), parse_scale("NPS")
    ((1.0, 5.0), (7.0, 1.0), (0, 10))
    """
    plain = text.strip().lower()
    if plain in NAMED_SCALES:
        return NAMED_SCALES[plain]
    match = re.fullmatch(_NUMBER + r"(?:-|–|\.\.|:|/|to)" + _NUMBER, plain)
    if match:
        ends = float(match[1]), float(match[2])
        return ends if ends[0] != ends[1] else None
    match = re.fullmatch(_NUMBER, plain)
    if match and float(match[1]) > 1:
        return (0.0 if zero or float(match[1]) >= 100 else 1.0), float(match[1])
    return None


def read_lexicon(file: str) -> dict[str, float]:
    """Return the sentiment of words, -1 to 1, from a CSV of word and score.

    Raises
    ------
    LogError
        If it has not these columns, or a score outside -1 to 1.
    """
    path = find(file)
    table = read_raw(path).table
    found = {name.strip().lower(): name for name in table.column_names}
    if not {"word", "score"} <= found.keys():
        help = nearest("word", found)
        raise LogError("no columns word and score", where=str(path), expected="a CSV of word, score", help=help)
    words: dict[str, float] = {}
    rows = zip(_texts(table.column(found["word"])), _texts(table.column(found["score"])), strict=True)
    for i, (word, text) in enumerate(rows):
        try:
            score = float(text or "")
        except ValueError:
            score = 2.0
        if not -1 <= score <= 1:
            raise LogError(f'the score "{text}" in row {i + 2}', where=str(path), expected="a number from -1 to 1")
        if word:
            words[word.lower()] = score
    return words


def sentiment(text: str, words: Mapping[str, float]) -> float:
    """Return the mean score of the words of `text` that the lexicon knows; NaN where it knows none."""
    found = [words[word] for word in re.findall(r"\w+", text.lower()) if word in words]
    return float(np.mean(found)) if found else float("nan")

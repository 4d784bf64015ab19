"""The listening path: what every source says, put on the stages, made comparable, and where the voices disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError, Problem, nearest
from desireline.experience.feedback import Feedback, grouped, sentiment
from desireline.stats.proportion import wilson

LEAST = 10
VOICES = ("customer", "employee", "institution")
PERMUTATIONS = 9_999
EMOTIONAL = ("sentiment", "emotion", "mood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How many scores a source has at a stage."""

    stage: str
    source: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a source says of a stage (touchpoint None: of all of it) or of a touchpoint, from 0 (worst) to 1 (best).

    `low` and `high` are Wilson's 95 % interval. `comparable` is the score in the source's own spread, drawn towards the
    source's mean where answers are few: 0 is as that source usually is, 1 one standard deviation better; None for a
    source that speaks of one stage only. Samples below the minimum are `withheld`: their scores are None.
    """

    stage: str
    touchpoint: str | None
    source: str
    voice: str
    lens: str
    n: int
    mean: float | None
    low: float | None
    high: float | None
    comparable: float | None
    withheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Kendall's W of the voices over the stages that all of them rate (1: same order, 0: none), with its p-value."""

    w: float | None
    p: float | None
    voices: tuple[str, ...]
    stages: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """How far apart the voices are at a stage, in standard deviations of their own scores."""

    stage: str
    spread: float
    highest: str
    lowest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many were asked by a source and answered; shares of those asked."""

    source: str
    asked: int
    answered: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """What customers say of a stage, rational and emotional, comparable; None where nobody was heard enough."""

    stage: str
    rational: float | None
    emotional: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The listening path of a journey."""

    answers: int
    least: int
    coverage: tuple[Covered, ...]
    scores: tuple[Said, ...]
    agreement: Agreement
    disagreements: tuple[Disagreement, ...]
    lenses: tuple[Lens, ...]
    non_response: tuple[Asked, ...]
    silent_stages: tuple[str, ...]
    texts_without_score: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """Scores as arrays: stage (index), touchpoint (None), source, voice, lens by answer."""

    stage: np.ndarray
    touchpoint: list[str | None]
    source: list[str]
    voice: list[str]
    lens: list[str]
    score: np.ndarray


def listen(
    feedback: Feedback,
    blueprint: Blueprint,
    *,
    least: int = LEAST,
    lexicon: Mapping[str, float] | None = None,
    leave_out: bool = False,
    seed: int = 1,
) -> Listening:
    """Return what the answers say about each stage of `blueprint`.

    Parameters
    ----------
    least
        Samples of fewer answers are withheld.
    lexicon
        Words with their sentiment, -1 to 1: texts without a score get the mean of their words. Without it no text is
        judged.
    leave_out
        Leave out answers on no known stage, and say so, instead of refusing them.

    Raises
    ------
    LogError
        If an answer is on no stage or touchpoint of the blueprint, or nothing is left.
    """
    stage, touchpoint, problems = _places(feedback, blueprint)
    if problems and not leave_out:
        raise LogError(problems=grouped(problems))
    score, judged = _scored(feedback, lexicon)
    placed = stage >= 0
    heard = placed & ~np.isnan(score)
    if not heard.any():
        expected = "scores on stages of the blueprint"
        raise LogError("no answer has a score and a stage", where="listen", expected=expected)
    answers = _heard(feedback, heard, stage, touchpoint, score, judged)
    said = _said(answers, blueprint, least)
    by_stage = [row for row in said if row.touchpoint is None]
    return Listening(
        answers=len(answers.score),
        least=least,
        coverage=_coverage(answers, blueprint),
        scores=tuple(said),
        agreement=_agreement(by_stage, seed),
        disagreements=_disagreements(by_stage),
        lenses=_lenses(by_stage, blueprint),
        non_response=_non_response(feedback),
        silent_stages=tuple(s for i, s in enumerate(blueprint.stages) if not (answers.stage == i).any()),
        texts_without_score=sum(
            1 for i, text in enumerate(feedback.text) if text is not None and np.isnan(score[i]) and placed[i]
        ),
        left_out=(*feedback.left_out, *(str(problem) for problem in problems)),
        notes=tuple(_notes(by_stage, lexicon)),
    )


def _places(feedback: Feedback, blueprint: Blueprint) -> tuple[np.ndarray, list[str | None], list[Problem]]:
    """Return the stage (index, -1 unknown) and the touchpoint of each answer, and those on none that is known."""
    stages = {name.lower(): i for i, name in enumerate(blueprint.stages)}
    points = {name.lower(): t for name, t in blueprint.by_activity().items()}
    points |= {name.lower(): t for name, t in blueprint.touchpoints.items()}
    place = np.full(len(feedback), -1)
    touchpoints: list[str | None] = [None] * len(feedback)
    problems: list[Problem] = []
    for i, (stage, point) in enumerate(zip(feedback.stage, feedback.touchpoint, strict=True)):
        if point is not None and point.lower() in points:
            touchpoints[i] = points[point.lower()].name
            place[i] = blueprint.stages.index(points[point.lower()].stage)
        elif point is None and stage is not None and stage.lower() in stages:
            place[i] = stages[stage.lower()]
        else:
            problems.append(_nowhere(feedback.place[i], stage, point, blueprint))
    return place, touchpoints, problems


def _heard(
    feedback: Feedback,
    heard: np.ndarray,
    stage: np.ndarray,
    touchpoint: list[str | None],
    score: np.ndarray,
    judged: np.ndarray,
) -> _Answers:
    """Return the answers that are heard: those with a score and a stage."""
    rows = np.flatnonzero(heard).tolist()
    return _Answers(
        stage=stage[heard],
        touchpoint=[touchpoint[i] for i in rows],
        source=[_source(feedback, i, judged) for i in rows],
        voice=[_voice(feedback, i) for i in rows],
        lens=[_lens(feedback, i, judged) for i in rows],
        score=score[heard],
    )


def _nowhere(where: str, stage: str | None, point: str | None, blueprint: Blueprint) -> Problem:
    if point is not None:
        known = list(blueprint.touchpoints)
        return Problem(where=where, found=f'no touchpoint "{point}"', help=nearest(point, known))
    if stage is not None:
        return Problem(where=where, found=f'no stage "{stage}"', help=nearest(stage, blueprint.stages))
    return Problem(where=where, found="an answer without a stage or touchpoint", expected="one of them")


def _scored(feedback: Feedback, lexicon: Mapping[str, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return scores from 0 to 1, those of texts by the lexicon, and which come from it."""
    score = feedback.normal()
    judged = np.zeros(len(feedback), bool)
    for i, text in enumerate(feedback.text):
        if lexicon is not None and text is not None and np.isnan(score[i]):
            score[i] = (sentiment(text, lexicon) + 1) / 2
            judged[i] = not np.isnan(score[i])
    return score, judged


def _source(feedback: Feedback, i: int, judged: np.ndarray) -> str:
    name = feedback.source[i] or "unnamed"
    return f"{name} (texts)" if judged[i] else name


def _voice(feedback: Feedback, i: int) -> str:
    """Return who speaks: as the file says, else as the source's name says, else a customer."""
    said = (feedback.voice[i] or "").lower()
    if said:
        return next((voice for voice in VOICES if voice in said), said)
    source = (feedback.source[i] or "").lower()
    words = {"employee": ("employee", "staff", "agent"), "institution": ("institution", "management", "audit")}
    return next((voice for voice, names in words.items() if any(n in source for n in names)), "customer")


def _lens(feedback: Feedback, i: int, judged: np.ndarray) -> str:
    said = (feedback.lens[i] or "").lower()
    if said.startswith("emo") or judged[i]:
        return "emotional"
    source = (feedback.source[i] or "").lower()
    return "emotional" if not said and any(word in source for word in EMOTIONAL) else "rational"


def _coverage(answers: _Answers, blueprint: Blueprint) -> tuple[Covered, ...]:
    sources = sorted(set(answers.source))
    code = np.array([sources.index(s) for s in answers.source])
    return tuple(
        Covered(stage=stage, source=source, n=int(((answers.stage == i) & (code == j)).sum()))
        for i, stage in enumerate(blueprint.stages)
        for j, source in enumerate(sources)
    )


def _said(answers: _Answers, blueprint: Blueprint, least: int) -> list[Said]:
    """Return what each source says of each stage and touchpoint it speaks of, in the order of the blueprint."""
    groups: dict[tuple[int, str | None, str], list[int]] = {}
    of_source: dict[str, list[int]] = {}
    for i, source in enumerate(answers.source):
        of_source.setdefault(source, []).append(i)
        groups.setdefault((int(answers.stage[i]), None, source), []).append(i)
        if answers.touchpoint[i] is not None:
            groups.setdefault((int(answers.stage[i]), answers.touchpoint[i], source), []).append(i)
    spread = {source: _spread(answers.score[rows], _stages_of(answers, rows)) for source, rows in of_source.items()}
    names = {None: -1} | {name: i for i, name in enumerate(blueprint.touchpoints)}
    found = []
    for (stage, point, source), rows in sorted(groups.items(), key=lambda g: (g[0][0], names[g[0][1]], g[0][2])):
        scores, n = answers.score[rows], len(rows)
        withheld = n < least
        low, high = wilson(float(scores.sum()), n)
        found.append(
            Said(
                stage=blueprint.stages[stage],
                touchpoint=point,
                source=source,
                voice=answers.voice[rows[0]],
                lens=answers.lens[rows[0]],
                n=n,
                mean=None if withheld else float(scores.mean()),
                low=None if withheld else low,
                high=None if withheld else high,
                comparable=None if withheld else _comparable(scores, spread[source]),
                withheld=withheld,
            )
        )
    return found


def _stages_of(answers: _Answers, rows: Sequence[int]) -> np.ndarray:
    return np.asarray(answers.stage[rows])


def _spread(scores: np.ndarray, stage: np.ndarray) -> tuple[float, float, float] | None:
    """Return mean and deviation of a source's scores, and how many answers its own mean weighs.

    That is the variance within stages over the variance between them (method of moments): the empirical Bayes shrinkage
    of the means (Efron and Morris 1975, doi:10.1080/01621459.1975.10479864). None for a source that speaks of one stage
    only, or always says the same: it compares nothing.
    """
    mean, deviation = float(scores.mean()), float(scores.std())
    _, place = np.unique(stage, return_inverse=True)
    n = np.bincount(place)
    means = np.bincount(place, scores) / n
    k, total = len(n), len(scores)
    if k < 2 or total <= k or not deviation:
        return None
    within = float(((scores - means[place]) ** 2).sum()) / (total - k)
    usual = (total - float((n**2).sum()) / total) / (k - 1)
    between = (float((n * (means - mean) ** 2).sum()) / (k - 1) - within) / usual
    return mean, deviation, within / max(between, 1e-3 * deviation**2)


def _comparable(scores: np.ndarray, spread: tuple[float, float, float] | None) -> float | None:
    if spread is None:
        return None
    mean, deviation, weight = spread
    return float((scores.mean() - mean) / deviation * len(scores) / (len(scores) + weight))


def _of_voices(rows: Sequence[Said]) -> tuple[list[str], list[str], np.ndarray]:
    """Return voices, stages and the comparable score of each voice at each stage (NaN: not heard enough)."""
    voices = list(dict.fromkeys(row.voice for row in rows))
    if len(voices) < 2:  # only one kind of speaker: its sources are the voices
        rows = [replace(row, voice=row.source) for row in rows]
    voices = sorted({row.voice for row in rows})
    stages = list(dict.fromkeys(row.stage for row in rows))
    total = np.zeros((len(voices), len(stages)))
    n = np.zeros_like(total)
    for row in rows:
        if row.comparable is not None:
            place = voices.index(row.voice), stages.index(row.stage)
            total[place] += row.n * row.comparable
            n[place] += row.n
    with np.errstate(invalid="ignore"):
        return voices, stages, np.where(n > 0, total / n, np.nan)


def _agreement(rows: Sequence[Said], seed: int) -> Agreement:
    voices, _, table = _of_voices(rows)
    shared = table[:, ~np.isnan(table).any(axis=0)]
    if len(voices) < 2 or shared.shape[1] < 3:
        reason = "it takes two voices that are heard enough at three stages"
        return Agreement(w=None, p=None, voices=tuple(voices), stages=shared.shape[1], reason=reason)
    w = kendall_w(shared)
    p = _permuted_p(shared, np.random.Generator(np.random.Philox(seed)))
    return Agreement(w=w, p=p, voices=tuple(voices), stages=shared.shape[1])


def _permuted_p(ratings: np.ndarray, random: np.random.Generator) -> float:
    """Return how often rankings at random agree as well as these, by permutations of each rater's."""
    from scipy.stats import rankdata

    ranks = rankdata(ratings, axis=1)
    sums = sum(random.permuted(np.tile(row, (PERMUTATIONS, 1)), axis=1) for row in ranks)
    spread = np.var(np.vstack([ranks.sum(axis=0), sums]), axis=1)
    return float(((spread[1:] >= spread[0] - 1e-9).sum() + 1) / (PERMUTATIONS + 1))


def kendall_w(ratings: np.ndarray) -> float:
    """Return Kendall's coefficient of concordance of raters (rows) over what they rate (columns), ties allowed.

    References
    ----------
    Kendall and Babington Smith (1939), doi:10.1214/aoms/1177732186.

    Examples
    --------
    >>> kendall_w(np.array([[1, 2, 3], [1, 2, 3]]))
    1.0
    """
    from scipy.stats import rankdata

    ranks = rankdata(ratings, axis=1)
    m, n = ranks.shape
    squares = float(((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2).sum())
    ties = 0.0
    for row in ranks:
        counts = np.unique(row, return_counts=True)[1].astype(float)
        ties += float((counts**3 - counts).sum())
    whole = m * m * (n**3 - n) - m * ties
    return 12 * squares / whole if whole > 0 else 0.0


def _disagreements(rows: Sequence[Said]) -> tuple[Disagreement, ...]:
    voices, stages, table = _of_voices(rows)
    found = []
    for j, stage in enumerate(stages):
        heard = np.flatnonzero(~np.isnan(table[:, j]))
        if len(heard) >= 2:
            high, low = heard[table[heard, j].argmax()], heard[table[heard, j].argmin()]
            spread = float(table[high, j] - table[low, j])
            found.append(Disagreement(stage=stage, spread=spread, highest=voices[high], lowest=voices[low]))
    return tuple(sorted(found, key=lambda row: -row.spread))


def _lenses(rows: Sequence[Said], blueprint: Blueprint) -> tuple[Lens, ...]:
    """Return what customers say through each lens; what all say where no customer is heard."""
    rows = [row for row in rows if row.voice == "customer"] or rows

    def mean(stage: str, lens: str) -> float | None:
        mine = [r for r in rows if r.stage == stage and r.lens == lens and r.comparable is not None]
        n = sum(r.n for r in mine)
        return sum(r.n * (r.comparable or 0.0) for r in mine) / n if n else None

    return tuple(
        Lens(stage=stage, rational=mean(stage, "rational"), emotional=mean(stage, "emotional"))
        for stage in blueprint.stages
    )


def _non_response(feedback: Feedback) -> tuple[Asked, ...]:
    counts: dict[str, list[int]] = {}
    for source, score, text in zip(feedback.source, feedback.score, feedback.text, strict=True):
        asked = counts.setdefault(source or "unnamed", [0, 0])
        asked[0] += 1
        asked[1] += not np.isnan(score) or text is not None
    return tuple(
        Asked(source=source, asked=asked, answered=answered, share=answered / asked)
        for source, (asked, answered) in sorted(counts.items())
    )


def _notes(rows: Sequence[Said], lexicon: Mapping[str, float] | None) -> list[str]:
    notes = ["those who answer may differ from those who do not; the intervals do not hold that"]
    if any(row.withheld for row in rows):
        notes.append("samples below the minimum are withheld")
    if lexicon is not None:
        notes.append("texts are judged by the words of the lexicon alone")
    return notes

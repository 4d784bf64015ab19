"""Studies read from files, with the scenarios and factors they name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from desireline.errors import Problem, ScenarioError, StudyError, nearest
from desireline.files import Document, Path_, read_document, validate_part
from desireline.measure.registry import MEASURES
from desireline.scenario.changes import DelayChange, DemandChange, DurationChange, PatienceChange, PoolChange
from desireline.scenario.fields import Change
from desireline.scenario.load import Placed, Scenario, read_changes, read_scenario
from desireline.study.schema import ReplicationsFile, ScenarioWithin, StudyFrame
from desireline.study.window import Asked, Begin
from desireline.units import MICROSECONDS, YEAR

BASELINE = "baseline"
PRECISION = 0.02
"""Asked where a study leaves the number of runs open and does not say how precise."""
_FACTOR_FORM = '"demand", "pool NAME", "duration TOUCHPOINT", "delay TOUCHPOINT" or "patience TOUCHPOINT"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Something that is varied besides the scenarios: its values as written, and the change each of them is.

    They lie from `low` to `high`; `whole` where only whole numbers make sense.
    """

    name: str
    values: tuple[str | int | float, ...]
    changes: tuple[Placed, ...]
    low: float = 1.0
    high: float = 1.0
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is to be simulated; paths can be opened from here, times are microseconds.

    `precision` is a share of the baseline's mean of the measure `of` (None: the first that the model has); `within` is
    how far ahead, in the measure's unit, the best has to be to be chosen surely; both None: a fixed number of runs.
    `points` of a design that spreads them; `by` a case attribute whose values are told apart; `worth` is money per unit
    of a measure and case, `years` how long a scenario has to pay its cost, `budget` what may be spent.
    """

    name: str
    file: str
    model: str | None = None
    log: str | None = None
    blueprint: str | None = None
    scenarios: tuple[Scenario, ...] = ()
    factors: tuple[Factor, ...] = ()
    design: Literal["grid", "one-at-a-time", "latin", "sobol", "morris"] = "grid"
    points: int | None = None
    horizon: int | None = None
    cases: int | None = None
    start: str | None = None
    warm_up: int | Literal["auto"] = 0
    steady: bool = False
    initial: Begin | None = None
    precision: float | None = None
    within: float | None = None
    of: str | None = None
    at_least: int = 20
    at_most: int = 100
    measures: tuple[str, ...] = tuple(MEASURES)
    by: str | None = None
    worth: Mapping[str, float] = field(default_factory=dict)
    years: float = 1.0
    budget: float | None = None

    @property
    def asked(self) -> Asked:
        """Which part of the journey is to be simulated."""
        return Asked(
            start=self.start,
            horizon=self.horizon,
            cases=self.cases,
            warm_up=self.warm_up,
            steady=self.steady,
            initial=self.initial,
        )


def read_study(path: str | Path) -> Study:
    """Return the study in the file at `path`.

    Raises
    ------
    StudyError
        With everything that is wrong in it and in the scenario files it names.
    """
    document = read_document(path, StudyError)
    frame, problems = validate_part(document, (), StudyFrame)
    data = document.data if isinstance(document.data, Mapping) else {}
    scenarios = _scenarios(document, data.get("scenarios", {}), problems)
    factors = _factors(document, data.get("factors", {}), problems)
    problems += _unknown_measures(document, data)
    if frame is None or problems:
        raise StudyError(problems=problems)
    measures = frame.measures or tuple(MEASURES)
    runs = frame.replications
    return Study(
        name=frame.study,
        file=str(path),
        model=_beside(path, frame.model),
        log=_beside(path, frame.log),
        blueprint=_beside(path, frame.blueprint),
        scenarios=scenarios,
        factors=factors,
        design=frame.design,
        points=frame.points,
        horizon=frame.horizon,
        cases=frame.cases,
        start=frame.start,
        warm_up=frame.warm_up,
        steady=frame.steady,
        initial=Begin(log=_beside(path, frame.initial.log) or "", at=frame.initial.at) if frame.initial else None,
        precision=runs.precision or (PRECISION if runs.at_least < runs.at_most and runs.within is None else None),
        within=_within(runs),
        of=runs.of,
        at_least=runs.at_least,
        at_most=runs.at_most,
        measures=measures,
        by=frame.by,
        worth=dict(frame.worth),
        years=frame.years / YEAR,
        budget=frame.budget,
    )


def _within(runs: ReplicationsFile) -> float | None:
    """Return how far ahead the best has to be, in the unit of the measure: seconds, a share, or a number."""
    if runs.within is None or runs.of is None or runs.of not in MEASURES:
        return None
    unit = MEASURES[runs.of].unit
    return runs.within / MICROSECONDS if unit == "s" else runs.within


def _beside(study: str | Path, name: str | None) -> str | None:
    """Return a path that a study names, relative to the study's folder."""
    if name is None or "://" in name:
        return name
    return str(Path(study).parent / name)


def _scenarios(document: Document, written: Any, problems: list[Problem]) -> tuple[Scenario, ...]:
    if not isinstance(written, Mapping):
        problems.append(document.problem(("scenarios",), "no mapping", "scenarios such as {second crew: [...]}"))
        return ()
    found = []
    for name, item in written.items():
        at: Path_ = ("scenarios", name)
        if name.strip().lower() == BASELINE:
            problems.append(
                document.problem(at, f'a scenario called "{name}"', "another name; the unchanged model is the baseline")
            )
        found.append(_scenario(document, at, str(name), item, problems))
    return tuple(scenario for scenario in found if scenario is not None)


def _scenario(document: Document, at: Path_, name: str, item: Any, problems: list[Problem]) -> Scenario | None:
    if isinstance(item, Mapping) and set(item) == {"file"}:
        try:
            made = read_scenario(_beside(document.file, str(item["file"])) or "")
        except ScenarioError as fault:
            problems += fault.problems
            return None
        return Scenario(name=name, changes=made.changes, cost=made.cost, owner=made.owner, ready=made.ready)
    if isinstance(item, Mapping) and "changes" in item:
        return _written_out(document, at, name, problems)
    changes, wrong = read_changes(document, at)
    problems += wrong
    return Scenario(name=name, changes=changes)


def _written_out(document: Document, at: Path_, name: str, problems: list[Problem]) -> Scenario | None:
    """Return a scenario that stands in the study with its cost."""
    frame, wrong = validate_part(document, at, ScenarioWithin)
    changes, more = read_changes(document, (*at, "changes"))
    problems += more or [p for p in wrong if p not in more]
    if frame is None:
        return None
    return Scenario(name=name, changes=changes, cost=frame.cost, owner=frame.owner, ready=frame.ready)


def _factors(document: Document, written: Any, problems: list[Problem]) -> tuple[Factor, ...]:
    if not isinstance(written, Mapping):
        return ()
    return tuple(_factor(document, str(name), values, problems) for name, values in written.items())


def _factor(document: Document, name: str, values: Any, problems: list[Problem]) -> Factor:
    at: Path_ = ("factors", name)
    values = values if isinstance(values, list) else []
    if not values:
        problems.append(document.problem(at, f'the factor "{name}" has no values', "a list such as [x0.9, x1.1]"))
    changes = []
    for i, value in enumerate(values):
        if value in values[:i]:
            problems.append(document.problem((*at, i), f'the factor "{name}" has the value {value} twice'))
        try:
            change = factor_change(name, value)
            changes.append(Placed(change=change, file=document.file, line=document.line((*at, i))))
        except ValidationError as fault:
            message = fault.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            expected = message.removeprefix("Input should be ")
            problems.append(document.problem((*at, i), f'{name}: "{value}"', expected))
        except StudyError as fault:
            problems += [document.problem(at, p.found, p.expected, p.help) for p in fault.problems]
            break
    sizes = [_size(placed.change) for placed in changes] or [1.0]
    return Factor(
        name=name,
        values=tuple(values),
        changes=tuple(changes),
        low=min(sizes),
        high=max(sizes),
        whole=name.startswith("pool "),
    )


def _size(change: Change) -> float:
    """Return the number that a factor's value stands for."""
    written = change.set_ if isinstance(change, PoolChange) else getattr(change, "scale", None)
    return float(change.demand if isinstance(change, DemandChange) else written or 0.0)  # type: ignore[arg-type]


def factor_change(name: str, value: Any) -> Change:
    """Return the change that a factor makes at one of its values.

    Raises
    ------
    StudyError
        If there is no such factor.
    ValidationError
        If the value does not fit.
    """
    kind, _, what = name.partition(" ")
    if name == "demand":
        return DemandChange.model_validate({"demand": value})
    if kind == "pool" and what:
        pool = name if what.startswith("of ") else what
        return PoolChange.model_validate({"pool": pool, "set": value})
    if kind == "duration" and what:
        return DurationChange.model_validate({"duration": what, "scale": value})
    if kind == "delay" and what:
        return DelayChange.model_validate({"delay": what, "scale": value})
    if kind == "patience" and what:
        return PatienceChange.model_validate({"patience": what, "scale": value})
    raise StudyError(
        f'unknown factor "{name}"',
        expected=_FACTOR_FORM,
        help=nearest(kind, ("demand", "pool", "duration", "delay", "patience")),
    )


def _unknown_measures(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    named = data.get("measures", ())
    places: list[tuple[Path_, Any]] = (
        [(("measures", i), name) for i, name in enumerate(named)]
        if isinstance(named, list)
        else [(("measures",), named)]
        if isinstance(named, str)
        else []
    )
    runs = data.get("replications")
    if isinstance(runs, Mapping) and "of" in runs:
        places.append((("replications", "of"), runs["of"]))
    worth = data.get("worth")
    places += [(("worth", name), name) for name in worth] if isinstance(worth, Mapping) else []
    for at, name in places:
        if name not in MEASURES:
            available = f"one of: {', '.join(MEASURES)}"
            yield document.problem(at, f'no measure "{name}"', available, nearest(str(name), MEASURES))

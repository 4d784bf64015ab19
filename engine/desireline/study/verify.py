"""Does the simulator agree with theory, and do its backends agree with each other, on this machine?"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from desireline.errors import StudyError
from desireline.model.model import (
    HOURS,
    Activity,
    Branch,
    Distribution,
    Model,
    Node,
    Parameters,
    Patience,
    Pool,
    Shift,
    Stream,
    Times,
)
from desireline.simulate.run import ABANDONED, Run, simulate
from desireline.stats.interval import Estimate, student
from desireline.stats.queueing import Queue, erlang_a, erlang_c, pollaczek_khinchine

LEVEL = 0.999
HALF_WIDTH = 0.01
CASES = 100_000
BLOCK = 10
MOST_RUNS = 2_000
_UNIT = 1_000_000
_WEEK = 10_080


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A number that theory knows, and the simulator's estimate with its 99.9 % interval."""

    name: str
    theory: float
    simulated: Estimate
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A queue with exponential arrivals whose long-run means are known.

    It is simulated with one arrival a second; `gap` is the mean time between arrivals in the unit of `theory`, and
    `relaxation` the number of arrivals after which the start is forgotten.
    """

    name: str
    service: Distribution
    units: int
    patience: Distribution | None
    theory: Queue
    relaxation: float
    gap: float = 1.0


def exponential(mean: float) -> Distribution:
    """Return an exponential distribution with its mean in gaps between arrivals."""
    return Distribution(kind="exponential", x=(max(1, round(mean * _UNIT)),))


def markov(name: str, arrivals: float, service: float, units: int, leaving: float = 0.0) -> Case:
    """Return M/M/c, or Erlang-A where customers leave; rates per any unit of time.

    Raises
    ------
    StudyError
        If there is no steady state, or the rates are too far apart to be simulated.
    """
    try:
        theory = erlang_a(arrivals, service, units, leaving) if leaving else erlang_c(arrivals, service, units)
    except ValueError as fault:
        raise StudyError(str(fault), where=name, expected="rates that lead to a steady state") from None
    if not 1e-4 < service / arrivals < 1e4 or (leaving and not 1e-4 < leaving / arrivals < 1e4):
        raise StudyError("the rates are more than four orders of magnitude apart", where=name)
    load = arrivals / (units * service)
    slack = service * units * (1 - math.sqrt(load)) ** 2 if load < 1 else 0.0
    return Case(
        name=name,
        service=exponential(arrivals / service),
        units=units,
        patience=exponential(arrivals / leaving) if leaving else None,
        theory=theory,
        relaxation=arrivals / max(slack, min(leaving, service), 1e-9),
        gap=1 / arrivals,
    )


def two_lengths(load: float) -> Case:
    """Return M/G/1 in which four services in five are short and one is nine times as long."""
    short = load / 2.6
    moments = 0.8 * short + 0.2 * 9 * short, 0.8 * short**2 + 0.2 * (9 * short) ** 2
    x = tuple(round(length * _UNIT) for length in (short, short, 9 * short, 9 * short))
    service = Distribution(kind="empirical", x=x, p=(0.0, 0.8, 0.8, 1.0))
    theory = pollaczek_khinchine(1.0, *moments)
    return Case(
        name="M/G/1", service=service, units=1, patience=None, theory=theory, relaxation=8 / (1 - math.sqrt(load)) ** 2
    )


def model(case: Case) -> Model:
    """Return `case` as a model, with one arrival a second on average."""
    patience = Patience(time=case.patience, activity="Leave") if case.patience else None
    activity = Activity(duration=Times(default=case.service), pools=("Desk",), patience=patience)
    return Model(
        name=case.name,
        timezone="UTC",
        start_at="2026-01-05",
        parameters=Parameters(
            streams=(Stream(name="all", rates=(3600.0,) * HOURS),),
            start=(Branch(to="Serve", share=1.0),),
            nodes={
                "Serve": Node(id="Serve", kind="activity", activity="Serve", branches=(Branch(to=None, share=1.0),))
            },
            activities={"Serve": activity},
            pools={"Desk": Pool(name="Desk", shifts=(Shift(start=0, end=_WEEK, units=case.units),))},
        ),
    )


def estimate(case: Case, seed: int, workers: int) -> Mapping[str, Estimate]:
    """Return wait and share abandoned with 99.9 % intervals, within 1 % of theory wide where runs allow it.

    Each run drops its first cases until the start is forgotten. Runs come in blocks of ten, in their order, so the
    number of `workers` (threads) does not matter.

    Raises
    ------
    StudyError
        If the queue forgets its start too slowly for a run.
    """
    drop = int(20 * case.relaxation) + 100
    if drop > 20 * CASES:
        raise StudyError("the load is too near to what the units can do", where=case.name)
    small, cases = model(case), drop + CASES

    def once(replication: int) -> tuple[float, float]:
        run = simulate(small, seed=seed, replication=replication, cases=cases, backend="compiled")
        seen = run.case >= drop
        wait = float((run.start - run.enabled)[seen].mean()) / _UNIT * case.gap
        return wait, float((run.ended[seen] == ABANDONED).mean())

    names = ("wait", "abandoned") if case.patience else ("wait",)
    rows: list[tuple[float, float]] = []
    with ThreadPoolExecutor(workers) as threads:
        while True:
            rows += threads.map(once, range(len(rows), len(rows) + BLOCK))
            found = {name: student(np.array([row[i] for row in rows]), LEVEL) for i, name in enumerate(names)}
            if len(rows) >= MOST_RUNS or all(_narrow(found[name], getattr(case.theory, name)) for name in names):
                return found


def _narrow(found: Estimate, theory: float) -> bool:
    return found.low is not None and found.mean - found.low <= HALF_WIDTH * abs(theory)


def checks(case: Case, seed: int, workers: int) -> Iterator[Check]:
    """Yield a check for each number that theory knows of `case`."""
    for measure, found in estimate(case, seed, workers).items():
        theory = getattr(case.theory, measure)
        holds = found.low is not None and found.high is not None and found.low <= theory <= found.high
        yield Check(name=f"{case.name}: {measure}", theory=theory, simulated=found, holds=holds)


def littles_law(seed: int) -> Check:
    """Return whether the time customers waited is the queue's length summed over time: exactly, in one run."""
    case = markov("Little's law", 0.8, 1.0, 1)
    run = simulate(model(case), seed=seed, cases=CASES, backend="compiled")
    waited = int((run.start - run.enabled).sum())
    at = np.concatenate([run.enabled, run.start])
    order = np.argsort(at, kind="stable")
    length = np.cumsum(np.repeat([1, -1], len(run.start))[order])[:-1]
    found = int((length * np.diff(at[order])).sum())
    exact = Estimate(mean=found / _UNIT, low=found / _UNIT, high=found / _UNIT)
    return Check(name="Little's law: time waited", theory=waited / _UNIT, simulated=exact, holds=found == waited)


def agreement(cases: Iterable[Case], seed: int) -> Check:
    """Return in how many of these queues, run in both backends, anything differs: theory says in none."""
    differing = 0
    for case in cases:
        runs = [simulate(model(case), seed=seed, cases=2_000, backend=backend) for backend in ("simpy", "compiled")]
        names = [field.name for field in fields(Run) if field.name != "plan"]
        differing += any(not np.array_equal(*(getattr(run, name) for run in runs)) for name in names)
    found = Estimate(mean=float(differing), low=float(differing), high=float(differing))
    return Check(name="backends differ", theory=0.0, simulated=found, holds=differing == 0)


def verify(seed: int, workers: int, progress: Callable[[str], None]) -> Iterator[Check]:
    """Yield every check; `progress` is told what is being checked."""
    cases = [
        markov("M/M/1", 0.7, 1.0, 1),
        markov("M/M/5", 4.0, 1.0, 5),
        markov("Erlang-A", 10.0, 1.0, 10, 0.5),
        two_lengths(0.6),
    ]
    progress("compiling, on the first run")
    yield agreement(cases, seed)
    progress("Little's law")
    yield littles_law(seed)
    for case in cases:
        progress(case.name)
        yield from checks(case, seed, workers)

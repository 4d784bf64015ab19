"""Where to spend: what a scenario brings in money against what it costs, its staff included."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from desireline.model.model import Model
from desireline.scenario.changes import Cost
from desireline.scenario.load import Scenario
from desireline.stats.interval import LEVEL
from desireline.study.answers import Runs
from desireline.study.decision import Money, Portfolio, Priority, Set
from desireline.study.design import Cell
from desireline.study.load import Study
from desireline.study.ranking import HIGHER_IS_BETTER
from desireline.study.staffing import Staffing, per_year, priced_pools, states_running
from desireline.units import DAY, WEEK, YEAR

DEFAULT_HORIZON = 4 * WEEK
LIKELY = 0.8
QUICK = 90 * DAY
MOST_SCENARIOS = 14
SETS = 6


def prices(study: Study, runs: Runs, missing: Mapping[str, str]) -> dict[str, float]:
    """Return what one unit of each measure is worth per case, with its sign; empty where nothing tells money.

    What the study gives counts; else `value` and `cost`, which are money already.
    """
    given = {name: price for name, price in study.worth.items() if name not in missing}
    known = [name for name in ("value", "cost") if name in runs.values and name not in missing]
    if not given and "value" not in known:
        return {}
    money: dict[str, float] = dict.fromkeys(known, 1.0)
    if "retained" in given:
        money.pop("value", None)
    return {name: price if HIGHER_IS_BETTER.get(name, True) else -price for name, price in (money | given).items()}


def yearly(study: Study, model: Model, runs: Runs, priced: Mapping[str, float]) -> np.ndarray:
    """Return the money of every run and cell for a year, shape (runs, cells)."""
    per_case = sum(
        (price * runs.values[name] for name, price in priced.items() if name != "cases"),
        start=np.zeros_like(runs.values["cases"]),
    )
    return np.asarray((per_case + priced.get("cases", 0.0)) * runs.values["cases"] * _runs_a_year(study, model))


def _runs_a_year(study: Study, model: Model) -> float:
    if study.horizon is None and study.cases is not None:
        a_week = sum(sum(stream.rates) for stream in model.parameters.streams)
        return a_week * YEAR / WEEK / study.cases
    return YEAR / (study.horizon or DEFAULT_HORIZON)


def at_first_setting(runs: Runs) -> list[Cell]:
    """Return the cells of the scenarios that have an answer, at the first setting of the factors."""
    return [cell for i, cell in enumerate(runs.cells) if cell.baseline == 0 and i != 0 and cell.unknown is None]


def priorities(study: Study, cells: Sequence[Cell], draws: np.ndarray) -> tuple[Priority, ...]:
    """Return every scenario by what it brings, the best first; `draws` of its yearly benefit, shape (draws, cells)."""
    scenarios = {scenario.name: scenario for scenario in study.scenarios}
    known = [(scenarios[cell.scenario], cell.staffing) for cell in cells]
    costs = [total(scenario.cost, staff, study.years) for scenario, staff in known]
    rows = [
        _priority(scenario, staff, draws[:, k], study.years, costs)
        for k, (scenario, staff) in enumerate(known)
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: -row.net.mean)
    return tuple(replace(row, rank=rank) for rank, row in enumerate(ordered, 1))


def total(cost: Cost | None, staff: Sequence[Staffing], years: float) -> float:
    """Return what a scenario costs over the years: once, and each year."""
    return (cost.once if cost else 0.0) + per_year(cost, staff) * years


def _priority(
    scenario: Scenario, staff: tuple[Staffing, ...], draws: np.ndarray, years: float, costs: Sequence[float]
) -> Priority:
    whole = total(scenario.cost, staff, years)
    net = draws * years - whole
    positive = float((net > 0).mean())
    quick = scenario.ready is None or scenario.ready <= QUICK
    cost_given = scenario.cost is not None or bool(priced_pools(staff))
    cheap = cost_given and whole <= float(np.median(costs))
    return Priority(
        scenario=scenario.name,
        benefit=money_of(draws),
        cost=whole,
        once=scenario.cost.once if scenario.cost else 0.0,
        per_year=per_year(scenario.cost, staff),
        net=money_of(net),
        probability_positive=positive,
        rank=0,
        low_hanging=bool(cheap and quick and positive >= LIKELY),
        owner=scenario.owner,
        ready=None if scenario.ready is None else scenario.ready / 1e6,
        evidence=scenario.evidence,
        cost_given=cost_given,
        staffing=staff,
        running_stated=states_running(scenario.cost),
    )


def money_of(draws: np.ndarray) -> Money:
    """Return the mean of draws of money with its interval."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Money(mean=float(draws.mean()), low=float(low), high=float(high))


def candidate_sets(
    study: Study, ranked: Sequence[Priority], budget: float, most: int = SETS
) -> list[tuple[tuple[str, ...], float]]:
    """Return the sets of two and more scenarios within `budget` that promise most when their gains are added up.

    The names stand in the order of the study; beside each set the sum of what its scenarios bring alone.
    """
    order = [scenario.name for scenario in study.scenarios]
    rows = {row.scenario: row for row in ranked[:MOST_SCENARIOS]}
    names = [name for name in order if name in rows]
    found = [
        (chosen, sum(rows[name].net.mean for name in chosen))
        for size in range(2, len(names) + 1)
        for chosen in combinations(names, size)
        if sum(rows[name].cost for name in chosen) <= budget
    ]
    return sorted(found, key=lambda item: -item[1])[:most]


def portfolio(
    study: Study,
    budget: float,
    ranked: Sequence[Priority],
    together: Mapping[tuple[str, ...], np.ndarray],
    left_out: Sequence[str] = (),
) -> Portfolio:
    """Return the best of the single scenarios and of the sets simulated `together` (draws of their yearly benefit)."""
    rows = {row.scenario: row for row in ranked}
    sets = [
        Set(scenarios=(row.scenario,), cost=row.cost, net=row.net, added=row.net.mean,
            probability_positive=row.probability_positive)
        for row in ranked if row.cost <= budget
    ]  # fmt: skip
    for names, draws in together.items():
        cost = sum(rows[name].cost for name in names)
        net = draws * study.years - cost
        sets.append(
            Set(
                scenarios=names,
                cost=cost,
                net=money_of(net),
                added=sum(rows[name].net.mean for name in names),
                probability_positive=float((net > 0).mean()),
            )
        )
    sets.sort(key=lambda item: -item.net.mean)
    best = sets[0] if sets and sets[0].net.mean > 0 else None
    return Portfolio(budget=budget, years=study.years, best=best, sets=tuple(sets), left_out=tuple(left_out))

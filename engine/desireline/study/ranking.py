"""Which scenario is best: on each measure, between cost and retention, and how sure that is."""

from collections.abc import Mapping, Sequence

import numpy as np

from desireline.seeds import chain, label_key
from desireline.stats.ranking import choose, mean_draws, probability_best
from desireline.study.answers import Runs
from desireline.study.decision import Best, Candidate, FrontRow

HIGHER_IS_BETTER = {
    "retained": True,
    "value": True,
    "wait": False,
    "wait_served": False,
    "idle": False,
    "cycle_time": False,
    "abandoned": False,
    "effort": False,
    "cost": False,
}
"""Measures of which more, or less, is better; the others have no best."""


def groups(runs: Runs) -> list[list[int]]:
    """Return the places of the cells that can be compared, baseline first: one group for each setting."""
    found: dict[int, list[int]] = {}
    for i, cell in enumerate(runs.cells):
        if cell.unknown is None:
            found.setdefault(cell.baseline, []).append(i)
    return list(found.values())


def best(runs: Runs, measures: Sequence[str], missing: Mapping[str, str]) -> list[dict[str, Best]]:
    """Return, for each setting of the factors, the best scenario by measure."""
    return [_best_at(runs, places, measures, missing) for places in groups(runs) if len(places) > 1]


def _best_at(runs: Runs, places: list[int], measures: Sequence[str], missing: Mapping[str, str]) -> dict[str, Best]:
    found = {}
    for measure in measures:
        if measure in HIGHER_IS_BETTER and measure not in missing:
            higher, values = HIGHER_IS_BETTER[measure], runs.values[measure][:, places]
            choice = choose(values, runs.refit, higher)
            if choice is not None:
                chances = probability_best(_draws(runs, values, measure), higher)
                cell = runs.cells[places[choice.place]]
                found[measure] = Best(
                    measure=measure,
                    scenario=cell.scenario,
                    factors=cell.factors,
                    probability=float(chances[choice.place]),
                    within=choice.within,
                    level=choice.level,
                    candidates=_candidates(runs, places, chances),
                )
    return found


def _candidates(runs: Runs, places: list[int], chances: np.ndarray) -> tuple[Candidate, ...]:
    rows = [
        Candidate(scenario=runs.cells[i].scenario, probability=float(chance))
        for i, chance in zip(places, chances.tolist(), strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: -row.probability))


def _draws(runs: Runs, values: np.ndarray, name: str) -> np.ndarray:
    return mean_draws(values, runs.refit, chain(runs.key(name), label_key("best")))


def front(runs: Runs, missing: Mapping[str, str]) -> tuple[FrontRow, ...]:
    """Return every scenario between cost (else cycle time) and retention (else giving up).

    Empty where one of the two is not known, or the same in every run.
    """
    x = next((m for m in ("cost", "cycle_time") if _told(runs, m, missing)), None)
    y = next((m for m in ("retained", "abandoned") if _told(runs, m, missing)), None)
    if x is None or y is None:
        return ()
    return tuple(row for places in groups(runs) if len(places) > 1 for row in _front_at(runs, places, x, y))


def _told(runs: Runs, measure: str, missing: Mapping[str, str]) -> bool:
    if measure not in runs.values or measure in missing or np.isnan(runs.values[measure]).all():
        return False
    return bool(np.nanmin(runs.values[measure]) < np.nanmax(runs.values[measure]))


def _front_at(runs: Runs, places: list[int], x: str, y: str) -> list[FrontRow]:
    both = np.concatenate([runs.values[x][:, places], runs.values[y][:, places]], axis=1)
    draws = _draws(runs, both, f"{x} {y}")
    count = len(places)
    sign = [1.0 if HIGHER_IS_BETTER[name] else -1.0 for name in (x, y)]

    def undominated(points: np.ndarray) -> np.ndarray:
        a, b = sign[0] * points[:, :count], sign[1] * points[:, count:]
        worse = (a[:, :, None] <= a[:, None, :]) & (b[:, :, None] <= b[:, None, :])
        strictly = (a[:, :, None] < a[:, None, :]) | (b[:, :, None] < b[:, None, :])
        return np.asarray(~(worse & strictly).any(axis=2))

    means = np.nanmean(both, axis=0)
    now, chance = undominated(means[None])[0], undominated(draws[:4000]).mean(axis=0)
    return [
        FrontRow(
            scenario=runs.cells[place].scenario,
            factors=runs.cells[place].factors,
            x=x,
            cost=float(means[i]),
            y=y,
            retained=float(means[count + i]),
            on_front=bool(now[i]),
            probability=float(chance[i]),
        )
        for i, place in enumerate(places)
    ]

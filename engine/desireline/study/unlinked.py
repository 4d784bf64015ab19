"""Times and ways that a model ties to how long a case has taken so far, made fit for what-if.

The log may show that cases which have taken long already wait longer again, or go other ways. That tells one kind of
case from another; it does not say that a redesign which makes cases later, or sooner, changes what comes after: elapsed
time stands between cause and effect, and both hang on what sort of case it is (Rosenbaum 1984, doi:10.2307/2981697). In
a what-if such times and ways are therefore drawn as they fall over all cases, in the baseline and the scenarios alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from desireline.calibrate.quantiles import distribution
from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import Activity, Branch, Distribution, Drawn, Model, Parameters, Table, Times, periods
from desireline.simulate.plan import Window
from desireline.simulate.run import Run, simulate

PARTS = ("delay", "response", "duration", "after")
POINTS = 1000
FEWEST = 20


def tied(model: Model) -> tuple[str, ...]:
    """Return the activities (and joins, choices) of which a time, or the way on, hangs on how long a case has taken."""
    activities, nodes = model.parameters.activities, model.parameters.nodes.values()
    led = dict.fromkeys(node.activity or node.timed_as or node.id for node in nodes if len(periods(node.branches)) > 1)
    timed = [
        name
        for name, activity in activities.items()
        if name in led or any(_hangs(part) for times in PARTS for part in _drawn(getattr(activity, times)))
    ]
    return (*timed, *(name for name in led if name not in activities))


def unlinked(model: Model, window: Window, seed: int, backend: str = "auto") -> tuple[Model, tuple[str, ...]]:
    """Return `model` without the tie to how long a case has taken, in its parameters and every refit, and what to say
    of it; where there is none, the model as it is.

    Each such time is drawn from the mixture of what it was tied to, with the weights of one run of the model as it is.
    Shares of ways are shares of all that leave, so they need no weights.
    """
    names = tied(model)
    if not names:
        return model, ()
    run = simulate(replace(model, refits=()), window=window, seed=seed, replication=0, backend=backend)
    ages = _Ages.of(run)
    refits = tuple(_without(refit, ages) for refit in model.refits)
    return replace(model, parameters=_without(model.parameters, ages), refits=refits), (_remark(names),)


def _remark(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"in the log times and ways at {shown} go with how long the case has taken so far; whether a redesign that "
        "changes the one changes the other is not known, so they are drawn as they fall over all cases"
    )


def _drawn(times: Times) -> tuple[Drawn, ...]:
    return (times.default, *times.by_previous.values())


def _hangs(part: Drawn) -> bool:
    return isinstance(part, Table) and bool(part.elapsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ages:
    """The visits of a run: activity and the one before it, and the age of the case (microseconds) at each part."""

    activity: np.ndarray
    previous: np.ndarray
    age: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, run: Run) -> "_Ages":
        order = np.lexsort((run.end, run.start, run.case))
        case, start, end = run.case[order], run.start[order], run.end[order]
        arrival = run.case_arrival[case]
        first = np.flatnonzero(np.append(True, case[1:] != case[:-1])) if len(case) else np.zeros(0, np.int64)
        before = latest_before(end, first)
        names = np.array(run.plan.activity_names)[run.activity[order]]
        earlier = np.append("", names[:-1])
        earlier[first] = ""
        ends = np.where(end == UNKNOWN, start, end)
        drawn = {
            "delay": np.where(before == UNKNOWN, arrival, before),
            "response": np.where(run.enabled[order] == UNKNOWN, start, run.enabled[order]),
            "duration": start,
            "after": ends,
        }
        ages = {name: np.maximum(times - arrival, 0) for name, times in drawn.items()}
        return cls(activity=names, previous=earlier, age=ages)

    def weights(self, part: str, activity: str, previous: str | None, edges: tuple[int, ...]) -> np.ndarray:
        """Return the shares of the visits by column of a table with these `edges`."""
        here = self.activity == activity
        closer = here & (self.previous == previous)
        use = closer if previous is not None and closer.sum() >= FEWEST else here
        columns = np.searchsorted(np.array(edges), self.age[part][use], side="right")
        counts = np.bincount(columns, minlength=len(edges) + 1).astype(np.float64)
        return counts / counts.sum() if counts.sum() else np.full(len(edges) + 1, 1 / (len(edges) + 1))


def _without(parameters: Parameters, ages: _Ages) -> Parameters:
    activities = {name: _plain(name, activity, ages) for name, activity in parameters.activities.items()}
    nodes = {name: replace(node, branches=_marginal(node.branches)) for name, node in parameters.nodes.items()}
    return replace(parameters, activities=activities, nodes=nodes)


def _marginal(branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """Return the ways with their shares over all times elapsed."""
    if len(periods(branches)) == 1:
        return branches
    found: dict[tuple[str | None, tuple[tuple[str, str], ...]], Branch] = {}
    for branch in branches:
        key = (branch.to, tuple(sorted(branch.when.items())))
        share = branch.share + (found[key].share if key in found else 0.0)
        found[key] = replace(branch, share=share, since=0, before=None)
    return tuple(found.values())


def _plain(name: str, activity: Activity, ages: _Ages) -> Activity:
    def mixed(part: str) -> Times:
        times: Times = getattr(activity, part)
        by_previous = {key: _mixture(drawn, part, name, key, ages) for key, drawn in times.by_previous.items()}
        return replace(times, default=_mixture(times.default, part, name, None, ages), by_previous=by_previous)

    return replace(
        activity, delay=mixed("delay"), response=mixed("response"), duration=mixed("duration"), after=mixed("after")
    )


def _mixture(drawn: Drawn, part: str, activity: str, previous: str | None, ages: _Ages) -> Drawn:
    if not isinstance(drawn, Table) or not drawn.elapsed:
        return drawn
    weights = ages.weights(part, activity, previous, drawn.elapsed)
    width = len(weights)
    cells = [_mixed(drawn.cells[at : at + width], weights) for at in range(0, len(drawn.cells), width)]
    return Table(cells=tuple(cells), rows=drawn.rows) if drawn.rows else cells[0]


def _mixed(cells: tuple[Distribution, ...], weights: np.ndarray) -> Distribution:
    """Return the distribution that is each of `cells` with its weight."""
    u = (np.arange(POINTS) + 0.5) / POINTS
    x = np.concatenate([_quantiles(cell, u) for cell in cells])
    weight = np.repeat(weights / POINTS, POINTS)
    order = np.argsort(x, kind="stable")
    return distribution(x[order], weight[order]) or cells[0]


def _quantiles(cell: Distribution, u: np.ndarray) -> np.ndarray:
    if cell.kind == "empirical":
        times = np.interp(u, cell.p, cell.x)
    else:
        times = cell.x[0] * (-np.log1p(-u) if cell.kind == "exponential" else np.ones(POINTS))
    return np.asarray(np.rint(times).astype(np.int64))

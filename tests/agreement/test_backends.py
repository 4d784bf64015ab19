"""The two backends give the same run, bit for bit, on random models."""

import itertools
import os
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.log.casetable import CaseTable
from desireline.measure.runs import run_table, sums_table
from desireline.model.model import (
    Activity,
    Branch,
    Clock,
    Distribution,
    Model,
    Node,
    Parameters,
    Patience,
    Pool,
    Profile,
    Redial,
    Retention,
    Shift,
    Stream,
    Table,
    Times,
    Treatment,
)
from desireline.simulate.calendar import parse_start
from desireline.simulate.initial import Initial
from desireline.simulate.kernel_backend import sums
from desireline.simulate.plan import Window
from desireline.simulate.run import UNFINISHED, Run, simulate
from tests.models import small_model

SECOND = 1_000_000
HOUR = 3600 * SECOND
MONDAY = parse_start("2026-01-05", "UTC")
INSTANTS = tuple(MONDAY + k * 7 * 60 * SECOND for k in range(20) for _ in range(2))
REDIAL = Redial(share=0.6, delay=Distribution(kind="fixed", x=(120 * SECOND,)))
CLOCKS = {
    "day": Clock(name="day", hours=tuple((d * 1440 + 60, d * 1440 + 500) for d in range(7)), holidays=("2026-01-06",)),
    "never": Clock(name="never", hours=()),
}
clock_names = st.sampled_from([None, None, "day", "never"])
MODELS = int(os.environ.get("DESIRELINE_RANDOM_MODELS", "300"))


def assert_equal(model: Model, window: Window, seed: int = 1) -> Run:
    """Run `model` in both backends and compare everything that a run holds, and the sums with its log."""
    runs = [simulate(model, window=window, seed=seed, backend=b) for b in ("simpy", "compiled")]
    for field in fields(Run):
        if field.name != "plan":
            ours, theirs = (getattr(run, field.name) for run in runs)
            assert np.array_equal(ours, theirs), field.name
    assert_same_sums(runs[0], model, seed)
    return runs[0]


def assert_same_sums(run: Run, model: Model, seed: int) -> None:
    """Compare the case table of a run's log with the sums that the compiled backend keeps of the same run."""
    parts = list(sums(run.plan, seed, 0))
    assert sum(part.arrived for part in parts) == run.measured.sum()
    assert sum(part.unfinished for part in parts) == (run.case_ended[run.measured] == UNFINISHED).sum()
    ours = run_table(run, model)
    tables = [sums_table(part, run.plan, model) for part in parts]
    keys = np.concatenate([part.key for part in parts])
    seen = np.unique(run.case[run.measured[run.case]])
    order, again = np.argsort(run.case_key[seen]), np.argsort(keys)
    assert np.array_equal(run.case_key[seen][order], keys[again])
    for field in fields(CaseTable):
        column = getattr(ours, field.name)
        if column is not None:
            kept = np.concatenate([getattr(table, field.name) for table in tables])
            assert np.array_equal(column[order], kept[again]), field.name


def steps(times: list[int]) -> Distribution:
    """Return the distribution that gives each of the times with the same probability."""
    edges = [k / len(times) for k in range(len(times) + 1)]
    knots = [(p, x) for i, x in enumerate(sorted(times)) for p in edges[i : i + 2]]
    return Distribution(kind="empirical", p=tuple(p for p, _ in knots), x=tuple(x for _, x in knots))


def distributions(longest: int) -> st.SearchStrategy[Distribution]:
    """Times of whole seconds, so that much happens at the same instant, zero among them."""
    seconds = st.integers(0, longest).map(lambda s: s * SECOND)
    fixed = seconds.map(lambda x: Distribution(kind="fixed", x=(x,)))
    exponential = seconds.map(lambda x: Distribution(kind="exponential", x=(x,)))
    atoms = st.lists(seconds, min_size=2, max_size=3).map(steps)
    return st.one_of(fixed, exponential, atoms)


def tables(longest: int) -> st.SearchStrategy[Table]:
    """Distributions by hour of the week, by elapsed time, or both."""

    def table(rows: tuple[int, ...], elapsed: tuple[int, ...], cells: list[Distribution]) -> Table:
        size = (1 + max(rows, default=0)) * (len(elapsed) + 1)
        return Table(rows=rows, elapsed=elapsed, cells=tuple(itertools.islice(itertools.cycle(cells), size)))

    rows = st.sampled_from([(), tuple(h % 2 for h in range(168)), tuple(h % 7 // 3 for h in range(168))])
    elapsed = st.sampled_from([(), (600 * SECOND,), (60 * SECOND, 900 * SECOND)])
    return st.builds(table, rows, elapsed, st.lists(distributions(longest), min_size=1, max_size=4))


def by_segment(branches: tuple[Branch, Branch]) -> tuple[Branch, ...]:
    """Return the branches with the second open to cases of segment x only, where it may be taken at all."""
    onward, back = branches
    return (onward, replace(back, when={"segment": "x"})) if back.share else branches


def by_age(branches: tuple[Branch, Branch], edge: int) -> tuple[Branch, ...]:
    """Return the branches with the second open only from some time after the arrival on."""
    onward, back = branches
    early, late = replace(onward, share=onward.share / 4, before=edge), replace(onward, share=0.75 * onward.share)
    return (early, replace(late, since=edge), replace(back, since=edge))


@st.composite
def routes(draw: st.DrawFn, names: list[str]) -> dict[str, Node]:
    """A graph in which every node can end: each activity leads on, back, or out; forks nest and may stand in loops."""
    nodes: dict[str, Node] = {}
    ids = [f"n{i}" for i in range(draw(st.integers(1, 5)))]
    for i, name in enumerate(ids):
        onward = ids[i + 1] if i + 1 < len(ids) else None
        back = draw(st.sampled_from([None, *ids]))
        share = draw(st.sampled_from([0.0, 0.25, 0.5]))
        branches = (Branch(to=onward, share=1 - share), Branch(to=back, share=share))
        edge = draw(st.sampled_from([None, None, SECOND, 600 * SECOND, 2 * HOUR]))
        branches = by_segment(branches) if edge is None else by_age(branches, edge)
        kind = draw(st.sampled_from(["activity", "activity", "choice", "timer", "fork"]))
        if kind == "fork":
            nodes.update(draw(forks(name, names, 0)))
            nodes[f"{name} join"] = Node(id=f"{name} join", kind="join", branches=branches)
        elif kind == "timer":
            time = Times(default=draw(st.one_of(distributions(300), tables(300))), clock=draw(clock_names))
            nodes[name] = Node(id=name, kind="timer", time=time, branches=branches)
        elif kind == "choice":
            label, after = draw(st.sampled_from([None, *names])), draw(st.sampled_from([None, *names]))
            nodes[name] = Node(id=name, kind="choice", label=label, timed_as=after, branches=branches)
        else:
            label, after = draw(st.sampled_from(names)), draw(st.sampled_from([None, *names]))
            nodes[name] = Node(id=name, kind="activity", activity=label, branches=branches, timed_as=after)
    return nodes


@st.composite
def forks(draw: st.DrawFn, name: str, names: list[str], depth: int) -> dict[str, Node]:
    """A fork with one to three branches: an activity, another fork, straight to the join, or a dead end."""
    nodes: dict[str, Node] = {}
    heads: list[Branch] = []
    for i in range(draw(st.integers(1, 3))):
        inner, kind = f"{name}.{i}", draw(st.sampled_from(["activity", "activity", "fork", "straight", "end"]))
        after = (Branch(to=f"{name} join", share=1.0),)
        if kind == "activity" or (kind == "fork" and depth > 1):
            nodes[inner] = Node(id=inner, kind="activity", activity=draw(st.sampled_from(names)), branches=after)
        elif kind == "fork":
            nodes.update(draw(forks(inner, names, depth + 1)))
            nodes[f"{inner} join"] = Node(id=f"{inner} join", kind="join", branches=after)
        heads.append(Branch(to={"straight": f"{name} join", "end": None}.get(kind, inner), share=1.0))
    nodes[name] = Node(id=name, kind="fork", branches=tuple(heads), join=f"{name} join")
    return nodes


@st.composite
def pools(draw: st.DrawFn, name: str) -> Pool:
    """A pool with a few shifts, perhaps none, or without limit."""
    edges = sorted(draw(st.sets(st.integers(0, 36).map(lambda k: k * 20), max_size=6)))
    shifts = tuple(
        Shift(start=a, end=b, units=draw(st.integers(0, 3))) for a, b in zip(edges[::2], edges[1::2], strict=False)
    )
    return Pool(
        name=name,
        shifts=shifts,
        unlimited=draw(st.integers(0, 5)) == 0,
        speed=draw(st.sampled_from([1.0, 1.0, 0.5, 1.5])),
        cost=draw(st.sampled_from([0.0, 30.0])),
        holidays=draw(st.sampled_from([(), (), ("2026-01-05",), ("2026-01-06", "2026-03-29")])),
        days=draw(st.sampled_from([{}, {}, {"2026-01-05": (Shift(start=60, end=400, units=2),)}])),
    )


@st.composite
def patience(draw: st.DrawFn) -> Patience:
    """Patience that ends the case or moves it to the end of the route, perhaps at the sight of a queue."""
    return Patience(
        time=draw(distributions(900)),
        activity="Leave",
        to=draw(st.sampled_from([None, None, "last"])),
        baulk=draw(st.sampled_from([None, None, 0, 1, 3])),
        redial=draw(st.sampled_from([None, REDIAL])),
    )


@st.composite
def treatments(draw: st.DrawFn, number: int, names: list[str]) -> Treatment:
    """Something done for some cases, perhaps for very few."""
    some = st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=2).map(tuple)
    return Treatment(
        name=f"T{number}",
        trigger=draw(st.sampled_from(["arrival", "enters", "waiting", "silent", "late"])),
        activities=draw(some),
        until=draw(some),
        after=draw(st.sampled_from([0, 30, 300])) * SECOND,
        when=draw(st.sampled_from([{}, {"segment": "x"}])),
        delay=draw(st.sampled_from([0, 0, 60])) * SECOND,
        capacity=draw(st.sampled_from([None, 0, 1, 5])),
        cost=draw(st.sampled_from([0.0, 1.25])),
        patience=draw(st.sampled_from([1.0, 0.25, 3.0])),
        stay=draw(st.sampled_from([0.0, 0.5, 1.0])),
        to=draw(st.sampled_from([None, "last", "n0"])),
        share=draw(st.sampled_from([0.5, 1.0])),
        retained=draw(st.sampled_from([0.0, 0.1])),
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A whole model."""
    names = ["A", "B", "C"][: draw(st.integers(1, 3))]
    desks = ["P", "Q"][: draw(st.integers(1, 2))]

    def times(longest: int) -> Times:
        drawn = st.one_of(distributions(longest), tables(longest))
        previous = draw(st.dictionaries(st.sampled_from(names), drawn, max_size=1))
        return Times(default=draw(drawn), by_previous=previous, clock=draw(clock_names))

    activities = {
        name: Activity(
            duration=times(600),
            delay=times(300) if draw(st.booleans()) else Times(),
            response=times(60) if draw(st.booleans()) else Times(),
            after=times(60) if draw(st.booleans()) else Times(),
            cost=draw(st.sampled_from([0.0, 2.5])),
            pools=tuple(draw(st.lists(st.sampled_from(desks), unique=True, max_size=2))),
            patience=draw(patience()) if draw(st.booleans()) else None,
        )
        for name in names
    }
    streams = tuple(
        Stream(
            name=f"stream {i}",
            rates=tuple(draw(st.sampled_from([10.0, 60.0, 200.0])) for _ in range(12)) + (0.0,) * 156,
            profiles=(
                Profile(attributes={"segment": "x"}, share=0.5, priority=draw(st.integers(0, 2))),
                Profile(attributes={"segment": "y"}, share=0.5, priority=draw(st.integers(0, 2))),
            ),
            day_factors=draw(st.sampled_from([(), (), (0.0, 0.5, 2.0)])),
            dates=draw(st.sampled_from([{}, {"2026-01-05": 0.5}])),
            growth=draw(st.sampled_from([0.0, 0.1])),
            regular=draw(st.integers(0, 4)) == 0,
            instants=draw(st.sampled_from([(), INSTANTS])) if i else (),
        )
        for i in range(draw(st.integers(1, 2)))
    )
    known = draw(st.sampled_from([(), (), tuple(names[:1])]))
    nodes = draw(routes(names))
    activities["Elsewhere"] = Activity(duration=times(300), pools=tuple(desks[:1]))
    nodes["last"] = Node(id="last", kind="activity", activity="Elsewhere", branches=(Branch(to=None, share=1.0),))
    return Model(
        name="random",
        timezone=draw(st.sampled_from(["UTC", "Europe/Berlin"])),
        start_at=draw(st.sampled_from(["2026-01-05", "2026-03-29", "2026-01-05T05:30"])),
        parameters=Parameters(
            streams=streams,
            start=(Branch(to="n0", share=1.0),),
            nodes=nodes,
            activities=activities,
            pools={name: draw(pools(name)) for name in desks},
            clocks=CLOCKS,
            treatments=tuple(draw(treatments(i, names)) for i in range(draw(st.integers(0, 3)))),
            retention=Retention(
                features=("wait_h", "handoffs"), intercept=1.0, coefficients=(-2.0, -0.1), known_by=known
            ),
        ),
        owners=draw(st.sampled_from([{}, {"A": "Desk"}, {"A": "Desk", "B": "Field"}])),
        has_enabled=draw(st.integers(0, 4)) > 0,
    )


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any part of a journey, with cases under way at its start or none."""
    initial = tuple(
        Initial(
            arrival=MONDAY - draw(st.integers(0, 3)) * HOUR,
            since=MONDAY - draw(st.sampled_from([0, 60, 600, 4000])) * SECOND,
            node="last",
            state=draw(st.sampled_from(["working", "queued", "between"])),
            attributes={"segment": "y"},
        )
        for _ in range(draw(st.sampled_from([0, 0, 3])))
    )
    return Window(
        start="2026-01-05" if initial else None,
        horizon=draw(st.one_of(st.none(), st.integers(1, 12).map(lambda hours: hours * HOUR))),
        cases=draw(st.integers(1, 120)),
        warm_up=draw(st.sampled_from([0, 0, 1800 * SECOND])),
        steady=draw(st.booleans()),
        initial=initial,
    )


@settings(max_examples=MODELS)
@given(models(), st.integers(0, 3), windows())
def test_both_backends_give_the_same_run_of_any_model(model: Model, seed: int, window: Window) -> None:
    assert_equal(model, window, seed)


@settings(max_examples=MODELS // 10)
@given(models(), st.integers(1, 12))
def test_both_backends_give_the_same_run_of_any_horizon(model: Model, hours: int) -> None:
    assert_equal(model, Window(horizon=hours * HOUR))


def test_both_backends_agree_on_a_whole_journey_over_weeks() -> None:
    run = assert_equal(small_model(), Window(horizon=14 * 24 * HOUR))
    assert run.n_cases > 100
    assert len(set(run.ended.tolist())) >= 2


def test_the_arrays_of_the_compiled_backend_grow_while_tokens_wait() -> None:
    model = small_model()
    parameters = model.parameters
    busier = tuple(replace(s, rates=tuple(500.0 for _ in s.rates)) for s in parameters.streams)
    pools = {
        name: replace(pool, shifts=(Shift(start=9000, end=10000, units=1),)) for name, pool in parameters.pools.items()
    }
    crowded = replace(model, parameters=replace(parameters, streams=busier, pools=pools))
    assert assert_equal(crowded, Window(cases=3000)).n_cases == 3000


@pytest.mark.parametrize("replication", [0, 1])
def test_a_run_does_not_depend_on_the_runs_before_it(replication: int) -> None:
    model = small_model()
    first = simulate(model, replication=replication, backend="compiled").end
    simulate(model, replication=5, backend="compiled")
    assert np.array_equal(first, simulate(model, replication=replication, backend="compiled").end)

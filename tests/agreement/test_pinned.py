"""What a run is, bit for bit, is pinned: a change of semantics is seen here, and belongs into the changelog."""

from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest

from desireline.log.write import write_csv
from desireline.model.model import Branch, Clock, Distribution, Model, Node, Redial, Table, Times, Treatment
from desireline.simulate.plan import Window
from desireline.simulate.run import BACKENDS, simulate
from desireline.study.verify import markov
from desireline.study.verify import model as theory
from tests.models import DAY, HOUR, MINUTE, around, fixed, small_model


def rich_model() -> Model:
    """The small model with the rest: redial, a table, a clock, a timer, treatments, days unlike others, growth."""
    model = small_model()
    parameters = model.parameters
    calls, visit = parameters.activities["Call support"], parameters.activities["Engineer visit"]
    assert calls.patience is not None
    redial = Redial(share=0.7, delay=Distribution(kind="exponential", x=(HOUR,)))
    cells = tuple(Distribution(kind="exponential", x=(k * HOUR,)) for k in (1, 2, 3, 4))
    by_hour = Times(
        default=Table(cells=cells, rows=tuple(int(h % 24 > 12) for h in range(168)), elapsed=(DAY,)), clock="office"
    )
    pause = Node(
        id="pause", kind="timer", time=Times(default=around(HOUR).default), branches=(Branch(to="Activate", share=1.0),)
    )
    visits = replace(
        parameters.nodes["Engineer visit"],
        branches=(Branch(to="Engineer visit", share=0.5, when={"segment": "business"}), Branch(to="pause", share=0.5)),
    )
    activities = {
        **parameters.activities,
        "Call support": replace(calls, patience=replace(calls.patience, baulk=2, redial=redial), after=fixed(MINUTE)),
        "Engineer visit": replace(visit, delay=by_hour),
    }
    treatments = (
        Treatment(
            name="remind", trigger="silent", activities=("Activate",), after=2 * HOUR, capacity=3, stay=0.5, cost=1.5
        ),
        Treatment(name="hurry", trigger="waiting", activities=("Call support",), after=10 * MINUTE, patience=2.0),
    )
    streams = tuple(
        replace(s, day_factors=(0.5, 1.0, 2.0), dates={"2026-01-07": 0.25}, growth=0.1) for s in parameters.streams
    )
    return replace(
        model,
        parameters=replace(
            parameters,
            streams=streams,
            nodes={**parameters.nodes, "Engineer visit": visits, "pause": pause},
            activities=activities,
            clocks={"office": Clock(name="office", hours=((480, 1080), (1920, 2520)), holidays=("2026-01-12",))},
            pools={n: replace(p, speed=1.25, holidays=("2026-01-06",)) for n, p in parameters.pools.items()},
            treatments=treatments,
        ),
    )


PINNED: dict[str, tuple[Model, Window, str]] = {
    "orders": (small_model(), Window(horizon=14 * DAY), "49e7bab55ce9d1bbdd75297667719dc8"),
    "everything": (
        rich_model(),
        Window(start="2026-03-23", horizon=14 * DAY, warm_up=2 * DAY),
        "602ca9b50c392685498dcf66a4d04334",
    ),
    "Erlang-A": (theory(markov("Erlang-A", 1.0, 0.5, 2, 0.3)), Window(cases=1000), "6317ae0aa2754f9f1766ef9484383b03"),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PINNED)
def test_a_run_is_the_bytes_that_it_was(tmp_path: Path, name: str, backend: str) -> None:
    model, window, digest = PINNED[name]
    write_csv(simulate(model, window=window, seed=7, replication=3, backend=backend).log(), tmp_path / "log.csv")
    assert blake2b((tmp_path / "log.csv").read_bytes(), digest_size=16).hexdigest() == digest

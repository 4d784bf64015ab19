"""Small models with known answers, for tests."""

from desireline.model.model import (
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

SECOND = 1_000_000
WEEK = 10080


def fixed(seconds: float) -> Times:
    return Times(default=Distribution(kind="fixed", x=(round(seconds * SECOND),)))


def exponential(seconds: float) -> Distribution:
    return Distribution(kind="exponential", x=(round(seconds * SECOND),))


def always(name: str, units: int) -> Pool:
    return Pool(name=name, shifts=(Shift(start=0, end=WEEK, units=units),))


def line(*names: str, last: str | None = None) -> dict[str, Node]:
    """Return activity nodes one after the other."""
    following = [*names[1:], last]
    return {
        name: Node(id=name, kind="activity", activity=name, branches=(Branch(to=to, share=1.0),))
        for name, to in zip(names, following, strict=True)
    }


def model(
    nodes: dict[str, Node],
    activities: dict[str, Activity],
    pools: tuple[Pool, ...] = (),
    start: str | None = None,
    an_hour: float = 60.0,
    streams: tuple[Stream, ...] = (),
    timezone: str = "UTC",
) -> Model:
    return Model(
        name="small",
        timezone=timezone,
        start_at="2026-01-05",
        parameters=Parameters(
            streams=streams or (Stream(name="all", rates=(an_hour,) * 168),),
            start=(Branch(to=start or next(iter(nodes)), share=1.0),),
            nodes=nodes,
            activities=activities,
            pools={pool.name: pool for pool in pools},
        ),
    )


def queue(arrivals: float, service: float, units: int, leaving: float | None = None) -> Model:
    """Return M/M/c, or Erlang-A where customers leave; all rates per second."""
    patience = Patience(time=exponential(1 / leaving), activity="Give up") if leaving else None
    work = Activity(duration=Times(default=exponential(1 / service)), pools=("Desk",), patience=patience)
    return model(line("Serve"), {"Serve": work}, (always("Desk", units),), an_hour=arrivals * 3600)

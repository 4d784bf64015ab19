"""A small model with a bit of everything, for tests: a choice, a fork, a loop, two pools, patience, two segments."""

from dataclasses import replace

from desireline.model.model import (
    Activity,
    Branch,
    Distribution,
    Model,
    Node,
    Parameters,
    Patience,
    Pool,
    Profile,
    Retention,
    Shift,
    Stream,
    Times,
)

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
OPEN = tuple((day * 1440 + 8 * 60, day * 1440 + 18 * 60) for day in range(5))


def fixed(time: int) -> Times:
    return Times(default=Distribution(kind="fixed", x=(time,)))


def around(time: int) -> Times:
    return Times(default=Distribution(kind="empirical", x=(time // 2, time, 3 * time), p=(0.0, 0.5, 1.0)))


def node(name: str, *ways: tuple[str | None, float], activity: str | None = None) -> Node:
    branches = tuple(Branch(to=to, share=share) for to, share in ways)
    return Node(id=name, kind="activity", activity=activity or name, branches=branches)


def hours(name: str, units: int, *, cost: float = 0.0, identified: bool = True) -> Pool:
    shifts = tuple(Shift(start=start, end=end, units=units) for start, end in OPEN)
    return Pool(name=name, shifts=shifts, cost=cost, identified=identified)


NODES = (
    node("Place order", ("checks", 1.0)),
    Node(
        id="checks",
        kind="fork",
        branches=(Branch(to="Credit check", share=1.0), Branch(to="Address check", share=1.0)),
        join="checked",
    ),
    node("Credit check", ("Manual review", 0.2), ("checked", 0.8)),
    node("Manual review", ("checked", 1.0)),
    node("Address check", ("checked", 1.0)),
    Node(id="checked", kind="join", branches=(Branch(to="Engineer visit", share=0.9), Branch(to="Refuse", share=0.1))),
    node("Engineer visit", ("Engineer visit", 0.1), ("Activate", 0.9)),
    node("Refuse", (None, 1.0)),
    node("Activate", ("calls", 1.0)),
    Node(id="calls", kind="choice", branches=(Branch(to="Call support", share=0.3), Branch(to=None, share=0.7))),
    node("Call support", ("Call support", 0.2), (None, 0.8)),
)

ACTIVITIES = {
    "Place order": Activity(duration=fixed(10 * MINUTE), channel="web"),
    "Credit check": Activity(duration=around(20 * MINUTE), delay=fixed(2 * HOUR), pools=("Desk",)),
    "Manual review": Activity(duration=around(HOUR), pools=("Desk",)),
    "Address check": Activity(duration=fixed(5 * MINUTE)),
    "Engineer visit": Activity(duration=around(2 * HOUR), pools=("Field",)),
    "Refuse": Activity(duration=fixed(MINUTE)),
    "Activate": Activity(
        duration=fixed(5 * MINUTE),
        delay=Times(
            default=Distribution(kind="fixed", x=(DAY,)),
            by_previous={"Engineer visit": Distribution(kind="exponential", x=(6 * HOUR,))},
        ),
    ),
    "Call support": Activity(
        duration=around(8 * MINUTE),
        response=fixed(2 * MINUTE),
        pools=("Desk",),
        patience=Patience(time=Distribution(kind="exponential", x=(HOUR,)), activity="Hang up"),
        channel="phone",
    ),
}

PARAMETERS = Parameters(
    streams=(
        Stream(
            name="orders",
            rates=tuple(1.2 if 8 <= hour % 24 < 20 else 0.2 for hour in range(168)),
            profiles=(
                Profile(attributes={"segment": "new"}, share=0.4, priority=1),
                Profile(attributes={"segment": "business"}, share=0.6, priority=0),
            ),
        ),
    ),
    start=(Branch(to="Place order", share=1.0),),
    nodes={each.id: each for each in NODES},
    activities=ACTIVITIES,
    pools={"Field": hours("Field", 7, cost=45.0), "Desk": hours("Desk", 3, cost=30.0)},
    retention=Retention(features=("wait_h",), intercept=2.5, coefficients=(-0.02,), abandoned_lost=True),
)


def small_model(refits: int = 0) -> Model:
    """Return a model of orders: checks in parallel, visits that fail and are repeated, calls that are given up."""
    model = Model(
        name="orders",
        timezone="Europe/Berlin",
        start_at="2026-01-05",
        currency="EUR",
        parameters=PARAMETERS,
        touchpoints={"Check": ("Check", "Credit check", "Manual review"), "Never": ("Never", "Not seen")},
        owners={"Check": "Risk", "Engineer visit": "Field ops", "Call support": "Care"},
    )
    return replace(model, refits=tuple(refitted(i, refits) for i in range(refits)))


def refitted(i: int, n: int) -> Parameters:
    """Return the parameters as another sample might give them: the visits a little longer or shorter."""
    times = around(round(2 * HOUR * (1 + 0.1 * ((i + 0.5) / n - 0.5))))
    visit = replace(ACTIVITIES["Engineer visit"], duration=times)
    return replace(PARAMETERS, activities={**ACTIVITIES, "Engineer visit": visit})

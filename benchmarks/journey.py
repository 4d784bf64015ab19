"""The journey that the simulators run: five touchpoints, three pools, rework, two priorities, exponential patience."""

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
    Shift,
    Stream,
    Times,
)

SECOND = 1_000_000
ARRIVALS = 1.0  # a minute
URGENT = 0.3  # share of cases that go first
# touchpoint: (pool, mean minutes, mean patience in minutes, where next with which share; nowhere with the rest)
TOUCHPOINTS = {
    "Register": ("Front", 2.0, 20.0, (("Check", 1.0),)),
    "Check": ("Back", 3.0, 60.0, (("Register", 0.1), ("Decide", 0.54))),
    "Decide": ("Back", 4.0, 60.0, (("Call", 0.5),)),
    "Call": ("Care", 5.0, 10.0, (("Close", 0.3),)),
    "Close": ("Care", 2.0, 30.0, ()),
}
POOLS = {"Front": 3, "Back": 7, "Care": 2}


def model() -> Model:
    """Return the journey as a model."""

    def minutes(mean: float) -> Distribution:
        return Distribution(kind="exponential", x=(round(mean * 60 * SECOND),))

    nodes, activities = {}, {}
    for name, (pool, mean, patience, ways) in TOUCHPOINTS.items():
        rest = 1 - sum(share for _, share in ways)
        branches = (*(Branch(to=to, share=share) for to, share in ways), Branch(to=None, share=rest))
        nodes[name] = Node(id=name, kind="activity", activity=name, branches=branches)
        activities[name] = Activity(
            duration=Times(default=minutes(mean)),
            pools=(pool,),
            patience=Patience(time=minutes(patience), activity=f"{name} abandoned"),
        )
    profiles = (
        Profile(attributes={"class": "urgent"}, share=URGENT, priority=0),
        Profile(attributes={"class": "normal"}, share=1 - URGENT, priority=1),
    )
    return Model(
        name="benchmark",
        timezone="UTC",
        start_at="2026-01-05",
        parameters=Parameters(
            streams=(Stream(name="all", rates=(ARRIVALS * 60,) * 168, profiles=profiles),),
            start=(Branch(to="Register", share=1.0),),
            nodes=nodes,
            activities=activities,
            pools={name: Pool(name=name, shifts=(Shift(start=0, end=10080, units=n),)) for name, n in POOLS.items()},
        ),
    )

"""Scaling and capping of times."""

from hypothesis import given
from hypothesis import strategies as st

from desireline.model.model import Distribution
from desireline.scenario.times import capped, scaled
from tests.models import HOUR


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    kind = draw(st.sampled_from(("fixed", "exponential", "empirical")))
    if kind != "empirical":
        return Distribution(kind=kind, x=(draw(st.integers(0, 100 * HOUR)),))  # type: ignore[arg-type]
    n = draw(st.integers(2, 64))
    x = sorted(draw(st.lists(st.integers(0, 100 * HOUR), min_size=n, max_size=n)))
    p = sorted(draw(st.lists(st.floats(0.001, 0.999), min_size=n - 2, max_size=n - 2)))
    return Distribution(kind="empirical", x=tuple(x), p=(0.0, *p, 1.0))


@given(distributions(), st.integers(0, 100 * HOUR))
def test_a_capped_time_is_never_longer_and_no_other_changes(distribution: Distribution, most: int) -> None:
    found = capped(distribution, most)
    assert max(found.x) <= most or found == distribution
    assert len(found.x) <= 64
    assert found.mean() <= distribution.mean() * 1.005 + 1


@given(distributions())
def test_scaling_by_one_is_the_identity(distribution: Distribution) -> None:
    assert scaled(distribution, 1.0) == distribution

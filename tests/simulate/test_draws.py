import math

from hypothesis import given
from hypothesis import strategies as st

from desireline.seeds import Purpose, chain, label_key, mix, uniform
from desireline.simulate import draws


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_the_logarithm_is_that_of_the_library_within_two_units_in_the_last_place(x: float) -> None:
    assert abs(draws.log(x) - math.log(x)) <= 2 * math.ulp(max(abs(math.log(x)), 1e-16)) + 1e-18


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_an_empirical_quantile_stays_inside_the_data(u: float) -> None:
    p, x = [0.0, 0.2, 0.2, 0.7, 1.0], [5, 10, 90, 90, 300]
    value = draws.duration(draws.EMPIRICAL, p, x, 0, 5, u)
    assert 5 <= value <= 300
    if 0.2 < u < 0.7:
        assert value == 90, "an atom is exact"


def test_the_mixer_is_that_of_splitmix64() -> None:
    state, seen = 1234567, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        seen.append(mix(state))
    assert seen == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_keys_tell_apart_parts_whose_product_is_equal() -> None:
    assert chain(1, 6) != chain(2, 3) != chain(3, 2)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_a_draw_is_strictly_between_0_and_1(key: int, occurrence: int) -> None:
    assert 0 < uniform(key, label_key("Serve"), Purpose.DURATION, occurrence) < 1


def test_draws_are_uniform_and_uncorrelated_over_cases_purposes_and_occurrences() -> None:
    label = label_key("Serve")
    u = [uniform(chain(1, 0, 7, i), label, Purpose.DURATION, 0) for i in range(20000)]
    v = [uniform(chain(1, 0, 7, i), label, Purpose.DURATION, 1) for i in range(20000)]
    w = [uniform(chain(1, 0, 7, i), label, Purpose.ROUTE, 0) for i in range(20000)]
    for a in (u, v, w):
        assert abs(sum(a) / len(a) - 0.5) < 4 * (1 / 12 / len(a)) ** 0.5
    for a, b in ((u, v), (u, w), (u[1:], u[:-1])):
        covariance = sum((x - 0.5) * (y - 0.5) for x, y in zip(a, b, strict=False)) / len(a)
        assert abs(covariance) < 4 / 12 / len(a) ** 0.5

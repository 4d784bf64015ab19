import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline import units


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("5 d", 432_000_000_000), ("1.5min", 90_000_000), ("12 wk", 7_257_600_000_000), ("250 us", 250), ("0 s", 0)],
)
def test_a_time_has_a_number_and_a_unit(text: str, microseconds: int) -> None:
    assert units.parse_duration(text) == microseconds


@pytest.mark.parametrize("text", ["5", "5 days", "d", "", "5 d 3 h", "1e3 s", "٣ d x"])
def test_a_time_without_a_known_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="units: us ms s min h d wk"):
        units.parse_duration(text)


@pytest.mark.parametrize(("text", "share"), [("10 %", 0.1), ("100%", 1.0), (0.25, 0.25), ("0", 0.0)])
def test_a_share_is_a_percentage_or_a_number_up_to_one(text: str | float, share: float) -> None:
    assert units.parse_share(text) == share


@pytest.mark.parametrize("text", ["110 %", "-1 %", "ten", "+15 points"])
def test_a_share_beyond_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        units.parse_share(text)


def test_a_factor_starts_with_x() -> None:
    assert units.parse_factor("x1.2") == 1.2
    with pytest.raises(ValueError, match=r"x1\.2"):
        units.parse_factor("1.2")


def test_a_rate_is_an_amount_per_period() -> None:
    assert units.parse_rate("45 an hour") == units.Rate(45, 3600 * units.MICROSECONDS)
    assert units.parse_rate("200 a day") == units.Rate(200.0, 86_400_000_000)
    with pytest.raises(ValueError, match="rate"):
        units.parse_rate("45 per hour")


@given(st.floats(min_value=0, max_value=1e9))
def test_a_shown_time_is_short(seconds: float) -> None:
    assert len(units.show_duration(seconds)) <= 12


def test_an_unknown_time_is_a_dash() -> None:
    assert units.show_duration(None) == units.show_duration(float("nan")) == "-"


def test_what_is_shorter_than_times_are_measured_is_shown_as_nothing() -> None:
    assert units.show_duration(-1.96e-12) == units.show_duration(0.0) == "0 s"
    assert units.show_duration(2e-6) == "2e-06 s"

"""Theory against published and hand-worked values."""

import pytest

from desireline.stats.queueing import erlang_a, erlang_c, pollaczek_khinchine


def test_erlang_a_gives_the_published_abandonment_and_wait() -> None:
    found = erlang_a(10, 1, 10, 0.5)
    assert found.abandoned == pytest.approx(0.10391, abs=1e-5)
    assert found.wait == pytest.approx(0.20783, abs=1e-5)


def test_one_exponential_server_waits_load_over_slack() -> None:
    assert erlang_c(0.8, 1, 1).wait == pytest.approx(4.0)


def test_three_servers_wait_as_erlang_c_says() -> None:
    assert erlang_c(2.4, 1, 3).wait == pytest.approx(0.64719 / 0.6, rel=1e-5)


def test_patience_without_limit_is_no_patience() -> None:
    assert erlang_a(2.4, 1, 3, 1e-9).wait == pytest.approx(erlang_c(2.4, 1, 3).wait, rel=1e-6)


def test_who_waits_on_average_leaves_at_the_rate_of_leaving() -> None:
    found = erlang_a(30, 1, 20, 0.25)
    assert found.abandoned == pytest.approx(0.25 * found.wait)
    assert found.abandoned > 1 / 3 - 1e-6, "ten in thirty cannot be served"


def test_a_thousand_servers_do_not_overflow() -> None:
    assert 0 < erlang_a(1000, 1, 1000, 0.5).wait < 0.1


def test_services_of_one_length_wait_half_as_long_as_exponential_ones() -> None:
    assert pollaczek_khinchine(0.8, 1, 1).wait == pytest.approx(erlang_c(0.8, 1, 1).wait / 2)


@pytest.mark.parametrize("rates", [(3, 1, 3), (0, 1, 1), (1, -1, 1)])
def test_a_queue_without_a_steady_state_is_refused(rates: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match=r"keep up|positive"):
        erlang_c(*rates)

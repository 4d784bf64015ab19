import numpy as np
import pytest

from desireline.stats.paired import paired_effects, simulation_parts
from desireline.stats.simultaneous import family_tail


def test_one_effect_keeps_its_own_level() -> None:
    assert family_tail(np.random.default_rng(1).normal(size=(20, 1)), 19, 5) == pytest.approx(0.05)


def test_effects_that_move_as_one_cost_nothing_and_independent_ones_cost_almost_bonferroni() -> None:
    random = np.random.default_rng(2)
    one = random.normal(size=(100, 1))
    assert family_tail(np.hstack([one] * 5), 99, 5) == pytest.approx(0.05, abs=0.005)
    assert family_tail(random.normal(size=(100, 5)), 99, 5) == pytest.approx(1 - 0.95**0.2, abs=0.002)


def test_a_scenario_without_any_effect_takes_no_part() -> None:
    random = np.random.default_rng(2)
    column = random.normal(size=(30, 1))
    assert family_tail(np.hstack([column, np.zeros((30, 3))]), 29, 5) == pytest.approx(0.05)


def test_equal_keys_give_equal_tails() -> None:
    differences = np.random.default_rng(4).normal(size=(30, 4))
    assert family_tail(differences, 29, 8) == family_tail(differences, 29, 8)


def test_all_effects_of_a_family_are_covered_together() -> None:
    random = np.random.default_rng(11)
    refit = np.arange(40) % 10
    covered = 0
    for _ in range(150):
        common = random.normal(size=(40, 1))
        calibration = random.normal(0, 0.5, (10, 6))
        off = random.normal(0, 0.5, 6)
        effects = paired_effects(off + calibration[refit] + common + random.normal(size=(40, 6)), refit, 9)
        covered += all(e is not None and e.low is not None and e.high is not None and e.low <= 0 <= e.high
                       for e in effects)  # fmt: skip
    assert covered / 150 >= 0.9


def test_an_unknown_effect_is_nothing_and_harms_no_other() -> None:
    differences = np.random.default_rng(4).normal(size=(30, 3))
    differences[:, 1] = np.nan
    effects = paired_effects(differences, np.zeros(30), 1)
    assert [effect is None for effect in effects] == [False, True, False]


def test_the_part_of_the_simulation_shrinks_with_the_root_of_the_runs() -> None:
    random = np.random.default_rng(5)
    few = simulation_parts(random.normal(size=(100, 2)), np.arange(100) % 5, 1)
    many = simulation_parts(random.normal(size=(1600, 2)), np.arange(1600) % 5, 1)
    assert np.all(few / many > 3)

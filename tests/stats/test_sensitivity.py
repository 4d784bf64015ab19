"""Against functions with known answers."""

import numpy as np
import pytest

from desireline.stats.sensitivity import latin_points, morris, morris_points, regression, sobol, sobol_points


def ishigami(points: np.ndarray) -> np.ndarray:
    x = (2 * points - 1) * np.pi
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def test_sobol_indices_of_the_ishigami_function() -> None:
    found = sobol(3, ishigami(sobol_points(3, 4096, 1)))
    assert [s.main for s in found] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert [s.spread for s in found] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_morris_of_a_linear_function_is_exact() -> None:
    points = morris_points(4, 5, 3)
    assert points.shape == (25, 4)
    assert points.min() >= 0
    assert points.max() <= 1
    found = morris(points, points @ np.array([3.0, -2.0, 0.0, 1.0]))
    assert [s.main for s in found] == pytest.approx([3, 2, 0, 1])
    assert [s.spread for s in found] == pytest.approx([0, 0, 0, 0], abs=1e-9)


def test_morris_sees_an_interaction_in_the_spread() -> None:
    points = morris_points(3, 40, 5)
    a, b, c = morris(points, points[:, 0] * points[:, 1] + 0.2 * points[:, 2])
    assert a.spread is not None
    assert b.spread is not None
    assert min(a.spread, b.spread) > 0.2
    assert c.spread == pytest.approx(0, abs=1e-9)


def test_a_result_that_does_not_vary_depends_on_nothing() -> None:
    assert [s.spread for s in sobol(2, np.ones(8 * 4))] == [0, 0]
    assert [s.main for s in regression(latin_points(2, 10, 1), np.ones(10))] == [0, 0]


def test_a_latin_hypercube_has_one_point_in_each_slice_and_equal_keys_give_equal_points() -> None:
    points = latin_points(3, 10, 7)
    assert np.array_equal(np.sort((points * 10).astype(int), axis=0), np.tile(np.arange(10)[:, None], 3))
    assert np.array_equal(points, latin_points(3, 10, 7))
    found = regression(points, 5 * points[:, 0] - points[:, 1])
    assert abs(found[0].main or 0) > abs(found[1].main or 0) > abs(found[2].main or 1) - 1e-9
    assert [s.main for s in regression(points[:3], points[:3, 0])] == [None] * 3

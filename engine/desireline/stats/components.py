"""Two sources of uncertainty: the calibration (between refits) and the simulation (within a refit).

Run r uses the parameters of refit g(r). A value is y = mu + b[g] + e[r]: b varies as the estimate of the parameters
varies from sample to sample, e from run to run. What is known of the world is as uncertain as one refit, however many
runs are made, so the variance of the mean *as a statement about the world* is

    V = V_between (1 + sum over refits of (n_g / R)^2) + V_within / R,

which is V_between (1 + 1/B) + V_within / R where each of B refits has as many of the R runs. V_between and V_within
come from a one-way random-effects analysis of variance. A Student interval with an estimated V undercovers when B is
small or when V_between is a small difference of two large mean squares, so the half-width is a generalized confidence
interval: the two mean squares are divided by their chi-square laws, and the quantile is taken over what that leaves
possible. With V_within = 0 it is Student's with B - 1 degrees of freedom.

Where every refit has one run the two cannot be told apart: all of the variance counts as the calibration's (wider,
never narrower). Where there are no refits, only the simulation is known and the caller has to say so.

References
----------
Ankenman and Nelson (2012), A quick assessment of input uncertainty, Proceedings of the Winter Simulation Conference.
Weerahandi (1993), Generalized confidence intervals, doi:10.1080/01621459.1993.10476355.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from desireline.stats.interval import LEVEL, Estimate, t_quantile

_POINTS = 1024
_GOLDEN_RATIO = 0.6180339887498949
_HALVINGS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What an analysis of variance leaves of the runs' values.

    Attributes
    ----------
    runs, refits
        Numbers of runs and of different refits among them.
    between, within
        Sums of squares.
    size
        Runs per refit (the ANOVA's mean of unequal sizes).
    overlap
        Sum over refits of (share of the runs)^2.
    """

    mean: float
    runs: int
    refits: int
    between: float
    within: float
    size: float
    overlap: float

    @property
    def separable(self) -> bool:
        """Whether some refit has two runs, so that the two variances can be told apart."""
        return 2 <= self.refits < self.runs

    def simulation_variance(self) -> float:
        """Return V_within / R; where it is not separable, the whole variance of the runs stands in for V_within."""
        if self.separable:
            return self.within / (self.runs - self.refits) / self.runs
        return (self.between + self.within) / max(self.runs - 1, 1) / self.runs

    def simulation_df(self) -> int:
        """Return the degrees of freedom of `simulation_variance`."""
        return self.runs - self.refits if self.separable else self.runs - 1

    def effective_df(self) -> int:
        """Return the degrees of freedom of the interval: the fewer, the wider its tails."""
        return self.refits - 1 if self.refits > 1 else self.runs - 1

    def calibration_variance(self) -> float:
        """Return V_between (1 + overlap), not below zero."""
        if self.refits < 2:
            return 0.0
        noise = self.within / (self.runs - self.refits) if self.separable else 0.0
        return max(0.0, (self.between / (self.refits - 1) - noise) / self.size) * (1 + self.overlap)

    def simulation_share(self) -> float | None:
        """Return which share of the variance more runs would take away; None where that cannot be told."""
        if self.refits >= 2 and not self.separable:
            return None
        simulation = self.simulation_variance()
        total = simulation + self.calibration_variance()
        return simulation / total if total > 0 else None


def components(values: np.ndarray, refit: np.ndarray) -> Components | None:
    """Return the analysis of variance of one value per run; None where fewer than two are known.

    Parameters
    ----------
    values : float array, shape (runs,)
        NaN where unknown.
    refit : int array, shape (runs,)
        Which refit each run used.
    """
    known = ~np.isnan(values)
    values, (_, group) = values[known], np.unique(refit[known], return_inverse=True)
    if len(values) < 2:
        return None
    counts = np.bincount(group)
    mean = values.mean()
    residue = values - mean
    means = np.bincount(group, residue) / counts
    refits, runs = len(counts), len(values)
    squares = float((counts.astype(float) ** 2).sum())
    return Components(
        mean=float(mean),
        runs=runs,
        refits=refits,
        between=float((counts * means**2).sum()),
        within=float(((residue - means[group]) ** 2).sum()),
        size=(runs - squares / runs) / (refits - 1) if refits > 1 else float(runs),
        overlap=squares / runs**2,
    )


def half_width(parts: Components, tail: float) -> float:
    """Return the half-width that the error of the mean exceeds with probability `tail`, calibration included."""
    if parts.refits < 2:
        return t_quantile(tail, parts.runs - 1) * math.sqrt(parts.simulation_variance())
    if not parts.separable:
        variance = parts.between / (parts.refits - 1) * (1 + parts.overlap)
        return t_quantile(tail, parts.refits - 1) * math.sqrt(variance)
    return _generalized(parts, tail)


def simulation_half_width(parts: Components, tail: float) -> float:
    """Return the half-width that would be left if the calibration were exact: what more runs take away."""
    return t_quantile(tail, parts.simulation_df()) * math.sqrt(parts.simulation_variance())


def _generalized(parts: Components, tail: float) -> float:
    """Return h with P(|Z| sqrt(V) > h) = `tail`, where V is what the chi-squares leave possible."""
    from scipy.special import ndtr

    chi_between, chi_within = _chi_squares(parts.refits - 1, parts.runs - parts.refits)
    within = parts.within / chi_within
    between = np.maximum(0.0, (parts.between / chi_between - within) / parts.size)
    spread = np.sqrt(between * (1 + parts.overlap) + within / parts.runs)
    if not spread.any():
        return 0.0
    low, high = 0.0, float(spread.max()) * 40
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        beyond = 2 * float(ndtr(-middle / np.maximum(spread, 1e-300)).mean())
        low, high = (middle, high) if beyond > tail else (low, middle)
    return high


@lru_cache(maxsize=64)
def _chi_squares(df_between: int, df_within: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of independent chi-square values on a golden-ratio lattice: the same on every call, no draws."""
    from scipy.special import chdtri

    u = (np.arange(_POINTS) + 0.5) / _POINTS
    v = (np.arange(_POINTS) * _GOLDEN_RATIO + 0.5) % 1.0
    return np.asarray(chdtri(df_between, u)), np.asarray(chdtri(df_within, v))


def mean_estimate(values: np.ndarray, refit: np.ndarray, tail: float = 1 - LEVEL) -> Estimate | None:
    """Return the mean over runs with its interval, calibration included; None where no value is known."""
    parts = components(values, refit)
    if parts is None:
        known = values[~np.isnan(values)]
        return Estimate(mean=float(known[0]), low=None, high=None) if len(known) else None
    half = half_width(parts, tail)
    return Estimate(mean=parts.mean, low=parts.mean - half, high=parts.mean + half, simulation=parts.simulation_share())

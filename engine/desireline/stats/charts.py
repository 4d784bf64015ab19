"""Control charts: CUSUM and EWMA, their average run lengths and limits, and series made fit for them.

References
----------
Page (1954), Continuous inspection schemes, doi:10.1093/biomet/41.1-2.100. Roberts (1959), Control chart tests based on
geometric moving averages, doi:10.1080/00401706.1959.10489860. Run lengths by their integral equations: Crowder (1987),
doi:10.1080/00401706.1987.10488267.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

K, H = 0.5, 4.77
WEIGHT, L = 0.2, 2.86
NODES = 80
WORLDS = 20_000
POINTS = 400
FEWEST = 4
RHYTHM = 0.05
BEYOND_CHANCE = 1.282
LATER = 14
LEAST = 0.5
LIKELY = 10
FREAK = 3.2e-5  # beyond four standard deviations all points count alike, so that one alone raises no alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """The paths of both charts; arrays of the shape of the series.

    `score` is how far they are out at most, in shares of their limits (1 = on the limit of one of them).
    """

    high: np.ndarray
    low: np.ndarray
    average: np.ndarray
    score: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of both charts (CUSUM `h` at reference value `k`; EWMA `limit` at `weight`)."""

    h: float
    limit: float
    k: float = K
    weight: float = WEIGHT


def charts(values: np.ndarray, limits: Limits) -> Charts:
    """Return the two-sided CUSUM and the EWMA (in its own standard deviations) along the last axis.

    NaN is no news: the charts stay where they were.
    """
    steps = np.moveaxis(np.where(np.isnan(values), 0.0, values), -1, 0)
    told = np.moveaxis(~np.isnan(values), -1, 0)
    paths = np.zeros((3, *steps.shape))
    state = np.zeros((3, *steps.shape[1:]))
    for i, (step, known) in enumerate(zip(steps, told, strict=True)):
        high = np.maximum(0.0, state[0] + step - limits.k)
        low = np.maximum(0.0, state[1] - step - limits.k)
        average = (1 - limits.weight) * state[2] + limits.weight * step
        state = np.where(known, np.stack([high, low, average]), state)
        paths[:, i] = state
    high, low, average = (np.moveaxis(path, 0, -1) for path in paths)
    average = average / _spread(limits.weight)
    score = np.maximum(np.maximum(high, low) / limits.h, np.abs(average) / limits.limit)
    return Charts(high=high, low=low, average=average, score=score)


def _spread(weight: float) -> float:
    return float(np.sqrt(weight / (2 - weight)))


@lru_cache(maxsize=1024)
def arl_cusum(h: float, k: float = K, shift: float = 0.0) -> float:
    """Return the average run length of a two-sided CUSUM when the mean lies `shift` standard deviations off.

    Examples
    --------
    >>> round(arl_cusum(4.0))
    168
    """
    sides = [_arl_one_sided(h, k, sign * shift) for sign in (1, -1)]
    return 1 / sum(1 / side for side in sides)


def _arl_one_sided(h: float, k: float, shift: float) -> float:
    """Solve L(z) = 1 + L(0) P(X <= k - z) + integral over (0, h) of L(x) f(x + k - z), at z = 0."""
    from scipy.special import ndtr

    nodes, weights = _nodes(0.0, h)
    states = np.append(nodes, 0.0)
    kernel = _density(nodes[None, :] + k - states[:, None] - shift) * weights
    at_zero = ndtr(k - states - shift)
    system = np.eye(len(states)) - np.column_stack([kernel, at_zero])
    return float(np.linalg.solve(system, np.ones(len(states)))[-1])


@lru_cache(maxsize=1024)
def arl_ewma(limit: float, weight: float = WEIGHT, shift: float = 0.0) -> float:
    """Return the average run length of a two-sided EWMA with limits `limit` of its own standard deviations.

    Examples
    --------
    >>> round(arl_ewma(2.962, 0.2), -1)
    500.0
    """
    bound = limit * _spread(weight)
    nodes, weights = _nodes(-bound, bound)
    states = np.append(nodes, 0.0)
    kernel = _density((nodes[None, :] - (1 - weight) * states[:, None]) / weight - shift) * weights / weight
    inner = np.linalg.solve(np.eye(len(nodes)) - kernel[:-1], np.ones(len(nodes)))
    return float(1 + kernel[-1] @ inner)


def _nodes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = _gauss()
    return (high - low) / 2 * nodes + (high + low) / 2, (high - low) / 2 * weights


@lru_cache(maxsize=1)
def _gauss() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return np.asarray(nodes), np.asarray(weights)


def _density(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-x * x / 2) / np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """A series without rhythm, overdispersion and autocorrelation: standard normal and independent without a change.

    Attributes
    ----------
    values : float array, shape (points,)
        NaN where there is no point, or not yet enough before it.
    plain : float array, shape (points,)
        The same with the autocorrelation left in.
    dispersion
        How many times as variable as by sampling alone the reference is.
    persistence
        Correlation of neighbouring points that was taken out.
    """

    values: np.ndarray
    plain: np.ndarray
    dispersion: float
    persistence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """By how much each point lies above its cycle, shape (points,), and which share of all points it took to tell."""

    values: np.ndarray
    spent: float


def standardised(
    series: np.ndarray, variance: np.ndarray, n_reference: int, rhythm: Rhythm | None = None, floor: float = 0.0
) -> Standardised:
    """Return a series freed of its rhythm, overdispersion and autocorrelation.

    Each point is compared with the mean of all points before it, and its t value becomes the normal value of the same
    probability: what is not known because the reference is short costs no false alarm, and a change is learnt only
    slowly (how much points vary is told by those at least 14 points earlier).
    Overdispersion multiplies the sampling variance; underdispersion makes it at most half as large. Beyond four
    standard deviations all points count alike: one freak day raises no alarm.

    Parameters
    ----------
    series, variance : float arrays, shape (points,)
        NaN where there is no point; the sampling variance of each.
    n_reference
        How many points from the first belong to the reference, which tells the autocorrelation.
    floor
        A point's standard deviation counts at least this much, so that differences too small to matter are none.

    References
    ----------
    Brown, Durbin and Evans (1975), doi:10.1111/j.2517-6161.1975.tb01532.x. Hawkins (1987), Self-starting Cusum charts,
    doi:10.2307/2348827.
    """
    rhythm = rhythm or Rhythm(values=np.zeros(len(series)), spent=0.0)
    flat = series - rhythm.values
    plain, dispersion = _normal(flat, variance, n_reference, rhythm.spent, floor)
    persistence, z = _persistence(plain[:n_reference]), plain
    if persistence:
        damped = np.sqrt((1 - persistence) / (1 + persistence))
        before = np.append(np.nan, flat[:-1])
        white = (flat - persistence * before) / np.sqrt(1 - persistence**2)
        white = np.where(np.isnan(before), flat * damped, white)
        z, _ = _normal(white, variance, n_reference, rhythm.spent, floor * damped)
    return Standardised(values=z, plain=plain, dispersion=dispersion, persistence=persistence)


def _normal(
    series: np.ndarray, variance: np.ndarray, n_reference: int, spent: float, floor: float
) -> tuple[np.ndarray, float]:
    """Return the normal value of each point given those before it, and the dispersion of the reference."""
    from scipy.special import ndtri, stdtr

    error, counts, squares = _predicted(series, variance)
    place = np.arange(len(series))
    settled = np.maximum(place - LATER, np.minimum(place, n_reference))
    counts, squares = counts[settled], squares[settled]
    freedom = counts * (1 - spent)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.maximum(np.sqrt(np.maximum(squares / freedom, LEAST)), floor / np.sqrt(variance))
        tail = stdtr(freedom, -np.abs(error) / scale)
        z = np.where(freedom >= FEWEST, -np.sign(error) * ndtri(np.maximum(tail, FREAK)), np.nan)
    last = n_reference - 1
    return z, float(squares[last] / freedom[last]) if freedom[last] else 1.0


def rhythm_of(series: np.ndarray, variance: np.ndarray, phase: np.ndarray, cycle: np.ndarray) -> Rhythm:
    """Return by how much each point's phase lies above the mean of its cycle; zero where phases do not differ.

    Weighted least squares with an effect of each cycle, so a change of level leaves it alone. Phases differ where an F
    test says so at 5 %.

    Parameters
    ----------
    series, variance : float arrays, shape (points,)
        NaN where there is no point; the sampling variance of each.
    phase, cycle : int arrays, shape (points,)
        Place of each point in the rhythm, such as the day of the week, and which week it lies in.
    """
    from scipy.special import fdtrc

    flat_rhythm = Rhythm(values=np.zeros(len(series)), spent=0.0)
    known = np.flatnonzero(~np.isnan(series))
    phases, of_phase = np.unique(phase, return_inverse=True)
    cycles, of_cycle = np.unique(cycle[known], return_inverse=True)
    if len(phases) < 2 or len(known) < len(phases) + len(cycles):
        return flat_rhythm
    design = np.column_stack(
        [of_phase[known, None] == np.arange(len(phases)), of_cycle[:, None] == np.arange(len(cycles))]
    )
    root = 1 / np.sqrt(variance[known])
    target, spent = series[known] * root, len(phases) - 1
    effects, rest = _least_squares(design * root[:, None], target)
    _, flat = _least_squares(design[:, len(phases) :] * root[:, None], target)
    freedom = len(known) - spent - len(cycles)
    if freedom < 1 or rest <= 0 or fdtrc(spent, freedom, (flat - rest) / spent / (rest / freedom)) > RHYTHM:
        return flat_rhythm
    effects = effects[: len(phases)]
    return Rhythm(values=np.asarray((effects - effects.mean())[of_phase]), spent=spent / len(known))


def _least_squares(design: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the coefficients and the sum of squares that they leave."""
    effects = np.linalg.lstsq(design, target, rcond=None)[0]
    return effects, float(((target - design @ effects) ** 2).sum())


def _predicted(series: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the error of each prediction (the mean of all points before) in its sampling deviations, and how many
    errors there are before it, with their sum of squares."""
    known = ~np.isnan(series)
    more = np.where(known, 1 / np.where(known, variance, 1.0), 0.0)
    weight = np.cumsum(more) - more
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = (np.cumsum(more * np.nan_to_num(series)) - more * np.nan_to_num(series)) / weight
        error = (series - usual) / np.sqrt(variance + 1 / weight)
    squares, counts = np.nan_to_num(error) ** 2, ~np.isnan(error)
    return error, np.cumsum(counts) - counts, np.cumsum(squares) - squares


def _persistence(z: np.ndarray) -> float:
    """Return the correlation of neighbours, freed of its bias, where it is more than chance (one-sided, 10 %); else 0.

    References
    ----------
    Kendall (1954), Note on bias in the estimation of autocorrelation, doi:10.1093/biomet/41.3-4.403.
    """
    product = (z[1:] * z[:-1])[~np.isnan(z[1:] * z[:-1])]
    if len(product) < FEWEST:
        return 0.0
    found = float(product.mean())
    found += (1 + 3 * found) / len(product)
    return min(found, 0.9) if found > BEYOND_CHANCE * len(product) ** -0.5 else 0.0


def limits(n_watched: int, false_alarm: float) -> Limits:
    """Return the limits one of which a series without a change breaks within `n_watched` points with this probability.

    Found on simulated normal series. CUSUM and EWMA limits keep the proportion of those whose average run length is
    370 each.
    """
    out = float(np.quantile(_worst(n_watched)[:, n_watched - 1], 1 - false_alarm))
    return Limits(h=H * out, limit=L * out)


def chance(score: float, n_watched: int, bounds: Limits) -> float:
    """Return the probability that a series without a change scores as much within `n_watched` points (at least 1 in
    20,000: rarer is not told)."""
    worst = _worst(n_watched)[:, n_watched - 1]
    return float(np.maximum((worst * H >= score * bounds.h).mean(), 1 / WORLDS))


def _worst(n_watched: int) -> np.ndarray:
    return _simulated(-(-n_watched // POINTS) * POINTS)


@lru_cache(maxsize=4)
def _simulated(points: int) -> np.ndarray:
    """Return the highest score up to each point of simulated series without a change, shape (series, points)."""
    random = np.random.Generator(np.random.Philox(key=20_250_101))
    start = Limits(h=H, limit=L)
    parts = []
    for _ in range(WORLDS // 2_000):
        score = charts(random.standard_normal((2_000, points)), start).score
        parts.append(np.maximum.accumulate(score, axis=1).astype(np.float32))
    return np.concatenate(parts)


def began(
    values: np.ndarray,
    raised: int,
    first: int = 1,
    variance: np.ndarray | None = None,
    persistence: float = 0.0,
    most: int = 14,
) -> tuple[int, int, int]:
    """Return at which point a change most likely began (the first changed one), and the earliest and latest likely one.

    The maximum of the likelihood of a step between two unknown means, up to `most` points after the alarm at `raised`;
    likely is what it does not make ten times less probable.

    Parameters
    ----------
    values, variance : float arrays, shape (points,)
        NaN where there is no point; the sampling variance of each up to a factor (None: all alike).
    first
        The first point that may be changed.
    persistence
        Correlation of neighbours, which makes the date less sure.

    References
    ----------
    Hinkley (1970), doi:10.1093/biomet/57.1.1. Samuel, Pignatiello and Calvin (1998), doi:10.1080/08982119808919189.

    Examples
    --------
    >>> began(np.array([0.0, 0.1, -0.1, 2.0, 2.1, 1.9]), 5)
    (3, 3, 3)
    """
    until = min(raised + most + 1, len(values))
    known = ~np.isnan(values[:until])
    weight = np.where(known, 1.0 if variance is None else 1 / variance[:until], 0.0)
    value = np.nan_to_num(values[:until])
    before, sums = np.cumsum(weight)[:-1], np.cumsum(weight * value)[:-1]
    whole, total = weight.sum(), float(weight @ value)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = sums / before - (total - sums) / (whole - before)
        gain = np.nan_to_num(before * (whole - before) / whole * apart**2)[first - 1 : raised]
    rest = max(float(weight @ value**2 - total**2 / whole - gain.max()), 0.0)
    dispersion = rest / max(int(known.sum()) - 2, 1) * (1 + persistence) / (1 - persistence)
    likely = first + np.flatnonzero(gain >= gain.max() - 2 * np.log(LIKELY) * dispersion)
    return first + int(gain.argmax()), int(likely[0]), int(likely[-1])

"""What a distance is worth: how far apart halves of the same days are, and how far the weeks before were."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from desireline.calibrate.localtime import to_local
from desireline.distance.distances import DISTANCES, distances
from desireline.distance.sample import Sample
from desireline.seeds import Purpose, chain
from desireline.units import DAY, HOUR

SPLITS = 20
MOST_UNREST = 2.0
OF_QUEUES = ("waiting", "abandonment")
ON_THE_CALENDAR = ("absolute_events", "arrivals")


def floor(observed: Sample, seed: int, splits: int = SPLITS) -> dict[str, float]:
    """Return the mean distances that chance alone puts between two samples of the held-out part.

    Random halves of its days, each day of the week in both alike (of its hours, where it is shorter than two weeks).
    What is measured on the calendar would move by whole days in such halves; there, two samples are held beside each
    other that have on each date the cases of a random day of the same day of the week, and their distance is made that
    of samples of half the size, with the spread that so few days hide (and random halves of cases, where that is more).
    """
    generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE, SPLITS)))
    local = to_local(observed.begins, observed.timezone)
    dates, day = np.unique(local // DAY, return_inverse=True)
    day = day.ravel()
    within = [name for name in DISTANCES if name not in ON_THE_CALENDAR]
    chance = mean_distances((_halves(observed, local, day, dates % 7, generator) for _ in range(splits)), within)
    redrawn = mean_distances((_pair(observed, dates, day, generator) for _ in range(splits)), ON_THE_CALENDAR)
    orders = (generator.permutation(observed.cases) for _ in range(splits))
    halves = mean_distances((half(observed, order % 2 == 0) for order in orders), ON_THE_CALENDAR)
    return chance | {name: max(_scale(dates) * redrawn[name], halves[name]) for name in ON_THE_CALENDAR}


def between_runs(made: Sequence[Sample], halves: Mapping[str, float]) -> dict[str, float]:
    """Return the distances that chance puts between two histories, for what hangs on queues.

    Where queues are long, days in a row are alike, and halves of the held-out days hold too little of what chance does.
    Two runs of the model differ by all of it; they count for at most twice the distance between the `halves`, so that a
    model cannot excuse itself by scattering.
    """
    apart = mean_distances(pairwise(made), OF_QUEUES)
    return {
        name: max(halves[name], min(apart[name], MOST_UNREST * halves[name]))
        for name in OF_QUEUES
        if not np.isnan(apart[name]) and not np.isnan(halves[name])
    }


def _scale(dates: np.ndarray) -> float:
    """Return the factor for samples of half the size, and for days drawn with replacement from few."""
    alike = float(np.bincount(dates % 7)[np.unique(dates % 7)].mean())
    return float((2 * alike / max(alike - 1, 0.5)) ** 0.5)


def _pair(
    observed: Sample, dates: np.ndarray, day: np.ndarray, generator: np.random.Generator
) -> tuple[Sample, Sample]:
    return _redrawn(observed, dates, day, generator), _redrawn(observed, dates, day, generator)


def half(observed: Sample, first: np.ndarray) -> tuple[Sample, Sample]:
    """Return the cases in `first` (bool, one per case) and the others."""
    return observed.keep(first), observed.keep(~first)


def _halves(
    observed: Sample, local: np.ndarray, day: np.ndarray, weekday: np.ndarray, generator: np.random.Generator
) -> tuple[Sample, Sample]:
    """Return halves of days, as many of each day of the week in both; halves of hours where days are too few."""
    if np.bincount(weekday, minlength=7)[np.unique(weekday)].min() < 2:
        hour = np.unique(local // HOUR, return_inverse=True)[1].ravel()
        return half(observed, (generator.permutation(int(hour.max()) + 1) % 2 == 0)[hour])
    order = np.lexsort((generator.random(len(weekday)), weekday))
    first = np.empty(len(weekday), bool)
    first[order] = (np.arange(len(order)) + generator.integers(2)) % 2 == 0
    return half(observed, first[day])


def _redrawn(observed: Sample, dates: np.ndarray, day: np.ndarray, generator: np.random.Generator) -> Sample:
    """Return a sample that has on each date the cases of a random date of the same day of the week."""
    drawn = np.array([generator.choice(np.flatnonzero(dates % 7 == date % 7)) for date in dates])
    order = np.argsort(day, kind="stable")
    begins = np.searchsorted(day[order], np.arange(len(dates) + 1))
    sizes = (begins[1:] - begins[:-1])[drawn]
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    cases = order[np.repeat(begins[:-1][drawn], sizes) + within]
    return observed.keep(cases).moved(np.repeat((dates - dates[drawn]) * DAY, sizes))


def mean_distances(pairs: Iterable[tuple[Sample, Sample]], names: Iterable[str] = tuple(DISTANCES)) -> dict[str, float]:
    """Return the mean of each distance over pairs of samples; NaN where no pair tells it."""
    names = tuple(names)
    rows = [distances(one, other, names) for one, other in pairs]
    return {name: _mean(np.array([row[name] for row in rows], np.float64)) for name in names}


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")

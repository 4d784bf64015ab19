"""How much of the beginning of a series is warm-up."""

import numpy as np

BATCH = 5
FEWEST_BATCHES = 4


def mser5(series: np.ndarray) -> int | None:
    """Return how many observations of `series` are warm-up by the rule MSER-5; None where it never settles.

    Of the means of batches of five, those are dropped without which the squared standard error of the mean of the rest
    is least (White 1997, doi:10.1177/003754979706900601; batches of five: White, Cobb and Spratt 2000,
    doi:10.1109/WSC.2000.899926). A cut in the second half says that the series is too short to tell, and so do
    fewer than twenty observations.

    Parameters
    ----------
    series : float64 array, shape (n,)
        Observations in order of time, none NaN.
    """
    batches = len(series) // BATCH
    if batches < FEWEST_BATCHES:
        return None
    means = series[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    rest = np.arange(batches, 0, -1)
    centred = means - means.mean()
    total, squares = (np.cumsum(part[::-1])[::-1] for part in (centred, centred**2))
    errors = np.maximum(squares - total**2 / rest, 0.0) / rest.astype(np.float64) ** 2
    # The last batches, few and alike by chance, would always seem the quietest.
    cut = int(np.argmin(errors[: batches - FEWEST_BATCHES + 1]))
    return BATCH * cut if 2 * cut <= batches else None

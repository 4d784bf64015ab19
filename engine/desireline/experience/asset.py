"""The customer asset by formula: what the customers are worth, and what keeping some more would be worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from desireline.errors import DesirelineError

Of = Literal["lost", "rate-points", "base"]
MEANINGS: dict[Of, str] = {
    "lost": "P % of the customers who are lost today stay: the rate r becomes r + P (1 - r)",
    "rate-points": "the rate rises by P points: r becomes r + P",
    "base": "P % more customers stay than today: r becomes r (1 + P)",
}
DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What keeping `percent` more is worth: so many more customers a period, so much more value."""

    percent: float
    retention: float
    customers: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """The value of `customers` today, and what keeping more of them adds; money to six significant digits."""

    customers: float
    retention: float
    margin: float
    discount: float
    value: float
    of: Of
    meaning: str
    keep: tuple[Keep, ...]


def asset_value(customers: float, retention: float, margin: float, discount: float) -> float:
    """Return N m r / (1 + d - r): the expected margins of the coming periods, discounted.

    A customer brings `margin` at the end of every period that begins with the customer still there; each period the
    share `retention` stays.

    References
    ----------
    Gupta and Lehmann (2003), Customers as assets, doi:10.1002/dir.10045.

    Examples
    --------
    >>> round(asset_value(10_000, 0.8, 100, 0.12))
    2500000
    """
    return customers * margin * retention / (1 + discount - retention)


def keep_more(
    customers: float, retention: float, margin: float, discount: float, percents: Sequence[float], of: str | None
) -> Asset:
    """Return the asset of `customers`, and what keeping more of them would add.

    Parameters
    ----------
    retention
        Share that stays from one period to the next, below 1.
    margin, discount
        Money per customer and period; rate per period.
    percents
        How many percent more to keep, in the meaning of `of`: lost, rate-points or base.

    Raises
    ------
    DesirelineError
        If a number makes no sense, or `of` does not say what the percents are of.
    """
    meaning = _meaning(of)
    _demand(0 < customers < math.inf, f"--customers {customers:g}", "a number above zero")
    _demand(0 <= retention < 1, f"--retention {retention:g}", "a share from 0 to below 1: somebody leaves every period")
    _demand(0 <= discount < math.inf, f"--discount {discount:g}", "a rate that is not negative, such as 0.12")
    _demand(math.isfinite(margin), f"--margin {margin:g}", "an amount of money")
    now = asset_value(customers, retention, margin, discount)
    rows = []
    for percent in percents:
        _demand(0 < percent < math.inf, f"--keep {percent:g}", "percents above zero, such as 5,10,20")
        then = _raised(retention, percent / 100, meaning)
        found = f"--keep {percent:g} --of {meaning} makes the retention {then:g}"
        _demand(then < 1, found, "a retention below 1: somebody leaves every period")
        more = customers * (then - retention)
        value = asset_value(customers, then, margin, discount) - now
        rows.append(Keep(percent=percent, retention=rounded(then), customers=rounded(more), value=rounded(value)))
    return Asset(
        customers=customers,
        retention=retention,
        margin=margin,
        discount=discount,
        value=rounded(now),
        of=meaning,
        meaning=MEANINGS[meaning],
        keep=tuple(rows),
    )


def rounded(amount: float) -> float:
    """Return `amount` to six significant digits: more would claim what nobody knows.

    Examples
    --------
    >>> rounded(112903.2258)
    112903.0
    """
    if not amount:
        return 0.0
    return round(amount, DIGITS - 1 - math.floor(math.log10(abs(amount))))


def _raised(rate: float, part: float, of: Of) -> float:
    return {"lost": rate + part * (1 - rate), "rate-points": rate + part, "base": rate * (1 + part)}[of]


def _meaning(of: str | None) -> Of:
    for known in get_args(Of):
        if of == known:
            return known  # type: ignore[no-any-return]
    explained = "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items())
    found = "it is not said what the percents to keep are of" if of is None else f'no meaning "{of}"'
    raise DesirelineError(found, where="--of", expected="lost, rate-points or base", help=f"{explained}.")


def _demand(holds: bool, found: str, expected: str) -> None:
    if not holds:
        raise DesirelineError(found, where="asset", expected=expected)

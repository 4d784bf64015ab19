"""Options that name days: FROM..TO."""

from datetime import date

from desireline.errors import DesirelineError


def days_of(text: str | None, option: str) -> tuple[date | None, date | None]:
    """Return first and last day of FROM..TO; either may be left out.

    Raises
    ------
    DesirelineError
        If it is no such text.
    """
    if text is None:
        return None, None
    first, mark, last = text.partition("..")
    try:
        if not mark:
            raise ValueError
        days = date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
    except ValueError:
        expected = "two days such as 2025-01-06..2025-03-02"
        raise DesirelineError(f'"{text}"', where=option, expected=expected) from None
    if days[0] and days[1] and days[0] > days[1]:
        raise DesirelineError(f"{days[0]} lies after {days[1]}", where=option, expected="FROM before TO")
    return days

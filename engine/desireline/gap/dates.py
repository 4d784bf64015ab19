"""Dates told to customers, as the moment until which they are kept."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from desireline.log.eventlog import UNKNOWN


def as_deadlines(column: pa.ChunkedArray | pa.Array, timezone: str) -> np.ndarray:
    """Return int64 microseconds, one per value: the last moment that keeps the date; `UNKNOWN` where there is none.

    A time is itself. A day without a time (also a column of times that all say midnight) is kept until its last
    microsecond in `timezone`. Text is read as ISO 8601; without a zone it is in `timezone`.
    """
    zone = ZoneInfo(timezone)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _of_times(column, zone)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    moments = [_of_text(str(value), zone) for value in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(len(moments)).to_numpy()
    deadlines: np.ndarray = np.array([*moments, UNKNOWN], np.int64)[codes]
    return deadlines


def _of_text(text: str, zone: ZoneInfo) -> int:
    text = text.strip()
    try:
        if len(text) <= 10:
            return _end_of_day(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return int(UNKNOWN)
    return _microseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _of_times(column: pa.Array, zone: ZoneInfo) -> np.ndarray:
    times = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    values: np.ndarray = times.fill_null(UNKNOWN).to_numpy().copy()
    known = values != UNKNOWN
    distinct, place = np.unique(values[known], return_inverse=True)
    for midnight in (ZoneInfo("UTC"), zone):
        days = _whole_days(distinct, midnight)
        if days:
            values[known] = np.array([_end_of_day(day, zone) for day in days], np.int64)[place]
            return values
    return values


def _whole_days(moments: np.ndarray, zone: ZoneInfo) -> list[date]:
    """Return the days that begin at `moments`; none where one of them does not begin a day of `zone`."""
    days = []
    for moment in moments.tolist():
        local = datetime.fromtimestamp(moment // 1_000_000, zone)
        if moment % 1_000_000 or local.hour or local.minute or local.second:
            return []
        days.append(local.date())
    return days


def _end_of_day(day: date, zone: ZoneInfo) -> int:
    following = day + timedelta(days=1)
    return _microseconds(datetime(following.year, following.month, following.day, tzinfo=zone)) - 1


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // timedelta(microseconds=1)

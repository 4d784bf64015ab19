"""A change of the whole journey is pinned to the touchpoint where it comes about."""

from desireline.log.source import Source
from desireline.watch.days import window
from desireline.watch.series import observe
from desireline.watch.where import where
from tests.watch.worlds import world


def test_the_touchpoint_that_takes_longer_is_named_and_none_where_nothing_does() -> None:
    log = world(1, change=60, wait=2.0)
    span = window(log)
    observed = observe(log, Source(log="x"), None, span)
    assert where(observed, span, span.first + 59, span.last, 1) == "Answer"
    assert where([one for one in observed if one.touchpoint != "Answer"], span, span.first + 59, span.last, 1) is None

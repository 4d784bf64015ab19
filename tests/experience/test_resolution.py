"""Contact resolution: recent contacts are censored, not counted as settled."""

import numpy as np
import pytest

from desireline.experience.contacts import contacts
from desireline.experience.resolution import episode_of, episodes, next_issues, resolution
from tests.experience.people import DAY, visits_of


def test_a_contact_too_recent_to_tell_is_not_settled() -> None:
    """Ten old contacts, five of which are repeated after a day; ten more on the last day."""
    rows = [(f"a{i}", 0.0, 0.0) for i in range(10)] + [(f"a{i}", 1.0, 1.0) for i in range(5)]
    rows += [("end", 20.0, 20.0)]
    old = resolution(contacts(visits_of(rows)), 7 * DAY)
    recent = resolution(contacts(visits_of([*rows, *((f"b{i}", 20.0, 20.0) for i in range(10))])), 7 * DAY)
    assert old.resolved == pytest.approx(2 / 3, abs=0.02)
    assert recent.resolved == pytest.approx(old.resolved)
    assert recent.censored == 11
    assert recent.counted_as_settled > recent.resolved + 0.1


def test_a_world_with_a_known_rate_of_coming_again_is_recovered() -> None:
    draw = np.random.default_rng(5)
    rows = []
    for customer in range(1500):
        day = draw.uniform(0, 60)
        while day < 60:
            rows.append((f"c{customer}", day, day))
            day += draw.exponential(20)
    found = resolution(contacts(visits_of(rows)), 7 * DAY)
    assert found.low < np.exp(-7 / 20) < found.high


def test_an_issue_is_a_chain_of_contacts() -> None:
    seen = contacts(visits_of([("a", 0, 0), ("a", 6, 6), ("a", 12, 12), ("a", 30, 30), ("b", 1, 1)]))
    assert episode_of(seen, 7 * DAY).tolist() == [0, 0, 0, 1, 2]
    found = episodes(seen, 7 * DAY, np.ones(5))
    assert (found.episodes, found.with_recontact, found.effort_mean) == (3, 1, pytest.approx(5 / 3))


def test_what_comes_next_is_ranked_by_lift_volume_and_handling() -> None:
    rows = [(f"a{i}", 0, 0) for i in range(40)] + [(f"a{i}", 1, 1) for i in range(40)]
    issue = [0] * 20 + [1] * 20 + [2] * 20 + [3] * 15 + [2] * 5
    log = visits_of(rows, issue=[str(i) for i in issue])
    seen = contacts(log)
    code = np.array(issue)[[int(c.split()[1]) for c in log.cases.column("case_id").to_pylist()]]
    found = next_issues(seen, 7 * DAY, code[seen.case], ["bill", "line", "pay", "repair"], np.full(80, 60.0))
    assert [(row.issue, row.next, row.contacts) for row in found] == [("bill", "pay", 20), ("line", "repair", 15)]
    assert found[0].lift == pytest.approx(20 / (20 * 25 / 40))
    assert found[0].score == pytest.approx(found[0].lift * 20 * 60 / 3600)


def test_too_few_watched_contacts_give_no_share() -> None:
    found = resolution(contacts(visits_of([("a", 0, 0), ("b", 0, 0)])), 7 * DAY)
    assert found.resolved is None
    assert "fewer than 10" in found.reason

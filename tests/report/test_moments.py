"""The section on moments of truth, and what lies behind the gap."""

from typing import Any

from desireline.report.documents import read_documents
from desireline.report.headline import sentence
from desireline.report.journey_map import costs, gather, journey_map
from desireline.report.moments import moments
from desireline.report.organisation import organisation
from desireline.report.words import NBSP
from tests.report.sample_documents import compare, documents
from tests.report.test_page import write


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_rows_say_what_happens_what_it_costs_and_who_owns_it() -> None:
    found = moments(compare(), "EUR")
    assert found is not None
    first = found.rows[0]
    assert (first.name, first.what, first.owner, first.cases) == ("Engineer visit", "failed", "Field ops", "3,400")
    assert first.effect == "12.0 (10.0 to 14.0)"
    assert first.customers == "408 (340 to 476)"
    assert (first.clear, first.member) == (True, True)
    assert (found.rows[2].clear, found.rows[2].member) == (False, False)


def test_the_smallest_set_is_said_in_a_sentence() -> None:
    found = moments(compare(), "EUR")
    assert found is not None
    assert plain(found.told[0]) == (
        "Together the deviations go with 470 customers lost a year (410 to 530), about 141,000 EUR, 30 % of all lost."
    )
    assert plain(found.told[1]) == "The fewest that make up 86 % of it are one: Engineer visit: failed."


def test_without_an_outcome_the_rows_are_about_time_and_say_why() -> None:
    document = compare()
    document["outcome"] |= {"measure": "cycle_time", "reason": "the source names no outcome", "margin": None}
    for row in document["moments_of_truth"]:
        row["customers_at_risk"] = row["value_at_risk"] = None
    found = moments({**document, "avoidable": None}, "EUR")
    assert found is not None
    assert "Not customers lost, because the source names no outcome." in found.lead
    assert (found.told, found.rows[0].customers) == ((), "-")


def test_an_older_document_without_moments_has_no_section() -> None:
    document = {key: value for key, value in compare().items() if key in ("cases", "fitness", "deviations")}
    assert moments(document, "") is None
    assert organisation(document) is None


def test_the_map_is_coloured_by_what_clear_deviations_cost() -> None:
    shares = costs(compare())
    assert shares is not None
    assert set(shares) == {"Engineer visit", "Activate"}
    assert sum(shares.values()) == 1
    assert costs({**compare(), "outcome": {"measure": "cycle_time"}}) is None


def test_cards_of_the_smallest_set_are_marked_as_moments(tmp_path: Any) -> None:
    write(tmp_path, documents())
    drawn = journey_map(gather(read_documents(tmp_path)))
    assert drawn is not None
    cards = {card.name: card for card in drawn.cards}
    assert cards["Engineer visit"].moment
    assert (cards["Engineer visit"].gap, cards["Help pages"].gap) == (3, 0)


def test_the_first_sentence_has_the_three_numbers_that_matter(tmp_path: Any) -> None:
    write(tmp_path, documents())
    found = read_documents(tmp_path)
    text = plain("".join(piece.text for piece in sentence(found, gather(found))))
    assert text == (
        "57 % of 20,000 cases follow the blueprint exactly; 470 lost customers a year, 141,000 EUR, go with leaving "
        "it; and the moment that costs most is Engineer visit (failed)."
    )


def test_what_lies_behind_is_said_in_words() -> None:
    found = organisation(compare())
    assert found is not None
    assert "70 % of all cycle time passes where work goes from one function to another" in plain(found.between)
    assert plain(found.conflicts[0]) == (
        "From Place order to Activate customers are told 5.0 d (web) and 10.0 d (everywhere): 300 of 900 cases keep "
        "one word and break the other."
    )
    assert found.segments[0][:3] == ("segment = business", "Credit check: ad hoc", "3,000")
    assert found.three_maps[0][0] == "Send bill"
    assert found.stories[0] == ("All cases: typical", ("3,100 cases travel like this.",))

"""The retention model of a log: planted truths, leaks, and what cannot be fitted."""

from typing import Any

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import load
from desireline.errors import BlueprintError, LogError
from desireline.experience.retain import Retain, retain
from desireline.experience.telling import before_telling, leak
from desireline.experience.worth import experience_measure
from desireline.files import parse_document
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.evidence import evidence
from tests.experience.people import DAY, source, visits_of

HOUR = 3_600_000_000
GONE = {"attribute": "gone", "lost": ["yes"]}


def world(seed: int, n: int = 1500, *, wait: float = -0.1, handoffs: float = -0.4, **columns: Any) -> EventLog:
    """Return cases whose log-odds of being kept are 2 + wait x hours waited + handoffs x hand-offs between pools."""
    draw = np.random.default_rng(seed)
    passes, waited = draw.integers(0, 4, n), draw.exponential(8, n)
    odds = 2 + wait * waited + handoffs * passes
    gone = np.where(draw.random(n) < 1 / (1 + np.exp(-odds)), "no", "yes")
    sizes = passes + 1
    case = np.repeat(np.arange(n), sizes)
    place = np.arange(len(case)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    start = case * DAY + place * HOUR + np.repeat((waited * HOUR).astype(np.int64), sizes)
    per_case = {name: np.asarray(values)[case] for name, values in columns.items()}
    return from_arrays(
        {
            "case_id": [f"c{i:05d}" for i in case],
            "customer": [f"p{i // 2:05d}" for i in case],
            "activity": ["ABCD"[i] for i in place],
            "pool": ["one" if i % 2 else "two" for i in place],
            "enabled": np.where(place == 0, start - np.repeat((waited * HOUR).astype(np.int64), sizes), start),
            "start": start,
            "end": start + HOUR // 2,
            "gone": gone[case],
        }
        | per_case
    )


def fitted(log: EventLog, told: Source, blueprint: Blueprint | None = None, **options: Any) -> Retain:
    return retain(evidence(log, told, blueprint, **options))


def test_what_was_planted_is_found_and_nothing_else() -> None:
    draw = np.random.default_rng(1)
    log = world(1, 3000, segment=draw.choice(["old", "new"], 3000))
    told = source(**GONE).model_copy(update={"attributes": ["segment"]})
    found = fitted(log, told)
    terms = {term.name: term for term in found.terms}
    for name, truth in (("wait_h", -0.1), ("handoffs", -0.4)):
        assert terms[name].low < truth < terms[name].high
    assert terms["segment = new" if "segment = new" in terms else "segment = old"].low < 0
    assert set(found.few) >= {"wait_h", "handoffs"}
    assert {row.measure for row in found.measures if row.keep} >= {"wait", "handoffs"}


def test_on_customers_held_out_the_model_is_calibrated_and_beats_the_base_rate() -> None:
    found = fitted(world(2, 3000), source(**GONE))
    ours, base = found.comparison
    assert ours.log_loss < base.log_loss
    assert found.discrimination.low < found.c_index < found.discrimination.high
    outside = sum(not row.low <= row.predicted <= row.high for row in found.calibration)
    assert outside <= 2


def test_losses_of_an_issue_are_those_its_closing_would_have_kept() -> None:
    log = world(3, 4000)
    found = fitted(log, source(**GONE))
    waiting = next(row for row in found.losses if row.feature == "wait_h")
    truth = fitted(world(3, 4000, wait=0.0), source(**GONE)).lost
    assert waiting.low < found.lost - truth + 60
    assert waiting.high > found.lost - truth - 60
    assert waiting.value is None


def test_a_world_with_no_effect_has_a_c_index_of_chance() -> None:
    found = fitted(world(4, wait=0.0, handoffs=0.0), source(**GONE))
    assert found.discrimination.low < 0.5 < found.discrimination.high + 0.02
    assert not [row for row in found.measures if row.keep]


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (["no"] * 300, "every one of the 300 cases with a known outcome was kept"),
        (["yes"] * 300, "was lost"),
        (["yes"] * 9 + ["no"] * 291, "9 of 300 cases with a known outcome were lost; expected at least 10 lost"),
    ],
)
def test_an_outcome_that_teaches_nothing_is_refused(gone: list[str], message: str) -> None:
    log = visits_of([(f"p{i}", i, i + 0.1) for i in range(300)], gone=gone)
    with pytest.raises(LogError, match=message):
        fitted(log, source(**GONE))


def test_a_feature_that_separates_perfectly_is_refused_by_name() -> None:
    gone = ["yes"] * 150 + ["no"] * 150
    log = visits_of([(f"p{i}", i, i + 0.1) for i in range(300)], gone=gone, score=[float(i) for i in range(300)])
    with pytest.raises(LogError, match=r'"score" alone separates the kept from the lost'):
        fitted(log, source(**GONE), asked=["score"])


def test_features_that_separate_together_are_refused_by_name() -> None:
    draw = np.random.default_rng(11)
    gone = np.array(["yes"] * 150 + ["no"] * 150)
    noise = draw.normal(0, 5, 300)
    log = visits_of(
        [(f"p{i}", i % 7, i % 7 + 0.1) for i in range(300)],
        gone=gone.tolist(),
        noise=noise.tolist(),
        refund=(noise + np.where(gone == "yes", 4.0, 0.0) + draw.normal(0, 0.1, 300)).tolist(),
    )
    with pytest.raises(LogError, match="together refund, noise separate the kept from the lost perfectly"):
        fitted(log, source(**GONE), asked=["noise", "refund"])


def test_a_feature_of_which_too_few_cases_tell_is_refused_with_the_counts() -> None:
    """Of forty cases without the mark one was lost: however large a coefficient came out, it would follow that one."""
    n = 1500
    log = world(12, n, mark=np.where(np.arange(n) < 40, "no", "yes"))
    gone = np.array(log.cases.column("gone").to_pylist())
    mark = np.array(log.cases.column("mark").to_pylist())
    rare = np.flatnonzero(mark == "no")
    gone[rare] = "no"
    gone[rare[0]] = "yes"
    order = np.argsort([int(name[1:]) for name in log.cases.column("case_id").to_pylist()])
    found = fitted(log_with_outcome(log, gone[order]), source(**GONE), asked=["mark"])
    assert [row.reason for row in found.refused if row.feature == "mark = no"] == [
        "of 40 cases with it only 1 was lost: too few to tell"
    ]
    assert "mark = no" not in {term.name for term in found.terms}


def test_contrasts_say_in_customers_what_the_coefficients_say() -> None:
    found = fitted(world(13, 4000), source(**GONE))
    waiting = next(row for row in found.contrasts if row.feature.startswith("wait"))
    draw = np.random.default_rng(13)
    passes, waited = draw.integers(0, 4, 4000), draw.exponential(8, 4000)
    kept = [1 / (1 + np.exp(-(2 - 0.1 * hours - 0.4 * passes))) for hours in np.quantile(waited, [0.1, 0.9])]
    assert waiting.unit == "s"
    assert waiting.start < 2 * 3600 < 12 * 3600 < waiting.end
    assert waiting.low < kept[1].mean() - kept[0].mean() < waiting.high


def test_the_experience_measure_holds_only_what_customers_go_through() -> None:
    draw = np.random.default_rng(14)
    told = source(**GONE).model_copy(update={"attributes": ["segment"]})
    found = fitted(world(14, 3000, segment=draw.choice(["old", "new"], 3000)), told)
    assert set(found.experience_measure.weights) == {"wait_h", "handoffs"}
    assert found.experience_measure.mean == pytest.approx(sum(found.experience_measure.parts.values()))


def test_a_feature_that_nearly_tells_the_outcome_is_pointed_at() -> None:
    log = world(15, 1500)
    gone = np.array(log.cases.column("gone").to_pylist()) == "yes"
    order = np.argsort([int(name[1:]) for name in log.cases.column("case_id").to_pylist()])
    score = (3.0 * gone + np.random.default_rng(15).normal(0, 1, 1500))[order]
    found = fitted(world(15, 1500, score=score), source(**GONE), asked=["score"])
    assert any(note.startswith('"score" alone nearly tells who was lost') for note in found.notes)


def test_what_is_known_only_after_leaving_is_refused_by_name() -> None:
    n = 400
    gone = np.where(np.random.default_rng(5).random(n) < 0.3, "yes", "no")
    why = [("price" if i % 2 else "service") if g == "yes" else None for i, g in enumerate(gone)]
    log = world(6, n, why=np.array(why, dtype=object), final=np.where(gone == "yes", "closed", "open"))
    log = log_with_outcome(log, gone)
    told = source(**GONE)
    kept = np.where(np.array(log.cases.column("gone").to_pylist()) == "yes", 0, 1)
    assert leak(log, told, "why", kept) == "only cases that were lost have it"
    assert leak(log, told, "final", kept) == "each of its values goes with one outcome only"
    assert leak(log, told, "gone", kept) == "it is the outcome itself"
    with pytest.raises(LogError, match=r'"why" cannot be a feature: only cases that were lost have it'):
        fitted(log, told, asked=["why"])
    found = fitted(log, told.model_copy(update={"attributes": ["why"]}))
    assert [row.feature for row in found.refused if row.feature == "why"] == ["why"]
    assert not [term for term in found.terms if term.name.startswith("why")]


def log_with_outcome(log: EventLog, gone: np.ndarray) -> EventLog:
    from dataclasses import replace

    import pyarrow as pa

    order = [int(name[1:]) for name in log.cases.column("case_id").to_pylist()]
    column = pa.array(gone[order].tolist()).dictionary_encode()
    return replace(log, cases=log.cases.set_column(log.cases.schema.get_field_index("gone"), "gone", column))


def test_nothing_at_the_moment_of_leaving_or_later_is_known_before_it() -> None:
    log = from_arrays(
        {
            "case_id": ["a", "a", "a", "b", "b"],
            "activity": ["Ask", "Cancel", "Survey", "Ask", "Answer"],
            "start": [0, HOUR, 2 * HOUR, 0, HOUR],
            "end": [1, HOUR, 2 * HOUR, 1, HOUR],
        }
    )
    told = source(activity={"lost": ["Cancel"]})
    cut, rows = before_telling(log, told)
    assert [log.activities[code] for code in cut.column("activity")] == ["Ask", "Ask", "Answer"]
    assert rows.tolist() == [0, 1]
    assert cut.cases.column("open").to_pylist() == [True, False]


def test_an_attribute_written_with_the_cancellation_is_a_leak() -> None:
    n = 60
    rows = [(f"c{i}", ("Ask", "Cancel" if i % 2 else "Approve")[k], k) for i in range(n) for k in (0, 1)]
    log = from_arrays(
        {
            "case_id": [case for case, _, _ in rows],
            "activity": [name for _, name, _ in rows],
            "start": [k * HOUR for _, _, k in rows],
            "end": [k * HOUR for _, _, k in rows],
            "reason": [("x", "y", "z")[i % 3] if k else None for i, (_, _, k) in enumerate(rows)],
        },
        case_attributes=[],
    )
    told = source(activity={"lost": ["Cancel"], "kept": ["Approve"]})
    assert leak(log, told, "reason", np.arange(n) % 2) == "it is written when the outcome is known, or later"


def test_returns_make_a_hazard_over_the_contacts_with_what_lies_before() -> None:
    draw = np.random.default_rng(7)
    rows = []
    for customer in range(400):
        day, times = draw.uniform(0, 30), 0
        while day < 400 and times < 20:
            rows.append((f"p{customer:04d}", day, day + 0.1))
            if draw.random() > 1 - 0.6 * np.exp(-0.5 * times):
                break
            day, times = day + draw.exponential(10), times + 1
    found = fitted(visits_of(rows), source(returns_within="60 d"))
    assert found.model == "discrete-time hazard"
    terms = {term.name: term for term in found.terms}
    assert terms["log_earlier_contacts"].low > 0
    assert [row.model for row in found.comparison][-1] == "purchase history (BG/NBD)"
    assert found.unknown > 0


def test_contacts_near_the_end_of_the_log_are_unknown_also_where_the_customer_came() -> None:
    """Half of all contacts are followed by another within ten days; those who came late would else count as kept."""
    draw = np.random.default_rng(16)
    rows = []
    for customer in range(1500):
        day = draw.uniform(0, 100)
        while day < 100:
            rows.append((f"p{customer:04d}", day, day))
            if draw.random() < 0.5:
                break
            day += draw.uniform(0, 10)
    log = visits_of(rows)
    found = evidence(log, source(returns_within="30 d"))
    end = max(day for _, day, _ in rows)
    assert found.known == sum(day + 30 <= end for _, day, _ in rows)
    assert abs(found.lost / found.known - 0.5) < 0.04


def test_returns_without_customers_are_refused() -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["x"], "start": [0], "end": [0]})
    with pytest.raises(LogError, match="log names no"):
        fitted(log, source(returns_within="60 d"))


def test_who_gave_up_and_was_always_lost_is_a_rule_with_losses_of_its_own() -> None:
    log = world(8, 1200)
    quit_ = np.zeros(1200, bool)
    quit_[::20] = True
    order = np.argsort([int(name[1:]) for name in log.cases.column("case_id").to_pylist()])
    gone = np.where(quit_, "yes", np.array(log.cases.column("gone").to_pylist()))
    log = log_with_outcome(log, gone[order])
    table_of = evidence(log, source(**GONE))
    from dataclasses import replace

    found = retain(replace(table_of, gave_up=quit_))
    assert found.gave_up_lost == 60
    row = next(row for row in found.losses if row.feature == "abandoned")
    assert 30 < row.low <= row.customers <= row.high <= 60


def test_where_giving_up_tells_every_loss_there_is_nothing_to_fit() -> None:
    from dataclasses import replace

    told = evidence(world(8, 300), source(**GONE))
    with pytest.raises(LogError, match="all who were lost gave up in a queue"):
        retain(replace(told, gave_up=told.kept == 0))


PLAN = """
blueprint: Two steps
stages: [One, Two]
touchpoints:
  A: {stage: One, moment_of_truth: true}
  B: {stage: One, promise: {wait: 4 h}}
  C: {stage: Two}
  D: {stage: Two}
flow: [A, {optional: [B]}, {optional: [C]}, {optional: [D]}]
promises:
  Soon: {from: A, to: C, target: 90 min}
"""


def test_a_blueprint_adds_promises_and_moments_of_truth() -> None:
    plan = load(parse_document(PLAN, "plan.yaml", BlueprintError))
    found = fitted(world(9, 1500), source(**GONE), plan)
    assert "late: Soon" in {term.name for term in found.terms} | {row.feature for row in found.refused}


def test_the_version_of_the_experience_measure_changes_with_its_weights() -> None:
    x = np.ones((3, 2))
    one, same, other = (experience_measure(["a", "b"], np.array(w), x) for w in ([1, 2], [1, 2], [1, 2.1]))
    assert one == same
    assert one.version != other.version
    assert one.mean == 3

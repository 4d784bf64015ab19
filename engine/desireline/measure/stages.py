"""Who leaves at which stage: a case counts once for every stage it came to, with what was known until then.

A case that leaves early has had less time to be passed on, to wait, or to have a promise broken. Compared at the end,
all these would seem to keep customers. Compared stage by stage, by what happened before the case went on or left, they
need not. A stage at which nobody leaves, or everybody, says nothing and is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.owners import owners
from desireline.experience import drivers
from desireline.experience.burden import with_burden
from desireline.experience.drivers import Feature
from desireline.experience.evidence import Evidence, case_features, days_of, kept_in
from desireline.experience.retain import BY_STAGE
from desireline.experience.telling import with_rows
from desireline.experience.usable import Refused
from desireline.experience.values import case_values
from desireline.gap.visits import visits
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.measure.cases import case_table
from desireline.units import MICROSECONDS

FEWEST = 5
LATER = np.iinfo(np.int64).max


def evidence_of_stages(
    log: EventLog,
    source: Source,
    blueprint: Blueprint,
    kept: np.ndarray,
    abandonments: Mapping[str, str | None],
    asked: Sequence[str],
    without: Sequence[str],
    refused: Sequence[Refused],
    window: int,
) -> Evidence | None:
    """Return the evidence of `log` by case and stage; None where fewer than two stages say something.

    Parameters
    ----------
    log
        The log before its outcomes were told.
    kept
        1 kept, 0 lost, -1 unknown, one per case; a case of unknown outcome counts up to the stage before its last.
    """
    came, goes_on = _stages(log, blueprint)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, list[Feature]]] = []
    more: tuple[Refused, ...] = ()
    for stage in range(len(blueprint.stages)):
        told = np.where(goes_on[:, stage] < LATER, 1, kept)
        use = came[:, stage] & (told >= 0)
        if min((told[use] > 0).sum(), (told[use] == 0).sum()) < FEWEST:
            continue
        rows = (log.column("start") < goes_on[log.column("case"), stage]) & use[log.column("case")]
        part, of_log = with_rows(log, rows, goes_on[:, stage] < LATER)
        table = case_table(part, owners=owners(blueprint), abandonments=abandonments)
        table = with_burden(table, part, blueprint, abandonments=abandonments, window=window)
        features, more = case_features(part, table, blueprint, abandonments, asked)
        gave_up = (table.abandoned > 0) & (goes_on[of_log, stage] == LATER)
        parts.append((of_log, told[of_log].astype(float), gave_up, _of_stage(features, blueprint.stages, stage, part)))
    return _together(log, source, kept, parts, without, (*refused, *more)) if len(parts) > 1 else None


def _stages(log: EventLog, blueprint: Blueprint) -> tuple[np.ndarray, np.ndarray]:
    """Return which stages each case came to (bool), and when it went on beyond each (`LATER`: it did not)."""
    stays = visits(log, blueprint)
    stage = np.array([blueprint.stages.index(blueprint.touchpoints[n].stage) for n in stays.touchpoints], np.int64)
    of_visit = stage[stays.touchpoint] if len(stays) else np.zeros(0, np.int64)
    shape = (log.n_cases, len(blueprint.stages))
    came, first = np.zeros(shape, bool), np.full(shape, LATER)
    came[stays.case, of_visit] = True
    np.minimum.at(first, (stays.case, of_visit), stays.start)
    goes_on = np.full(shape, LATER)
    for i in range(shape[1] - 1):
        goes_on[:, i] = first[:, i + 1 :].min(axis=1)
    return came, goes_on


def _of_stage(features: Sequence[Feature], stages: Sequence[str], stage: int, part: EventLog) -> list[Feature]:
    """Return the features with one that tells the stage."""
    name = f"stage = {stages[stage]}"
    here = Feature(name=name, measure="stage", values=np.ones(part.n_cases), experience=False)
    return [*features, here]


def _together(
    log: EventLog,
    source: Source,
    kept: np.ndarray,
    parts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, list[Feature]]],
    without: Sequence[str],
    refused: Sequence[Refused],
) -> Evidence:
    """Return the rows of all stages as one; a feature that a stage does not have is 0 there."""
    sizes = [len(part[0]) for part in parts]
    case = np.concatenate([part[0] for part in parts])
    told = np.concatenate([part[1] for part in parts])
    known: dict[str, Feature] = {}
    columns: dict[str, list[np.ndarray]] = {}
    for i, part in enumerate(parts):
        for feature in part[3]:
            known.setdefault(feature.name, feature)
            columns.setdefault(feature.name, [np.zeros(size) for size in sizes])[i] = feature.values
    features = [replace(known[name], values=np.concatenate(values)) for name, values in columns.items()]
    features = _reference(features)
    gave_up = np.concatenate([part[2] for part in parts])
    worth = case_values(log, source)
    money = None if worth is None else np.where(worth == UNKNOWN, np.nan, worth / MICROSECONDS)
    return Evidence(
        kind=BY_STAGE,
        kept=told,
        customer=coded(log.cases.column("customer"))[0][case],
        features=tuple(drivers.taken(kept_in(features, without), np.ones(len(told), bool))),
        gave_up=gave_up & bool(gave_up.sum() >= FEWEST and not told[gave_up].any()),
        worth=None if money is None else money[case],
        cases=log.n_cases,
        known=int((kept >= 0).sum()),
        lost=int((kept == 0).sum()),
        rows=case,
        days=days_of(log),
        seen=None,
        within=None,
        refused=tuple(refused),
    )


def _reference(features: Sequence[Feature]) -> list[Feature]:
    """Return the features without the stage that most rows are in: the others are held against it."""
    stages = [feature for feature in features if feature.measure == "stage"]
    most = max(stages, key=lambda feature: float(feature.values.sum()))
    return [feature for feature in features if feature is not most]

"""What a retention model of a log is fitted to: features of every journey, all known before its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.owners import owners
from desireline.experience.burden import with_burden
from desireline.experience.evidence import Evidence, evidence_of_cases, evidence_of_returns, prepared
from desireline.experience.removal import removals
from desireline.experience.usable import Refused
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.cases import case_table
from desireline.measure.stages import evidence_of_stages
from desireline.units import DAY

WINDOW = 7 * DAY


def evidence(
    log: EventLog,
    source: Source,
    blueprint: Blueprint | None = None,
    *,
    asked: Sequence[str] = (),
    without: Sequence[str] = (),
    window: int = WINDOW,
) -> Evidence:
    """Return the evidence of `log` about who is kept.

    Parameters
    ----------
    asked
        Attributes to use besides those by which `source` describes the case.
    without
        Features to leave out, by name, measure or issue.
    window
        Microseconds after a case within which another of the customer is a repeated contact.

    Raises
    ------
    LogError
        If no outcome is told, or an attribute asked for is known only after leaving.
    """
    cut, rows, kept, names, refused = prepared(log, source, asked)
    known = abandonments(log, source)
    found = _evidence(cut, source, blueprint, known, rows, kept, names, without, refused, window)
    return replace(found, removals=removals(cut, blueprint, kept))


def _evidence(
    cut: EventLog,
    source: Source,
    blueprint: Blueprint | None,
    known: Mapping[str, str | None],
    rows: np.ndarray,
    kept: np.ndarray,
    names: Sequence[str],
    without: Sequence[str],
    refused: Sequence[Refused],
    window: int,
) -> Evidence:
    by_activity = source.outcome is not None and source.outcome.retained.activity is not None
    if blueprint is not None and by_activity:
        found = evidence_of_stages(cut, source, blueprint, kept, known, names, without, refused, window)
        if found is not None:
            return found
    table = case_table(cut, owners=owners(blueprint), abandonments=known)
    table = with_burden(table, cut, blueprint, abandonments=known, window=window)
    within = source.outcome.retained.within if source.outcome else None
    if within is not None:
        return evidence_of_returns(
            cut, source, table, blueprint, known, within=within, asked=names, without=without, refused=refused
        )
    return evidence_of_cases(
        cut, source, table, blueprint, known, rows=rows, kept=kept, asked=names, without=without, refused=refused
    )

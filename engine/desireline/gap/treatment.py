"""The treatment matrix: which segment and channel travels which variation, and where the blueprint has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from desireline.errors import LogError
from desireline.gap.compare import Compared
from desireline.log.segments import segments as split

FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A cell of the matrix.

    `variation` is the commonest way of its cases, visits to the same touchpoint in a row told once; `share` of them
    take it; `planned` whether the blueprint has it. `planned_share` is the share of the cell's cases whose way it has;
    `unplanned` is true where that is less than half: these customers travel without a plan.
    """

    by: str
    segment: str | None
    channel: str | None
    cases: int
    variation: tuple[str, ...]
    share: float
    planned: bool
    planned_share: float
    unplanned: bool


def treatment_matrix(compared: Compared, by: Sequence[str]) -> tuple[Treatment, ...]:
    """Return the cells of each attribute in `by` by channel (where the log has one); those under ten cases withheld."""
    channels, channel = _channels(compared)
    found = []
    for attribute in by:
        names, position = split(compared.log, attribute)
        crossed = attribute != "channel"
        for i, name in enumerate(names):
            for j, via in enumerate(channels if crossed else (None,)):
                mine = (position == i) & ((channel == j) if crossed else True)
                if mine.sum() >= FEWEST:
                    found.append(_cell(compared, attribute, name, via if crossed else name, np.flatnonzero(mine)))
    return tuple(found)


def _channels(compared: Compared) -> tuple[Sequence[str | None], np.ndarray]:
    try:
        return split(compared.log, "channel")
    except LogError:
        return (None,), np.zeros(compared.log.n_cases, np.int64)


def _cell(compared: Compared, by: str, segment: str | None, channel: str | None, cases: np.ndarray) -> Treatment:
    traces, aligned = compared.traces, compared.aligned
    mine = traces.of_case[cases]
    follows = (aligned.cost >= 0) & (aligned.missing.sum(axis=1) + aligned.ad_hoc.sum(axis=1) == 0)
    counts = np.bincount(mine, minlength=len(traces.distinct))
    best = int(np.argmax(counts))
    planned_share = float(follows[mine].mean())
    names = compared.visits.touchpoints
    return Treatment(
        by=by,
        segment=segment,
        channel=channel,
        cases=len(cases),
        variation=tuple(names[code] for code, _ in groupby(traces.distinct[best].visits)),
        share=int(counts[best]) / len(cases),
        planned=bool(follows[best]),
        planned_share=planned_share,
        unplanned=planned_share < 0.5,
    )

"""The process model of a log: pm4py's inductive miner on variants with counts, written as BPMN."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from desireline.blocks import NOTHING, Flow, drawn, sequence
from desireline.folders import write_whole
from desireline.journey.variants import variants
from desireline.log.eventlog import EventLog

NOISE = 0.2
MOST_VARIANTS = 5_000


def discover_bpmn(log: EventLog, path: str | Path, noise: float = NOISE) -> tuple[str, ...]:
    """Write the process model of a log as BPMN 2.0 with a diagram; return notes.

    The inductive miner, infrequent (Leemans, Fahland and van der Aalst 2014, doi:10.1007/978-3-319-06257-0_6), works on
    at most the 5,000 most frequent variants.

    Parameters
    ----------
    noise
        Relations rarer than this share of the most frequent one beside them are left out.
    """
    found = variants(log)
    used = min(len(found), MOST_VARIANTS)
    label = [Code(code) for code in range(len(log.activities))]
    traces = {tuple(label[code] for code in found.traces[i]): int(found.counts[i]) for i in range(used)}
    flow = mine(Counter(traces), log.activities, noise)
    write_whole(path, drawn("Actual journey", flow))
    if used == len(found):
        return ()
    share = found.counts[:used].sum() / log.n_cases
    return (f"the process model rests on the {used:,} most frequent of {len(found):,} variants ({share:.0%} of cases)",)


class Code(str):
    """The code of an activity as text whose place in a set is the same in every process."""

    __slots__ = ()

    def __hash__(self) -> int:
        return int(self)


def mine(traces: "Counter[tuple[Code, ...]]", activities: Sequence[str], noise: float = NOISE) -> Flow:
    """Return the process model of counted traces as nested blocks."""
    from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL
    from pm4py.algo.discovery.inductive.variants.imf import IMFUVCL, IMFParameters
    from pm4py.objects.process_tree.utils.generic import fold

    parameters = {IMFParameters.NOISE_THRESHOLD: noise}
    return _flow(fold(IMFUVCL(parameters).apply(IMDataStructureUVCL(traces), parameters)), activities)


def _flow(tree: Any, activities: Sequence[str]) -> Flow:
    """Return a pm4py process tree, whose leaves are codes of activities, as a flow."""
    if not tree.children:
        return NOTHING if tree.label is None else Flow(kind="touchpoint", name=activities[int(tree.label)])
    parts = tuple(_flow(child, activities) for child in tree.children)
    operator = tree.operator.name.lower()
    if operator == "sequence":
        return sequence(parts)
    if operator == "loop":
        do, *again = parts
        return Flow(kind="loop", parts=(do, again[0] if len(again) == 1 else Flow(kind="choice", parts=tuple(again))))
    return Flow(kind="parallel" if operator == "parallel" else "choice", parts=parts)

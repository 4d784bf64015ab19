"""The causal part of a back-test: does the model answer to load as the log does?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from desireline.calibrate.causal_load import Answer, Rows, answers
from desireline.calibrate.causal_replay import replay
from desireline.model.model import Model, Pool

CausalWord = Literal["pass", "fail", "not identified"]
RESPONDS = 0.2
SURE = 4.0
HALF = 0.5
GIVES_UP = 0.02
MATERIAL = 0.1
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue, observed beside simulated; None where it cannot be told.

    `verdict`: whether the model answers to load there as the log does; None where the log shows no answer to load.
    `capacity` is the largest number of units that the model has at work, `replay_r2` how much of the real waits its
    pools explain when the real enablings and durations are replayed.
    """

    touchpoint: str
    pools: tuple[str, ...]
    verdict: CausalWord | None
    observed: Answer
    simulated: Answer | None
    capacity: int | None
    replay_r2: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Causal:
    """Whether changes of capacity and demand have an answer.

    `verdict`: fail where a queue that matters answers to load in the log and not in the model; pass where some answer
    alike; `not identified` where the log does not show of any that capacity is why; None where it shows no queue.
    """

    verdict: CausalWord | None
    reasons: tuple[str, ...]
    queues: tuple[Queue, ...]


def causal(observed: Rows, simulated: Sequence[Rows], model: Model, replayed: Rows | None = None) -> Causal:
    """Return how `model` answers to load beside how the log does.

    Parameters
    ----------
    observed, simulated
        Visits of the log, and of runs of the model.
    replayed
        Visits whose enablings and durations go through the pools of the model; none: no replay.
    """
    real, made = answers([observed]), answers(simulated)
    explained = replay(replayed, model) if replayed is not None else {}
    queues = [
        _queue(name, answer, made.get(name), model, explained.get(name))
        for name, answer in real.items()
        if answer.waiting_s > 0
    ]
    shown = sorted(queues, key=lambda q: -q.observed.waiting_s)
    waiting, visits = (max(sum(column), 1) for column in zip(*map(_weight, queues), strict=True)) if queues else (1, 1)
    material = [q for q in shown if _weight(q)[0] >= MATERIAL * waiting or _weight(q)[1] >= MATERIAL * visits]
    verdict = _overall(material)
    reasons = [q.reason for q in material if q.verdict is not None and q.verdict in (verdict, "not identified")]
    return Causal(verdict=verdict, reasons=tuple(reasons), queues=tuple(shown[:MOST]))


def _weight(queue: Queue) -> tuple[float, int]:
    return queue.observed.waiting_s, queue.observed.visits


def _overall(queues: Sequence[Queue]) -> CausalWord | None:
    words = {q.verdict for q in queues}
    order: tuple[CausalWord, ...] = ("fail", "pass", "not identified")
    return next((word for word in order if word in words), None)


def _queue(name: str, real: Answer, made: Answer | None, model: Model, explained: float | None) -> Queue:
    activity = model.parameters.activities.get(name)
    pools = activity.pools if activity else ()
    verdict, reason = _judge(name, real, made, model)
    return Queue(
        touchpoint=name,
        pools=pools,
        verdict=verdict,
        observed=real,
        simulated=made,
        capacity=_capacity(pools, model),
        replay_r2=explained,
        reason=reason,
    )


def _judge(name: str, real: Answer, made: Answer | None, model: Model) -> tuple[CausalWord | None, str]:
    activity = model.parameters.activities.get(name)
    pools = [model.parameters.pools[pool] for pool in activity.pools] if activity else []
    share = made.gave_up if made else 0.0
    if real.gave_up >= GIVES_UP and share < HALF * real.gave_up and not _unknown(pools):
        return "fail", f"{name}: {real.gave_up:.1%} give up in the log and {share:.1%} in the model"
    if real.response is None or real.response < max(RESPONDS, SURE / real.visits**0.5):
        return None, f"{name}: waits do not depend on the number found waiting"
    if _unknown(pools):
        return "not identified", (
            f"{name}: waits grow with the number found waiting (rank correlation {real.response:.2f}), but the log "
            "does not show that capacity is why; changes of capacity have no answer there"
        )
    response = made.response if made else None
    if response is None and made is not None and _wait(made) >= HALF * _wait(real):
        return None, f"{name}: too few wait in the runs to tell"
    if response is None or response < HALF * real.response:
        return "fail", (
            f"{name}: waits grow with the number found waiting in the log (rank correlation {real.response:.2f}) and "
            f"not in the model ({0.0 if response is None else response:.2f})"
        )
    return "pass", f"{name}: waits grow with the number found waiting ({real.response:.2f}; model {response:.2f})"


def _wait(answer: Answer) -> float:
    return answer.waiting_s / answer.visits


def _unknown(pools: Sequence[Pool]) -> bool:
    """Return whether the model itself says that it does not know the capacity."""
    return bool(pools) and all(pool.unlimited and not pool.identified for pool in pools)


def _capacity(pools: Sequence[str], model: Model) -> int | None:
    found = [model.parameters.pools[pool] for pool in pools]
    if not found or any(pool.unlimited for pool in found):
        return None
    return sum(max((shift.units for shift in pool.shifts), default=0) for pool in found)

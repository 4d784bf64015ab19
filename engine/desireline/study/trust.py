"""Whether a model may forecast: the verdict of its back-test, on every result made with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from desireline.errors import UntrustedError
from desireline.model.model import Model
from desireline.scenario.changes import DemandChange, PoolChange
from desireline.scenario.load import Scenario

NOT_TESTED = "this model has not been back-tested"
HELP = (
    "Look at what fits worst (desireline backtest LOG), calibrate on a part that is all alike, or run again with "
    "--accept-untrusted."
)


def demand_trust(model: Model, scenarios: Iterable[Scenario], accept: bool = False) -> tuple[str, ...]:
    """Return what a person should know of the model's verdict before using what it forecasts.

    Raises
    ------
    UntrustedError
        If the back-test failed, or the model does not answer to load as the log does and a scenario changes capacity
        or demand; not where the user accepts it.
    """
    verdict = model.verdict
    if verdict is None:
        return (NOT_TESTED,)
    refusals = [*_failed(verdict), *_unresponsive(verdict, scenarios)]
    if refusals and not accept:
        raise UntrustedError(
            refusals[0], where=model.name, expected="a model that does not fail its back-test", help=HELP
        )
    warned = _reasons(verdict, "warns") if verdict.get("verdict") == "warn" else []
    return (*refusals, *warned)


def shown(model: Model) -> dict[str, Any] | None:
    """Return the verdict as results carry it: the word, the reasons, and the answer to load; None without one."""
    if model.verdict is None:
        return None
    causal = model.verdict.get("causal") or {}
    return {
        "verdict": model.verdict.get("verdict"),
        "reasons": list(model.verdict.get("reasons", ())),
        "causal": causal.get("verdict"),
    }


def _failed(verdict: Mapping[str, Any]) -> list[str]:
    return _reasons(verdict, "fails") if verdict.get("verdict") == "fail" else []


def _reasons(verdict: Mapping[str, Any], word: str) -> list[str]:
    reasons = [str(reason) for reason in verdict.get("reasons", ())]
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return [f"the model {word} its back-test: {reasons[0] if reasons else 'no reason is given'}{more}"]


def _unresponsive(verdict: Mapping[str, Any], scenarios: Iterable[Scenario]) -> list[str]:
    causal = verdict.get("causal") or {}
    if causal.get("verdict") != "fail":
        return []
    asked = [s.name for s in scenarios if any(isinstance(p.change, (PoolChange, DemandChange)) for p in s.changes)]
    reasons = "; ".join(str(reason) for reason in causal.get("reasons", ()))
    return [f"{name} changes capacity or demand, and the model does not answer to load: {reasons}" for name in asked]

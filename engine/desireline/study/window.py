"""Which part of a journey is simulated: what is asked for, made definite for a model."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from desireline.calibrate.localtime import show, to_local
from desireline.calibrate.underway import end_of, under_way
from desireline.errors import DesirelineError, ModelError
from desireline.measure.registry import known_measure
from desireline.measure.runs import run_table
from desireline.model.model import Model
from desireline.simulate.calendar import parse_start
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import UNFINISHED, simulate
from desireline.stats.warmup import mser5
from desireline.units import MICROSECONDS, MINUTE, show_duration

AUTO: Literal["auto"] = "auto"
PILOT_RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The log whose cases under way a run starts with, and the ISO time at which it does (None: the log's end)."""

    log: str
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A window as people ask for it: see `simulate.plan.Window`; `warm_up` may be left to be found (`auto`)."""

    start: str | None = None
    horizon: int | None = None
    cases: int | None = None
    warm_up: int | Literal["auto"] = 0
    steady: bool = False
    initial: Begin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A window that is definite, remarks on how it was found, and what a person should be warned of."""

    window: Window
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def document(self, model: Model) -> dict[str, Any]:
        """Return what is printed of it: seconds, and the number of cases under way at the start."""
        lowered = plan(model, self.window)
        local = int(to_local(np.array([lowered.start]), model.timezone)[0])
        return {
            "start": show(local, "%Y-%m-%dT%H:%M:%S"),
            "horizon": (lowered.measured_until - lowered.start) / MICROSECONDS,
            "warm_up": self.window.warm_up / MICROSECONDS,
            "steady": self.window.steady,
            "under_way": len(lowered.initial_node),
        }


def settle(model: Model, asked: Asked, *, seed: int, backend: str = "auto") -> Settled:
    """Return the window of runs of `model`, the same for all scenarios.

    A warm-up that is to be found is that of the model as it is: the cut by MSER-5 of the cycle times of cases in order
    of arrival, averaged over the first five runs.

    Raises
    ------
    DesirelineError
        If the log of the cases under way cannot be used, or the time at which they are is not in it.
    """
    window = Window(start=asked.start, horizon=asked.horizon, cases=asked.cases, steady=asked.steady)
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    if asked.initial is not None:
        window, remarks, warnings = _resumed(model, window, asked.initial)
    if asked.warm_up != AUTO:
        return Settled(window=replace(window, warm_up=asked.warm_up), remarks=remarks, warnings=warnings)
    time, found = _warm_up(model, window, seed, backend)
    more = (
        f"warm-up {show_duration(time / MICROSECONDS)}: cases that arrive in it are not measured (MSER-5, cycle times)",
    )
    return Settled(
        window=replace(window, warm_up=time),
        remarks=(*remarks, *more),
        warnings=warnings if found else (*warnings, _restless(time)),
    )


def _restless(time: int) -> str:
    return (
        "cycle times do not settle within half the cases, so no warm-up can be told; the first "
        f"{show_duration(time / MICROSECONDS)} are left out. Take a longer horizon."
    )


def _resumed(model: Model, window: Window, begin: Begin) -> tuple[Window, tuple[str, ...], tuple[str, ...]]:
    """Return the window that starts with the cases under way in a log, a remark, and warnings."""
    from desireline.log.read import read_log

    if window.start is not None:
        raise DesirelineError(
            "a run with cases under way starts when they are taken from the log",
            where="start",
            help="Leave the start out, and say the time beside the log of the cases under way.",
        )
    read = read_log(begin.log)
    if begin.at is None and not read.log.n_events:
        raise ModelError("the log has no cases", where=begin.log, expected="at least one case")
    at = end_of(read.log) if begin.at is None else parse_start(begin.at, model.timezone)
    found = under_way(read.log, read.source, model, at)
    local = int(to_local(np.array([at]), model.timezone)[0])
    start = show(local, "%Y-%m-%dT%H:%M:%S.%f")
    remark = f"{len(found.cases):,} cases of {read.log.name} are under way at the start, {start[:16].replace('T', ' ')}"
    return replace(window, start=start, initial=found.cases), (remark,), found.warnings


def _warm_up(model: Model, window: Window, seed: int, backend: str) -> tuple[int, bool]:
    """Return the warm-up of runs of `model` in whole minutes, and whether it was found; else half of the cases."""
    times, arrivals = zip(*(_series(model, window, seed, r, backend) for r in range(PILOT_RUNS)), strict=True)
    size = min(len(part) for part in times)
    if not size:
        raise ModelError("no case is finished, so no warm-up can be told", where="warm_up", expected="a longer horizon")
    cut = mser5(np.mean([part[:size] for part in times], axis=0))
    first = float(np.mean([part[size // 2 if cut is None else cut] for part in arrivals]))
    return (0 if cut == 0 else int(-(-first // MINUTE)) * MINUTE), cut is not None


def _series(model: Model, window: Window, seed: int, replication: int, backend: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the cycle times of the finished cases of a run in order of arrival, and when after the start they came."""
    refit = model.refit(replication)
    run = simulate(refit, window=window, seed=seed, replication=replication, backend=backend)
    seen = np.unique(run.case[run.measured[run.case]])
    done = run.case_ended[seen] != UNFINISHED
    times = known_measure("cycle_time").per_case(run_table(run, refit))
    return times[done], run.case_arrival[seen][done] - run.plan.start

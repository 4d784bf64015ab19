"""Forecasts of the part of a log that is held out."""

from dataclasses import replace

import numpy as np

from desireline.calibrate.backtest_split import Held, finished_by, known_at
from desireline.calibrate.localtime import show, to_local
from desireline.distance.sample import Sample
from desireline.log.eventlog import EventLog
from desireline.model.model import Model
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import Run, backend_of
from desireline.units import DAY, HOUR, MICROSECONDS, MINUTE, WEEK

LONGEST_WARM_UP = 4 * WEEK


def with_tick(one: Sample) -> Sample:
    """Return the sample with the longest of hour, minute and second of which cases take ten on average."""
    usual = float((one.ends - one.begins).mean())
    return replace(one, tick=next((tick for tick in (HOUR, MINUTE) if usual >= 10 * tick), MICROSECONDS))


def first_part(log: EventLog, held: Held) -> EventLog:
    """Return the part of `log` that the model may see: known at the cut, and finished by then in an extract."""
    return finished_by(log, held.cut) if held.extract else known_at(log, held.cut)


def forecasts(model: Model, held: Held, warm_up: int, runs: int, seed: int) -> list[Run]:
    """Return runs of the held-out part; they begin `warm_up` earlier, so that queues have filled."""
    begins = show(int(to_local(np.array([held.cut - warm_up]), model.timezone)[0]), "%Y-%m-%dT%H:%M:%S.%f")
    horizon = held.until - held.cut + warm_up
    lowered, run = plan(model, Window(start=begins, horizon=horizon)), backend_of("auto")
    return [run(lowered, seed, replication) for replication in range(runs)]


def warm_up_of(whole: Sample, held: Held) -> int:
    """Return how long runs warm up: whole weeks (days in a short log) that hold most cycle times, at most four."""
    before = whole.keep(whole.begins < held.cut)
    usual = int(np.quantile(before.ends - before.begins, 0.9))
    period = WEEK if held.cut - int(before.begins.min()) >= 4 * WEEK else DAY
    return min(-(-usual // period) * period, LONGEST_WARM_UP)

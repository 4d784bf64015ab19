"""Simulated queues against queueing theory."""

import numpy as np

from desireline.simulate.run import ABANDONED, simulate
from tests.queues import SECOND, queue


def means(runs: list[float]) -> tuple[float, float]:
    """Return the mean over runs and four standard errors."""
    return float(np.mean(runs)), 4 * float(np.std(runs, ddof=1)) / len(runs) ** 0.5


def test_erlang_a_abandonment_and_wait() -> None:
    """Arrivals 10, service 1, ten units, patience 0.5 (Garnett et al. 2002)."""
    runs = [simulate(queue(10, 1, 10, 0.5), cases=4000, replication=r) for r in range(10)]
    share, margin = means([(run.ended == ABANDONED).mean() for run in runs])
    assert abs(share - 0.10391) < margin
    wait, margin = means([(run.start - run.enabled).mean() / SECOND for run in runs])
    assert abs(wait - 0.20783) < margin


def test_mean_wait_of_three_servers() -> None:
    """M/M/3 at load 0.8: E(wait) = C(3, 2.4) / (3 - 2.4) = 1.0787 (Erlang C 0.64719)."""
    runs = [simulate(queue(2.4, 1, 3), cases=5000, replication=r) for r in range(10)]
    wait, margin = means([(run.start - run.enabled)[500:].mean() / SECOND for run in runs])
    assert abs(wait - 1.0787) < margin


def test_littles_law_holds_in_every_run() -> None:
    run = simulate(queue(0.8, 1, 1), cases=3000)
    waiting_time = (run.start - run.enabled).sum()
    events = np.concatenate([run.enabled, run.start])
    change = np.concatenate([np.ones(len(run.case)), -np.ones(len(run.case))])
    order = np.lexsort([change, events])
    in_queue = np.cumsum(change[order])[:-1] * np.diff(events[order])
    assert in_queue.sum() == waiting_time

"""Queueing theory: what simulated queues have to agree with. Rates per unit of time, times in that unit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The long-run mean wait of all arrivals, those who leave too, and the share that leaves."""

    wait: float
    abandoned: float


def erlang_a(arrivals: float, service: float, units: int, leaving: float) -> Queue:
    """Return wait and abandonment of M/M/n+M: exponential arrivals, service and patience.

    Raises
    ------
    ValueError
        If a rate is not positive, or nobody leaves a queue that has no steady state.

    References
    ----------
    Palm (1957), Research on telephone traffic; Garnett, Mandelbaum and Reiman (2002), doi:10.1287/msom.4.3.208.7753.

    Examples
    --------
    >>> round(erlang_a(10, 1, 10, 0.5).abandoned, 5)
    0.10391
    """
    if min(arrivals, service, units) <= 0 or leaving < 0:
        raise ValueError("rates and units have to be positive")
    if leaving == 0 and arrivals >= units * service:
        raise ValueError(f"{units} units at {service:g} do not keep up with {arrivals:g} arrivals, and nobody leaves")
    weight, total, queued, number = 1.0, 1.0, 0.0, 0
    while number <= units or weight > 1e-17 * total:
        number += 1
        weight *= arrivals / (min(number, units) * service + max(number - units, 0) * leaving)
        total += weight
        queued += weight * max(number - units, 0)
        if total > 1e250:
            weight, queued, total = weight / total, queued / total, 1.0
    return Queue(wait=queued / total / arrivals, abandoned=leaving * queued / total / arrivals)


def erlang_c(arrivals: float, service: float, units: int) -> Queue:
    """Return the wait of M/M/c, in which nobody leaves (Erlang 1917).

    Raises
    ------
    ValueError
        If the units do not keep up with the arrivals.
    """
    return erlang_a(arrivals, service, units, 0.0)


def pollaczek_khinchine(arrivals: float, mean: float, second_moment: float) -> Queue:
    """Return the wait of M/G/1 from the first two moments of the service time.

    Raises
    ------
    ValueError
        If the unit does not keep up with the arrivals.

    References
    ----------
    Pollaczek (1930), doi:10.1007/BF01194620; Khinchine (1932).

    Examples
    --------
    >>> pollaczek_khinchine(0.5, 1.0, 1.0).wait
    0.5
    """
    if arrivals * mean >= 1:
        raise ValueError("the unit does not keep up with the arrivals")
    return Queue(wait=arrivals * second_moment / (2 * (1 - arrivals * mean)), abandoned=0.0)

"""Where the runs of a study are made: threads or processes here, or a Dask or Ray cluster, through joblib."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from desireline.errors import StudyError

FORM = 'a number of processes, "dask://HOST:PORT" or "ray://HOST:PORT"'
MOST = 256
ANSWERS_WITHIN = "15s"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many workers, and of which cluster; `address` None: those of this machine."""

    processes: int
    kind: Literal["local", "dask", "ray"] = "local"
    address: str | None = None


def parse_workers(text: str | int | None) -> Workers:
    """Return where to work; without a word, on all cores of this machine.

    Raises
    ------
    StudyError
        If it is neither a number nor the address of a cluster.
    """
    if text is None:
        return Workers(processes=os.cpu_count() or 1)
    written = str(text).strip()
    if re.fullmatch(r"\d{1,4}", written) and 1 <= int(written) <= MOST:
        return Workers(processes=int(written))
    match = re.fullmatch(r"(dask|ray)://([^\s/:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})/?", written)
    if not match:
        raise StudyError(f'"{written}"', where="--workers", expected=FORM)
    kind: Literal["dask", "ray"] = "dask" if match[1] == "dask" else "ray"
    return Workers(processes=-1, kind=kind, address=f"{match[2]}:{match[3]}")


@contextmanager
def cluster(workers: Workers) -> Iterator[None]:
    """Let joblib work on the cluster of `workers` while in it.

    Raises
    ------
    StudyError
        If the cluster's library is not installed, or nobody answers at the address.
    """
    if workers.kind == "local":
        yield
        return
    from joblib import parallel_config

    enter = _dask if workers.kind == "dask" else _ray
    with enter(workers.address or "") as (cores, options), parallel_config(workers.kind, n_jobs=cores, **options):
        yield


def _missing(kind: str) -> StudyError:
    return StudyError(
        f"{kind} is not installed", where="--workers", help=f'Install it with: pip install "desireline[{kind}]"'
    )


def _silent(kind: str, address: str, fault: object) -> StudyError:
    return StudyError(
        f"no {kind} cluster answers at {address} ({str(fault).splitlines()[0][:200]})",
        where="--workers",
        help="Is it running, and is this machine allowed to reach it?",
    )


@contextmanager
def _dask(address: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        from dask.distributed import Client
    except ImportError:
        raise _missing("dask") from None
    try:
        client = Client(f"tcp://{address}", timeout=ANSWERS_WITHIN, set_as_default=False)
    except (OSError, TimeoutError) as fault:
        raise _silent("Dask", address, fault) from None
    with client:
        yield max(1, sum(client.nthreads().values())), {"client": client}


@contextmanager
def _ray(address: str) -> Iterator[tuple[int, dict[str, Any]]]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing("ray") from None
    try:
        ray.init(address=f"ray://{address}", log_to_driver=False, configure_logging=False)
    except (ConnectionError, OSError, RuntimeError) as fault:
        raise _silent("Ray", address, fault) from None
    try:
        register_ray()
        yield max(1, int(ray.cluster_resources().get("CPU", 1))), {}
    finally:
        ray.shutdown()


def spread(
    function: Callable[[Any], Result],
    tasks: Sequence[Any],
    processes: int,
    done: Callable[[], None],
    threads: bool = False,
) -> Iterator[Result]:
    """Yield `function` of each task in the order of `tasks`, made by several processes (or threads), or by the cluster
    in use. Short tasks go there in batches of a fraction of a second."""
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    backend, cores = get_active_backend()
    remote = type(backend).__name__ not in ("LokyBackend", "SequentialBackend", "ThreadingBackend")
    if not remote and (processes == 1 or len(tasks) < 2):
        results: Iterable[Result] = map(function, tasks)
    else:
        kind = "generator" if backend.supports_return_generator else "list"
        prefer = "threads" if threads and not remote else None
        call = Parallel(n_jobs=cores if remote else processes, return_as=kind, prefer=prefer)
        results = call(delayed(function)(task) for task in tasks)
    for result in results:
        done()
        yield result

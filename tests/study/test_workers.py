"""Where runs are made does not matter: one process, several, a Dask cluster, a Ray cluster."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from desireline.errors import StudyError
from desireline.study.run import run_study
from desireline.study.workers import parse_workers
from tests.study.writing import study

ANSWERS = ("study.json", "runs.parquet", "effects.csv", "measures.csv", "study.xlsx")


@pytest.mark.parametrize(
    "text", ["0", "-1", "many", "dask://", "dask://host", "ftp://a:1", "ray://a b:1", "2.5", "9999"]
)
def test_what_is_no_place_to_work_is_refused(text: str) -> None:
    with pytest.raises(StudyError, match="a number of processes"):
        parse_workers(text)


def test_places_to_work_are_read() -> None:
    assert parse_workers("4").processes == 4
    assert parse_workers(None).processes == os.cpu_count()
    assert (parse_workers("dask://10.0.0.1:8786").kind, parse_workers("ray://h:10001").address) == ("dask", "h:10001")


def answers(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ANSWERS}


def answered(folder: Path, workers: str | int) -> dict[str, bytes]:
    asked = study(folder, "replications: 4", "worth: {retained: 10}")
    run_study(asked, folder / f"by {workers}".replace("/", "-"), workers)
    return answers(folder / f"by {workers}".replace("/", "-"))


@pytest.fixture
def dask() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="the extra [dask] is not installed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    ) as local:
        yield str(local.scheduler_address).replace("tcp://", "dask://")


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_bytes(tmp_path: Path, dask: str) -> None:
    assert answered(tmp_path, dask) == answered(tmp_path, 1)


def _answers(host: str, port: int) -> None:
    """Wait until somebody listens there."""
    for _ in range(240):
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.5)
    raise TimeoutError(f"nobody listens at {host}:{port}")


@pytest.fixture
def ray(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    if not os.environ.get("DESIRELINE_TEST_RAY"):
        pytest.skip("a Ray cluster takes half a minute to start; set DESIRELINE_TEST_RAY=1 to try it")
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    program = [str(Path(sys.executable).with_name("ray"))]
    ports = ["--port=26379", "--ray-client-server-port=26001", "--min-worker-port=27000", "--max-worker-port=27999"]
    where = ["--node-ip-address=127.0.0.1", "--include-dashboard=false", f"--temp-dir=/tmp/ray-{os.getpid()}"]
    start = ["start", "--head", *where, *ports, "--num-cpus=2", "--block"]
    server = subprocess.Popen([*program, *start], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _answers("127.0.0.1", 26001)
        yield "ray://127.0.0.1:26001"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_gives_the_same_bytes(tmp_path: Path, ray: str) -> None:
    assert answered(tmp_path, ray) == answered(tmp_path, 1)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra [dask] is not installed")
    monkeypatch.setattr("desireline.study.workers.ANSWERS_WITHIN", "1s")
    with pytest.raises(StudyError, match=r"no Dask cluster answers at 127\.0\.0\.1:9"):
        run_study(study(tmp_path, "replications: 2"), tmp_path / "out", "dask://127.0.0.1:9")

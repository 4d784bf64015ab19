"""Warehouses for tests: a PostgreSQL of our own on loopback, and a local Spark session."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def postgres_programs() -> Path:
    """Return the folder of `initdb` and `pg_ctl`; skip where there are none."""
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places or not (places[-1] / "initdb").exists():
        pytest.skip("no PostgreSQL on this machine (initdb, pg_ctl)")
    return places[-1]


def unprivileged() -> str | None:
    """Return who runs the server where we are root, which PostgreSQL refuses."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


@contextmanager
def postgres() -> Iterator[tuple[str, Path]]:
    """Yield the address of a fresh PostgreSQL (postgres://USER@HOST:PORT/DATABASE) and the file of its process id."""
    programs, user = postgres_programs(), unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="desireline-postgres-"))
    data = folder / "data"
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=log, stderr=log)

    try:
        run("initdb", "-A", "trust", "-U", "tester", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8")
        run("pg_ctl", "start", "-w", "-o", f"-h 127.0.0.1 -p {port} -k {folder} -F")
        yield f"postgres://tester@127.0.0.1:{port}/postgres", data / "postmaster.pid"
    finally:
        stop = [programs / "pg_ctl", "-D", data, "stop", "-m", "immediate"]
        subprocess.run(stop, user=user, capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)

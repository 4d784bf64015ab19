"""What was read once is not read again; the cache stays whole, within its size, and out of the user's way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desireline.log import scan
from desireline.log.cache import SIZE_VARIABLE, cached
from desireline.log.raw import RawLog
from desireline.log.read import read_log
from desireline.log.stored import store
from tests.log.logs import TWO_STAMPS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setattr(scan, "SMALL", 0)
    return tmp_path / "cache" / "desireline" / "logs"


def entries(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(TWO_STAMPS)
    first = read_log(str(path))
    monkeypatch.setattr(scan, "_store", lambda *_: pytest.fail("read again"))
    again = read_log(str(path))
    assert again.log.events == first.log.events
    assert again.log.cases == first.log.cases
    assert again.notes == first.notes
    (entry,) = entries(home)
    assert (home / entry).stat().st_mode & 0o77 == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "log.csv"]


def test_other_content_is_another_entry_and_the_same_under_another_name_is_not(tmp_path: Path, home: Path) -> None:
    (tmp_path / "one.csv").write_text(TWO_STAMPS)
    (tmp_path / "two.csv").write_text(TWO_STAMPS)
    assert read_log(str(tmp_path / "one.csv")).log.name == "one.csv"
    assert read_log(str(tmp_path / "two.csv")).log.name == "two.csv"
    assert len(entries(home)) == 1
    (tmp_path / "one.csv").write_text(TWO_STAMPS + "c,Ask,Ann,2024-01-03T10:00:00Z,2024-01-03T10:00:00Z\n")
    assert read_log(str(tmp_path / "one.csv")).log.n_cases == 3
    assert len(entries(home)) == 2


def test_without_the_cache_nothing_is_kept(tmp_path: Path, home: Path) -> None:
    (tmp_path / "log.csv").write_text(TWO_STAMPS)
    assert read_log(str(tmp_path / "log.csv"), cache=False).log.n_events == 3
    assert entries(home) == []


def test_the_longest_unused_goes_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def size(entry: str) -> int:
        return sum(file.stat().st_size for file in (home / entry).iterdir())

    made = []
    for i in range(3):
        (tmp_path / f"{i}.csv").write_text(TWO_STAMPS.replace("Ann", f"Ann {i}"))
        read_log(str(tmp_path / f"{i}.csv"))
        made += [entry for entry in entries(home) if entry not in made]
        os.utime(home / made[i] / "in-use", (i, i))
    read_log(str(tmp_path / "0.csv"))
    monkeypatch.setenv(SIZE_VARIABLE, f"{size(made[0]) * 2.5 / 1e6:.6f}MB")
    (tmp_path / "3.csv").write_text(TWO_STAMPS.replace("Ann", "Ann 3"))
    read_log(str(tmp_path / "3.csv"))
    assert made[0] in entries(home)
    assert made[1] not in entries(home)
    assert made[2] not in entries(home)


def test_an_entry_in_use_is_never_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, "0.000001MB")
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    raw = scan.read_raw(_written(tmp_path / "log.csv"))
    assert isinstance(raw, RawLog)
    with (
        cached(tmp_path / "one", "", lambda folder: store(raw, folder)) as first,
        cached(tmp_path / "two", "", lambda folder: store(raw, folder)),
    ):
        assert len(entries(home)) == 2
        assert all(file.exists() for file in first.files)


def _written(path: Path) -> Path:
    path.write_text(TWO_STAMPS)
    return path


def test_a_run_that_fails_leaves_no_entry(tmp_path: Path, home: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "rows.parquet").write_bytes(b"half")
        raise ZeroDivisionError

    (tmp_path / "log.csv").write_text(TWO_STAMPS)
    with pytest.raises(ZeroDivisionError), cached(tmp_path / "log.csv", "csv None", fail):
        pass
    assert entries(home) == []
    assert read_log(str(tmp_path / "log.csv")).log.n_events == 3


def test_commands_at_once_do_not_disturb_each_other(tmp_path: Path, home: Path) -> None:
    path = _written(tmp_path / "log.csv")
    program = (
        "import sys\nfrom desireline.log import scan\nscan.SMALL = 0\nfrom desireline.log.read import read_log\n"
        "for _ in range(3):\n    assert read_log(sys.argv[1]).log.n_events == 3\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(scan.__file__).parents[2]), SIZE_VARIABLE: "0.001MB"}
    runs = [subprocess.Popen([sys.executable, "-c", program, str(path)], env=environment) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]

"""What all tests share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --fuzz N: how many damaged files of each kind are tried."""
    parser.addoption("--fuzz", type=int, default=0, metavar="N", help="Damaged logs of each kind to try.")


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Path of a real log kept beside the checkout; the test is skipped where it is absent."""

    def path(name: str) -> Path:
        found = SHARED / name
        if not found.exists():
            pytest.skip(f"the real log {name} is not on this machine")
        return found

    return path


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Fail where a test that this run insists on (DESIRELINE_NO_SKIP=marker,...) would skip."""
    insisted = os.environ.get("DESIRELINE_NO_SKIP", "").split(",")
    skipped = call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception)
    if skipped and any(item.get_closest_marker(name) for name in insisted if name):
        pytest.fail(f"skipped, but this run insists on it: {call.excinfo}")

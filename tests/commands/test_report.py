"""The commands `report` and `demo`, as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.report.sample_documents import documents

ROOT = Path(__file__).parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / "cli.py"), *arguments]
    return subprocess.run(words, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


def fill(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, document in documents().items():
        if not names or name in names:
            (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_report_prints_the_path_of_the_page(tmp_path: Path) -> None:
    done = run("report", str(fill(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "index.html")
    assert (tmp_path / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_report_prints_one_json_document(tmp_path: Path) -> None:
    done = run("report", str(fill(tmp_path, "discover")), "--json")
    assert json.loads(done.stdout) == {"page": str(tmp_path / "index.html")}


def test_report_says_what_is_missing(tmp_path: Path) -> None:
    done = run("report", str(tmp_path), "--json")
    assert done.returncode == 2
    assert set(json.loads(done.stdout)["error"]) == {"where", "found", "expected", "help"}
    assert "desireline discover" in done.stderr
    assert "Traceback" not in done.stderr


def test_report_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = run("report", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "no such folder" in done.stderr


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, run("demo", "-o", str(folder), "--workers", "2")


def test_demo_tells_the_story_and_ends_with_the_page(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = demo
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(folder / "index.html")
    for step in ("check", "discover", "compare", "calibrate", "study"):
        assert f" {step}: " in done.stderr
    assert "follow the blueprint exactly" in done.stdout
    assert "second crew" in done.stdout
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "appears here after" not in text, "every section is there"


def test_demo_leaves_the_same_page_when_it_is_told_again(
    demo: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder, first = demo
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    (again / "index.html").unlink()
    done = run("demo", "-o", str(again), "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:-1] == first.stdout.splitlines()[:-1]
    assert (again / "index.html").read_bytes() == (folder / "index.html").read_bytes()


def browse(page: Path, *options: str) -> tuple[str, str]:
    """Return the page as headless Chromium sees it, and what it logged."""
    if not BROWSER:
        pytest.skip("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
                f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0", *options, "--dump-dom", page.as_uri(),
            ],
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
            env={**os.environ, "LANG": "C.UTF-8"},
        )  # fmt: skip
    return done.stdout, done.stderr


def requests(page: Path) -> tuple[list[str], str, str]:
    """Return what a page asks of the network (not what Chromium asks for itself), its document and its log."""
    with tempfile.TemporaryDirectory() as folder:
        net = Path(folder, "net.json")
        dom, log = browse(page, f"--log-net-log={net}")
        events = json.loads(net.read_text(encoding="utf-8"))["events"]
    found = [event["params"] for event in events if "initiator" in event.get("params", {})]
    ours = [row["url"] for row in found if row["initiator"] != "not an origin"]
    return [url for url in ours if url.startswith("http")], dom, log


def assert_sound(page: Path) -> str:
    """Check that a page opens with no console message and no request; return its document."""
    asked, dom, log = requests(page)
    assert not asked
    assert "CONSOLE" not in log, log
    return dom


@pytest.mark.browser
def test_the_page_opens_without_error_or_request(tmp_path: Path) -> None:
    dom = assert_sound(Path(run("report", str(fill(tmp_path))).stdout.strip()))
    assert dom.count('class="card ') == 16
    assert dom.count('class="line actual') > 10
    assert 'class="gap-table"' in dom
    assert dom.count('class="plot"') == 7
    assert 'id="theme">' in dom, "the script ran and shows the switch"


@pytest.mark.browser
def test_the_policy_stops_what_is_not_the_pages_own(tmp_path: Path) -> None:
    page = Path(run("report", str(fill(tmp_path))).stdout.strip())
    foreign = '<img src="https://example.invalid/x.png"><script>1</script></main>'
    text = page.read_text(encoding="utf-8").replace("</main>", foreign)
    page.write_text(text, encoding="utf-8")
    asked, _, log = requests(page)
    assert not asked
    assert log.count("Content Security Policy") >= 2
    page.write_text(text.replace("Content-Security-Policy", "X"), encoding="utf-8")
    assert requests(page)[0] == ["https://example.invalid/x.png"], "without the policy it would have been asked for"


@pytest.mark.browser
def test_the_demo_opens_with_map_gap_and_effects(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    dom = assert_sound(demo[0] / "index.html")
    assert dom.count('class="card ') >= 15
    assert 'class="gap-table"' in dom
    assert "second crew" in dom
    assert dom.count('class="plot"') >= 5

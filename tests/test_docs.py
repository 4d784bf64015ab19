"""The pages under docs/: links lead somewhere, and what they show is what comes out."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from desireline.commands import cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def headings(page: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        if "://" not in target:
            assert (page.parent / file).exists(), target
            assert not heading or heading in headings(page.parent / file if file else page), target


@pytest.mark.parametrize("name", ["check", "discover", "compare", "asset", "effort", "listen"])
def test_the_output_shown_is_what_comes_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").split("    $ desireline ", 1)[1]
    command, *block = re.split(r"\n(?=\S)", shown, maxsplit=1)[0].split("\n")
    result = CliRunner().invoke(cli, command.split())
    assert [line.rstrip() for line in result.stdout.strip().split("\n")] == [
        line.removeprefix("    ").rstrip() for line in "\n".join(block).strip("\n").split("\n")
    ]

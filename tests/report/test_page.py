"""The page: safe, self-contained, the same bytes for the same documents, whole with any of them."""

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from desireline.errors import DesirelineError
from desireline.report.page import write_page
from tests.report.sample_documents import BLUEPRINT, documents

NAMES = tuple(documents())
NASTY = "<script>alert(\"x\")</script> & 'q' 😀 مرحبا \u202eevil $x_1$ " + "very long " * 20
VOID = {"meta", "link", "input", "br"}


def write(folder: Path, found: dict[str, Any]) -> str:
    for name, document in found.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return write_page(folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(tmp_path_factory.mktemp("page"), documents())


class Reader(HTMLParser):
    """Collects elements and checks that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {renamed(k, old, new): renamed(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [renamed(item, old, new) for item in value]
    return value.replace(old, new) if isinstance(value, str) else value


def test_elements_nest_and_ids_are_unique(whole: str) -> None:
    ids = [attributes["id"] for _, attributes in Reader(whole).elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_reference_inside_the_page_has_its_target(whole: str) -> None:
    elements = Reader(whole).elements
    ids = {attributes.get("id") for _, attributes in elements}
    for _, attributes in elements:
        for name, value in attributes.items():
            if name == "for" or name.startswith("aria-labelledby"):
                assert value in ids
            for target in re.findall(r"url\(#(.*?)\)|^#(.+)$", value or ""):
                assert (target[0] or target[1]) in ids


def test_nothing_is_loaded_from_elsewhere(whole: str) -> None:
    assert "http:" not in whole
    assert "https:" not in whole
    assert "@import" not in whole
    assert not re.search(r"url\((?!#)", whole)
    for tag, attributes in Reader(whole).elements:
        assert tag not in {"iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "srcset", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))


def test_the_policy_lets_in_only_the_pages_own_style_and_script(whole: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', whole)
    assert policy
    content = policy[1].replace("&#39;", "'").replace("&#43;", "+")
    style = re.search(r"<style>(.*?)</style>", whole, re.S)
    script = re.search(r"<script>(.*?)</script>", whole, re.S)
    assert style
    assert script
    assert content.startswith("default-src 'none';")
    assert "unsafe" not in content
    assert f"style-src {hashed(style[1])}" in content
    assert f"script-src {hashed(script[1])}" in content


def test_no_style_or_handler_stands_on_an_element(whole: str) -> None:
    for _, attributes in Reader(whole).elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_equal_documents_give_equal_bytes(tmp_path: Path, whole: str) -> None:
    assert write(tmp_path, documents()) == whole


@pytest.mark.parametrize("names", [c for n in (1, 2, 5) for c in itertools.combinations(NAMES, n)], ids="+".join)
def test_every_set_of_documents_makes_a_whole_page(tmp_path: Path, names: tuple[str, ...]) -> None:
    text = write(tmp_path, {name: documents()[name] for name in names})
    Reader(text)
    for command, document in (("desireline compare", "compare"), ("desireline study", "study")):
        assert (command in text) == (document not in names)
    assert ('id="view-blueprint"' in text) == ({"discover", "blueprint"} <= set(names))


def test_documents_with_nothing_in_them_make_a_whole_page(tmp_path: Path) -> None:
    empty = {
        "discover": {"cases": 0, "events": 0, "variants": [], "edges": [], "activities": [], "starts": {}, "ends": {}},
        "compare": {"cases": 0, "fitness": {"mean": None, "perfect_cases": 0}, "deviations": [], "promises": []},
        "study": {"scenarios": [], "effects": []},
        "calibrate": {"model": "m", "choices": {}},
    }
    text = write(tmp_path, empty)
    Reader(text)
    assert text.rstrip().endswith("</html>")


@pytest.mark.parametrize("old", ["Engineer visit", "Chase missing papers", "second crew", "Install", "Field ops"])
def test_a_name_from_the_data_stays_text(tmp_path: Path, old: str) -> None:
    text = write(tmp_path, renamed(documents(), old, NASTY))
    Reader(text)
    assert "<script>alert" not in text
    assert text.count("<script") == 2
    assert "\\u003cscript\\u003e" in text or old in ("second crew", "Chase missing papers")


def test_a_touchpoint_of_any_name_keeps_its_figures(tmp_path: Path) -> None:
    text = write(tmp_path, renamed(documents(), "Engineer visit", NASTY))
    assert "waits\u00a06.1\u00a0d" in text.replace("waits ", "waits\u00a0")


def test_control_characters_and_lone_surrogates_are_shown_not_written(tmp_path: Path) -> None:
    text = write(tmp_path, renamed(documents(), "Chase missing papers", "a\x00b\x1bc\udc80"))
    assert "\x00" not in text
    assert "a\ufffdb\ufffdc\ufffd" in text


def test_every_card_and_plot_has_a_name_for_screen_readers(whole: str) -> None:
    elements = Reader(whole).elements
    cards = [a for _, a in elements if (a.get("class") or "").startswith("card ")]
    assert len(cards) == len(BLUEPRINT["touchpoints"]) + 1
    for attributes in elements:
        if attributes[0] == "figure" or attributes in [("div", card) for card in cards]:
            assert attributes[1].get("aria-label")
            assert attributes[1].get("role")
    assert all(card["tabindex"] == "0" for card in cards)
    assert any("Engineer visit; as planned; Stage: Install" in (card["aria-label"] or "") for card in cards)


def test_every_drawing_is_hidden_from_screen_readers_or_named(whole: str) -> None:
    drawings = [attributes for tag, attributes in Reader(whole).elements if tag == "svg"]
    named = [a for a in drawings if a.get("aria-hidden") == "true" or a.get("aria-label") or "width" in a]
    assert len(named) == len(drawings)


def test_the_page_speaks_its_language_and_has_one_main_heading(whole: str) -> None:
    elements = Reader(whole).elements
    assert ("html", {"lang": "en"}) in elements
    assert [tag for tag, _ in elements].count("h1") == 1
    assert [tag for tag, _ in elements].count("main") == 1


def test_values_of_cells_stay_out_of_the_page(whole: str) -> None:
    assert "31.13.24" not in whole
    assert "unreadable time" in whole


def test_a_promise_beside_its_median_stands_on_the_card(whole: str) -> None:
    assert "waits 6.1\u00a0d / 5.0\u00a0d" in whole


def test_an_activity_on_no_touchpoint_is_dashed_and_an_unseen_touchpoint_a_ghost(whole: str) -> None:
    cards = [a for _, a in Reader(whole).elements if (a.get("class") or "").startswith("card ")]
    kinds = {(a["aria-label"] or "").split(";")[0]: a["class"] for a in cards}
    assert "adhoc" in (kinds["Chase missing papers"] or "")
    assert "adhoc" in (kinds["Help pages"] or ""), "on the blueprint, but not in its flow"
    assert "ghost" in (kinds["Read the leaflet"] or "")


def test_a_scenario_is_told_in_words_with_its_interval(whole: str) -> None:
    assert "waiting falls by 3.1\u00a0d (2.7 to 3.5\u00a0d)" in whole
    assert "2.1\u00a0points more stay (1.5 to 2.7\u00a0points)" in whole


@pytest.mark.parametrize("verdict", ["pass", "warn", "fail"])
def test_the_badge_carries_the_verdict(tmp_path: Path, verdict: str) -> None:
    found = documents()
    found["calibrate"]["backtest"] = {"verdict": verdict, "reasons": ["waiting is off by 12 %"]}
    text = write(tmp_path, found)
    assert f'class="badge {verdict}"' in text
    assert "waiting is off by 12 %" in text


def test_without_a_back_test_the_badge_says_so(whole: str) -> None:
    assert ">not back-tested<" in whole


def test_a_folder_without_results_is_refused_with_help(tmp_path: Path) -> None:
    with pytest.raises(DesirelineError, match=r"discover LOG -o DIR"):
        write_page(tmp_path)


def test_a_broken_document_is_named(tmp_path: Path) -> None:
    (tmp_path / "discover.json").write_text("{")
    with pytest.raises(DesirelineError, match=r"discover\.json"):
        write_page(tmp_path)

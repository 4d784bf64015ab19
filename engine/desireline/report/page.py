"""The page: reads the documents of a folder and writes index.html, the same bytes for the same documents."""

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from desireline.folders import write_whole
from desireline.report import (
    behind,
    decisions,
    experience,
    gaps,
    headline,
    moments,
    organisation,
    promises,
    provenance,
    watched,
    whatif,
)
from desireline.report.documents import Documents, read_documents
from desireline.report.journey_map import Facts, JourneyMap, gather, journey_map
from desireline.report.words import short

COMMANDS = {
    "discover": "desireline discover LOG -o DIR",
    "compare": "desireline compare LOG --blueprint BLUEPRINT -o DIR",
    "study": "desireline study STUDY -o DIR",
    "check": "desireline check LOG -o DIR",
    "calibrate": "desireline calibrate LOG -o DIR",
}


def write_page(folder: str | Path) -> Path:
    """Write `folder/index.html` from the JSON documents in `folder`; return its path.

    Raises
    ------
    DesirelineError
        If there is nothing to show, a document cannot be read, or the page cannot be written.
    """
    return write_whole(Path(folder) / "index.html", page(read_documents(folder)))


def page(documents: Documents) -> str:
    """Return the whole page as text."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    facts = gather(documents)
    drawn = journey_map(facts)
    style, script = _resource("page.css"), _resource("page.js")
    if drawn:
        style += f".map>svg{{min-width:{round(drawn.width * 0.8)}px;max-width:{round(drawn.width * 1.15)}px}}\n"
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"svg": Markup, "short": short}
    return environment.get_template("page.html.j2").render(
        title=_title(documents),
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=Markup(embedded(_data(drawn))),
        commands=COMMANDS,
        documents=documents,
        map=drawn,
        **_sections(documents, facts),
    )


def _sections(documents: Documents, facts: Facts) -> dict[str, Any]:
    return {
        "sentence": headline.sentence(documents, facts),
        "badge": headline.badge(documents),
        "gaps": gaps.gaps(documents.compare) if documents.compare else None,
        "promises": promises.promise_rows(documents.compare),
        "moments": moments.moments(documents.compare, documents.blueprint.currency if documents.blueprint else ""),
        "organisation": organisation.organisation(documents.compare),
        **_experience(documents),
        "watched": watched.watched(documents.watch),
        "marks": watched.marks(documents.watch),
        "scorecards": watched.scorecards(documents.score),
        "delta": watched.delta(documents.diff),
        "what_if": whatif.what_if(documents.study) if documents.study else None,
        "decisions": decisions.decisions(documents.study) if documents.study else None,
        "times": behind.times(documents.discover),
        "ways": behind.ways(documents.discover, _hues(documents)),
        "choices": behind.choices(documents.calibrate),
        "pools": behind.pools(documents.calibrate),
        "provenance": provenance.provenance(documents),
    }


def _experience(documents: Documents) -> dict[str, Any]:
    currency = documents.blueprint.currency if documents.blueprint else ""
    return {
        "effort": experience.effort(documents.effort),
        "losses": experience.losses(documents.retain, currency),
        "heard": experience.heard(documents.listen),
        "asset": experience.bridge(documents.asset),
    }


def _hues(documents: Documents) -> dict[str, int]:
    blueprint = documents.blueprint
    if blueprint is None:
        return behind.hues(documents.discover, {}, ())
    stage = {activity: touchpoint.stage for activity, touchpoint in blueprint.by_activity().items()}
    return behind.hues(documents.discover, stage, blueprint.stages)


def _title(documents: Documents) -> str:
    if documents.blueprint is not None:
        return documents.blueprint.name
    for document in (documents.study, documents.discover, documents.check, documents.calibrate):
        name = document.get("study") or document.get("name") or document.get("log")
        if isinstance(name, str) and name:
            return name
    return "The actual journey"


def _data(drawn: JourneyMap | None) -> dict[str, Any]:
    """Return the figures that hover and focus show."""
    cards = [{"name": card.name, "facts": card.facts} for card in drawn.cards] if drawn else []
    return {"cards": cards}


def embedded(value: Any) -> str:
    """Return `value` as JSON that cannot end the script element it stands in.

    Examples
    --------
    >>> embedded("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def policy(style: str, script: str) -> str:
    """Return a content security policy that lets in just this style and this script."""
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _resource(name: str) -> str:
    return files("desireline.report").joinpath(name).read_text(encoding="utf-8")

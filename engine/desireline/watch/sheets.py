"""A procedure as Markdown that a team lead can edit, and its decision table as DMN 1.3."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from desireline.units import show_duration
from desireline.watch.procedure import Procedure, Rule, Way

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
LIMITS = (
    "Limits come from the promise, else from what nine of ten visits of the best tenth of good cases stay under "
    "(best), else from nine of ten of all (all). Usual is the median."
)
NAMESPACE = "https://desireline.invalid/procedure"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def markdown(told: Procedure) -> str:
    """Return the procedure as Markdown."""
    parts = [
        f"# {_cell(told.journey)}: operating procedure",
        "Made from the journeys of the log. Edit it: what goes with a good outcome need not bring it about.",
        "## Which journey for whom",
        _table([*told.attributes, "journey", told.measure, "95 %", "cases", "against the usual one"], _rules(told)),
        "## Time limits",
        LIMITS,
        _table(["touchpoint", "owner", "what", "limit", "from", "kept today", "best", "usual", "all"], _limits(told)),
        "## Contacts",
        _contacts(told),
    ]
    if told.notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in told.notes)]
    return "\n\n".join(parts) + "\n"


def journey(way: Way) -> str:
    """Return a journey in one line."""
    return " > ".join(way.touchpoints)


def advice(rule: Rule) -> Way:
    """Return the journey to aim at: the best one where it is better beyond chance, else the usual one."""
    return rule.best if rule.told_apart else rule.usual


def value(told: Procedure, number: float) -> str:
    """Return a value of the measure for people."""
    return f"{number:.1%}" if told.measure == "retained" else show_duration(number)


def _rules(told: Procedure) -> list[list[str]]:
    rows = []
    for rule in told.rules:
        way = advice(rule)
        if rule.better is None:
            beside = "it is the usual one"
        elif rule.told_apart:
            beside = f"usual: {journey(rule.usual)} ({value(told, rule.usual.mean)})"
        else:
            beside = "none is better beyond chance"
        if not way.conforms:
            beside += "; it departs from the blueprint: decide first which of the two is to change"
        interval = f"{value(told, way.low)} to {value(told, way.high)}"
        names = ["any" if name is None else name for name in rule.segment]
        rows.append([*names, journey(way), value(told, way.mean), interval, f"{way.cases:,}", beside])
    return rows


def _limits(told: Procedure) -> list[list[str]]:
    return [
        [
            limit.touchpoint,
            limit.owner or "",
            limit.what,
            show_duration(limit.limit_s),
            limit.source,
            f"{limit.kept:.0%}",
            show_duration(limit.best_s),
            show_duration(limit.usual_s),
            show_duration(limit.most_s),
        ]
        for limit in told.limits
    ]


def _contacts(told: Procedure) -> str:
    found = told.pressure
    if found.breaches is None:
        return f"Not known: {found.reason}."
    source = {
        "given": "as asked",
        "kept": "nine of ten customers who stayed have no more",
        "all": "nine of ten have no more",
    }
    times = "contact" if found.most == 1 else "contacts"
    return (
        f"At most {found.most} {times} of a customer in seven days ({source[found.source or 'all']}). So far "
        f"{found.breaches:,} of {found.customers:,} customers had more in some week; the busiest week of a customer "
        f"has {found.mean_in_week:.1f} contacts on average, {found.highest} at most. Between two contacts usually lie "
        f"{show_duration(found.usual_gap_s)}, in nine of ten cases less than {show_duration(found.longest_gap_s)}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Return text that stays within its cell: no bars, tags or new lines of its own."""
    plain = " ".join(_UNPRINTABLE.sub("", str(text)).split())
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")


def dmn(told: Procedure) -> str:
    """Return the decision table as DMN 1.3: which journey for which segment; the first rule that fits counts."""
    register_namespace("", DMN)
    root = _element(None, "definitions", id="procedure", name=told.journey, namespace=NAMESPACE)
    for i, attribute in enumerate(told.attributes):
        data = _element(root, "inputData", id=f"data{i}", name=_name(attribute))
        _element(data, "variable", id=f"data{i}_variable", name=_name(attribute), typeRef="string")
    decision = _element(root, "decision", id="journey", name="Which journey for whom")
    _element(decision, "variable", id="journey_variable", name="Which journey for whom")
    for i in range(len(told.attributes)):
        needed = _element(decision, "informationRequirement", id=f"needs{i}")
        _element(needed, "requiredInput", href=f"#data{i}")
    table = _element(decision, "decisionTable", id="journeys", hitPolicy="FIRST")
    for i, attribute in enumerate(told.attributes):
        put = _element(table, "input", id=f"input{i}", label=attribute)
        _text(_element(put, "inputExpression", id=f"expression{i}", typeRef="string"), _name(attribute))
    for name, kind in (("journey", "string"), (told.measure, "number"), ("cases", "number")):
        _element(table, "output", id=f"output_{name}", name=name, label=name, typeRef=kind)
    for i, rule in enumerate(told.rules):
        way = advice(rule)
        row = _element(table, "rule", id=f"rule{i}")
        for j, value_of in enumerate(rule.segment):
            entry = "null" if value_of is None else _string(value_of)
            _text(_element(row, "inputEntry", id=f"rule{i}_input{j}"), entry)
        for j, text in enumerate((_string(journey(way)), f"{way.mean:.4f}", str(way.cases))):
            _text(_element(row, "outputEntry", id=f"rule{i}_output{j}"), text)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _element(parent: Element | None, tag: str, **attributes: str) -> Element:
    clean = {name: _UNPRINTABLE.sub("", text) for name, text in attributes.items()}
    full = f"{{{DMN}}}{tag}"
    return Element(full, clean) if parent is None else SubElement(parent, full, clean)


def _text(parent: Element, text: str) -> None:
    _element(parent, "text").text = _UNPRINTABLE.sub("", text)


def _name(attribute: str) -> str:
    """Return an attribute as a FEEL name: letters, digits and underscores."""
    return re.sub(r"\W", "_", attribute)


def _string(text: str) -> str:
    """Return text as a FEEL string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

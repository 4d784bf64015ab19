"""What each document says, in a sentence or two for people at a terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from desireline.report.moments import happened, title
from desireline.report.promises import label
from desireline.report.words import NBSP, count, share, time

Document = Mapping[str, Any]


def tell(name: str, document: Document) -> list[str]:
    """Return what the document called `name` found, in plain words; nothing for one that has no story."""
    tellers: dict[str, Callable[[Document], list[str]]] = {
        "check": _check,
        "discover": _discover,
        "compare": _compare,
        "calibrate": _calibrate,
        "study": _study,
    }
    found = tellers[name](document) if name in tellers else []
    return [line.replace(NBSP, " ") for line in found]


def _check(check: Document) -> list[str]:
    about = f"{count(check['events'])} events of {count(check['cases'])} cases, {count(check['activities'])} activities"
    problems = "; ".join(
        f"{count(row['count'])} {row.get('meaning') or row['kind']}" for row in check.get("problems", ())
    )
    return [f"The log holds {about}. {f'Problems: {problems}.' if problems else 'Nothing is wrong with it.'}"]


def _discover(discover: Document) -> list[str]:
    variants = discover.get("variants") or ()
    half = time(discover.get("cycle_time", {}).get("median_s"))
    total = count(discover.get("variants_total") or len(variants))
    first = f"; the commonest is taken by {share(variants[0]['share'])}" if variants else ""
    return [f"Customers travel in {total} different ways{first}. Half of the journeys take longer than {half}."]


def _compare(compare: Document) -> list[str]:
    cases, perfect = compare.get("cases") or 0, compare.get("fitness", {}).get("perfect_cases")
    lines = [f"{share(perfect / cases)} of the cases follow the blueprint exactly."] if cases and perfect else []
    for row in compare.get("deviations", ())[:3]:
        lines.append(f"{row['touchpoint']}: {row['kind']} in {count(row['cases'])} cases ({share(row['share'])}).")
    broken = max(compare.get("promises", ()), key=lambda row: (row["late"] or 0, row["promise"]), default=None)
    if broken and broken["late"]:
        part = share(broken["late"] / max(broken["kept"] + broken["late"] + (broken.get("early") or 0), 1))
        lines.append(f'The promise broken most is "{label(broken)}": late in {part} of {broken.get("unit", "cases")}.')
    loss = compare.get("avoidable") or {}
    if loss.get("set"):
        first = loss["set"][0]
        lines.append(
            f"{count(loss['customers']['mean'])} lost customers a year go with deviations, most of them with "
            f"{title(first)} ({happened(first)})."
        )
    return lines


def _calibrate(calibrate: Document) -> list[str]:
    choices = calibrate.get("choices", {})
    told = [choices[topic] for topic in ("window", "arrivals", "retention") if isinstance(choices.get(topic), str)]
    return [f"{text[:1].upper()}{text[1:]}." for text in told]


def _study(study: Document) -> list[str]:
    return [row["text"] for row in study.get("sentences", ())]

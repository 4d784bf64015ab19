"""Write the feedback of the sample: what made-up customers, staff and auditors said about the broadband orders.

    python logs/make_feedback.py > scenarios/broadband/feedback.csv

Effort felt rises with waiting and with being passed on; staff think better of the installation than customers do; few
answer, and those with trouble answer more often. It shares no code with Desireline.
"""

import csv
import gzip
import math
import random
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path

LOG = Path(__file__).parent / "broadband.csv.gz"
STAGES = {
    "See offer": "Aware",
    "Place order": "Order",
    "Engineer visit": "Install",
    "Call support": "Use",
    "Renewal offer": "Renew",
}
TROUBLE = {"Engineer visit": 0.9, "Call support": 0.6}
STAFF = {"Aware": 7.5, "Order": 7.0, "Install": 7.8, "Use": 5.0, "Renew": 6.0}
AUDIT = {"Aware": 82, "Order": 74, "Install": 52, "Use": 45, "Renew": 68}
WORDS = {
    True: ("waited for days", "nobody called back", "slow and rude"),
    False: ("friendly engineer", "all good", "quick"),
}


def journeys() -> dict[str, list[dict[str, str]]]:
    """Return the rows of each case."""
    cases: dict[str, list[dict[str, str]]] = {}
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cases.setdefault(row["case_id"], []).append(row)
    return cases


def waited(rows: list[dict[str, str]]) -> float:
    """Return hours between enabled and start, summed."""
    pairs = [(row["enabled_time"], row["start_time"]) for row in rows if row["enabled_time"]]
    times = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in pairs]
    return sum((start - enabled).total_seconds() for enabled, start in times) / 3600


def within(low: float, value: float, high: float) -> int:
    return int(min(high, max(low, round(value))))


def main() -> None:
    draw = random.Random(7)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["source", "voice", "stage", "touchpoint", "case_id", "score", "scale", "text"])
    for case, rows in sorted(journeys().items()):
        if draw.random() > 0.06:
            continue
        hours, passed = waited(rows), sum(a["pool"] != b["pool"] for a, b in pairwise(rows))
        effort = 0.8 * math.log2(1 + hours) + 0.25 * passed + draw.gauss(0, 1.6)
        answers = draw.random() < 0.25 + 0.04 * effort
        score = within(1, 7.5 - 0.75 * effort + 1.5, 7) if answers else ""
        out.writerow(["CES survey", "customer", "Use", "", case, score, "1-7", ""])
        point = draw.choice([row["activity"] for row in rows])
        if point in STAGES and draw.random() < 0.9:
            trouble = effort + draw.gauss(0, 1) > 4.5
            content = 5.2 - 0.3 * effort - TROUBLE.get(point, 0.0) + draw.gauss(0, 0.7)
            out.writerow(["CSAT", "customer", "", point, case, within(1, content, 5), "1-5", ""])
            if draw.random() < 0.5:
                out.writerow(["Comments", "customer", "", point, case, "", "", draw.choice(WORDS[trouble])])
    for stage, mean in STAFF.items():
        for _ in range(25):
            out.writerow(["Staff survey", "employee", stage, "", "", within(0, draw.gauss(mean, 1.6), 10), "0-10", ""])
    for stage, mean in AUDIT.items():
        for _ in range(14 if stage != "Renew" else 6):
            score = within(0, draw.gauss(mean, 9), 100)
            out.writerow(["Service audit", "institution", stage, "", "", score, "percent", ""])


if __name__ == "__main__":
    main()

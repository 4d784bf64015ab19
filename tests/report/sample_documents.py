"""Hand-made documents of a broadband journey: five stages, fifteen touchpoints, one activity that nobody planned."""

from typing import Any

CASES = 20_000
BLUEPRINT: dict[str, Any] = {
    "blueprint": "Broadband order",
    "case": "one order",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "stages": ["Aware", "Order", "Install", "Use", "Renew"],
    "touchpoints": {
        "See offer": {"stage": "Aware", "owner": "Marketing", "layer": "customer", "observed": False},
        "Availability check": {"stage": "Aware", "owner": "Digital", "channel": ["web"], "self_service": True},
        "Place order": {"stage": "Order", "owner": "Sales", "channel": ["web", "phone"], "moment_of_truth": True},
        "Credit check": {"stage": "Order", "owner": "Risk", "layer": "backstage", "operated_by": "partner",
                         "promise": {"cycle": "1 d"}},
        "Address check": {"stage": "Order", "owner": "Network", "layer": "backstage", "promise": {"cycle": "4 h"}},
        "Confirm order": {"stage": "Order", "owner": "Sales"},
        "Send refusal": {"stage": "Order", "owner": "Risk"},
        "Book engineer": {"stage": "Install", "owner": "Field ops", "layer": "backstage"},
        "Engineer visit": {"stage": "Install", "owner": "Field ops", "promise": {"wait": "5 d"},
                           "moment_of_truth": True},
        "Activate": {"stage": "Install", "owner": "Network", "layer": "support"},
        "Read the leaflet": {"stage": "Use", "layer": "customer", "observed": False},
        "Call support": {"stage": "Use", "owner": "Care", "channel": ["phone"], "promise": {"wait": "2 min"},
                         "failure": True},
        "Help pages": {"stage": "Use", "owner": "Digital", "channel": ["web"], "self_service": True},
        "Send bill": {"stage": "Renew", "owner": "Billing"},
        "Offer renewal": {"stage": "Renew", "owner": "Marketing", "moment_of_truth": True},
    },
    "flow": [
        {"optional": ["See offer"]},
        "Availability check",
        "Place order",
        {"parallel": ["Credit check", "Address check"]},
        {"choice": {
            "accepted": ["Confirm order", "Book engineer", "Engineer visit", "Activate",
                         {"optional": ["Read the leaflet"]}, {"optional": ["Call support"]}, "Send bill",
                         "Offer renewal"],
            "rejected": ["Send refusal"],
        }},
    ],
    "promises": {"Activated in ten days": {"from": "Place order", "to": "Activate", "target": "10 d", "early": "4 d"}},
}  # fmt: skip

HOUR, DAY = 3600.0, 86400.0

ACTIVITIES = {  # activity: events, cases, median duration, mean duration
    "Availability check": (20_800, 19_400, 240.0, 310.0),
    "Place order": (20_000, 20_000, 480.0, 615.0),
    "Credit check": (21_100, 19_300, 1.6 * HOUR, 2.9 * HOUR),
    "Address check": (20_000, 20_000, 0.5 * HOUR, 0.8 * HOUR),
    "Confirm order": (17_600, 17_600, 60.0, 75.0),
    "Send refusal": (2_200, 2_200, 60.0, 61.0),
    "Book engineer": (19_900, 17_400, 420.0, 500.0),
    "Engineer visit": (19_800, 17_100, 1.4 * HOUR, 1.6 * HOUR),
    "Activate": (16_500, 16_500, 300.0, 420.0),
    "Call support": (9_400, 6_100, 540.0, 700.0),
    "Help pages": (2_600, 2_100, 200.0, 260.0),
    "Send bill": (16_300, 16_300, 30.0, 30.0),
    "Offer renewal": (12_100, 12_100, 300.0, 350.0),
    "Chase missing papers": (3_400, 2_300, 600.0, 900.0),
}

EDGES = [  # from, to, count, mean seconds
    ("Availability check", "Place order", 19_000, 0.4 * DAY),
    ("Availability check", "Availability check", 1_400, 600.0),
    ("Place order", "Credit check", 11_200, 1.1 * HOUR),
    ("Place order", "Address check", 8_700, 0.8 * HOUR),
    ("Credit check", "Address check", 9_900, -0.2 * HOUR),
    ("Address check", "Credit check", 7_700, 2.2 * HOUR),
    ("Credit check", "Confirm order", 7_100, 9 * HOUR),
    ("Address check", "Confirm order", 9_800, 7 * HOUR),
    ("Credit check", "Send refusal", 2_100, 0.9 * DAY),
    ("Credit check", "Chase missing papers", 2_300, 0.6 * DAY),
    ("Chase missing papers", "Chase missing papers", 1_100, 2.0 * DAY),
    ("Chase missing papers", "Credit check", 1_900, 2.4 * DAY),
    ("Confirm order", "Book engineer", 17_400, 0.7 * DAY),
    ("Book engineer", "Engineer visit", 19_400, 6.4 * DAY),
    ("Engineer visit", "Book engineer", 2_500, 1.1 * DAY),
    ("Engineer visit", "Activate", 15_900, 0.5 * DAY),
    ("Engineer visit", "Call support", 1_200, 0.2 * DAY),
    ("Activate", "Call support", 4_700, 3.0 * DAY),
    ("Activate", "Help pages", 1_700, 2.0 * DAY),
    ("Call support", "Call support", 2_900, 0.5 * DAY),
    ("Call support", "Help pages", 600, 0.1 * DAY),
    ("Help pages", "Call support", 1_300, 0.05 * DAY),
    ("Activate", "Send bill", 10_000, 14 * DAY),
    ("Call support", "Send bill", 4_900, 9 * DAY),
    ("Help pages", "Send bill", 1_200, 11 * DAY),
    ("Send bill", "Offer renewal", 12_000, 30 * DAY),
    ("Send bill", "Call support", 400, 2 * DAY),
]

START = ["Availability check", "Place order", "Credit check", "Address check"]
INSTALL = ["Confirm order", "Book engineer", "Engineer visit", "Activate"]
VARIANTS = [
    ([*START, *INSTALL, "Send bill", "Offer renewal"], 3_100),
    ([*START[:2], "Address check", "Credit check", *INSTALL, "Send bill", "Offer renewal"], 2_700),
    ([*START, *INSTALL, "Call support", "Call support", "Send bill", "Offer renewal"], 1_250),
    ([*START, "Send refusal"], 900),
    ([*START, *INSTALL[:3], *INSTALL[1:], "Send bill"], 720),
    ([*START, "Chase missing papers", "Chase missing papers", "Credit check", *INSTALL, "Send bill"], 480),
    ([*START, *INSTALL, "Help pages", "Call support", "Send bill", "Offer renewal"], 310),
]


def discover() -> dict[str, Any]:
    return {
        "cases": CASES,
        "events": sum(row[0] for row in ACTIVITIES.values()),
        "variants": [{"trace": t, "cases": n, "share": n / CASES} for t, n in VARIANTS],
        "edges": [
            {"from": a, "to": b, "count": n, "mean_s": s, "median_s": s * 0.8, "p90_s": s * 2} for a, b, n, s in EDGES
        ],
        "activities": [
            {"activity": name, "events": e, "cases": c, "rework_cases": max(e - c, 0) // 2,
             "mean_duration_s": mean, "median_duration_s": median}
            for name, (e, c, median, mean) in ACTIVITIES.items()
        ],
        "starts": {"Availability check": 19_400, "Place order": 600},
        "ends": {"Offer renewal": 12_100, "Send bill": 3_900, "Send refusal": 2_200, "Call support": 1_800},
        "cycle_time": {"mean_s": 41 * DAY, "median_s": 38.5 * DAY, "p90_s": 66 * DAY},
    }  # fmt: skip


def _deviation(touchpoint: str, stage: str, owner: str | None, kind: str, cases: int) -> dict[str, Any]:
    return {"touchpoint": touchpoint, "stage": stage, "owner": owner, "kind": kind, "cases": cases,
            "share": cases / CASES, "events": cases + cases // 7}  # fmt: skip


def _promise(name: str, kind: str, target: float, kept: int, late: int, median: float, p90: float) -> dict[str, Any]:
    return {"promise": f"{name}: {kind}", "touchpoint": name, "owner": "x", "unit": "visits", "target_s": target,
            "kept": kept, "late": late, "early": 0, "open": 0, "median_s": median, "p90_s": p90}  # fmt: skip


def compare() -> dict[str, Any]:
    return {
        "cases": CASES,
        "fitness": {"mean": 0.931, "perfect_cases": 11_340},
        "deviations": [
            _deviation("Credit check", "Order", "Risk", "missing", 700),
            _deviation("Credit check", "Order", "Risk", "ad hoc", 1_800),
            _deviation("Availability check", "Aware", "Digital", "missing", 600),
            _deviation("Engineer visit", "Install", "Field ops", "ad hoc", 2_500),
            _deviation("Engineer visit", "Install", "Field ops", "failed", 3_400),
            _deviation("Help pages", "Use", "Digital", "ad hoc", 2_100),
            _deviation("Send bill", "Renew", "Billing", "wrong sequence", 410),
            _deviation("Offer renewal", "Renew", "Marketing", "missing", 3_900),
        ],
        "promises": [
            _promise("Engineer visit", "wait", 5 * DAY, 9_100, 10_700, 6.1 * DAY, 12.0 * DAY),
            _promise("Credit check", "cycle", DAY, 18_900, 2_200, 2.6 * HOUR, 1.1 * DAY),
            _promise("Address check", "cycle", 4 * HOUR, 19_700, 300, 1.2 * HOUR, 2.2 * HOUR),
            _promise("Call support", "wait", 120.0, 3_900, 5_500, 205.0, 740.0),
            {"promise": "Activated in ten days", "unit": "cases", "touchpoint": "Activate", "owner": "Network",
             "target_s": 10 * DAY, "kept": 9_800, "late": 5_600, "early": 1_100, "open": 240,
             "median_s": 9.2 * DAY, "p90_s": 17.4 * DAY},
        ],
        "not_reached": [{"touchpoint": "Offer renewal", "cases": 1_400}],
        "unmapped": [{"activity": "Chase missing papers", "events": 3_400, "cases": 2_300}],
        "unaligned": 0,
        **_depth(),
    }  # fmt: skip


def _range(mean: float, half: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _moment(touchpoint: str, kind: str, promise: str | None, owner: str, cases: int, effect: float) -> dict[str, Any]:
    return {"touchpoint": touchpoint, "kind": kind, "promise": promise, "stage": "Install", "owner": owner,
            "cases": cases, "share": cases / CASES, "at_risk": 15_000, "effect": _range(effect, 0.02),
            "customers_at_risk": _range(effect * cases, 0.02 * cases),
            "value_at_risk": _range(300 * effect * cases, 6 * cases), "top3_probability": 0.97, "clear": effect > 0.03,
            "repeats": None, "evidence": "observational", "reason": None}  # fmt: skip


def _depth() -> dict[str, Any]:
    step = {"touchpoint": "Engineer visit", "kind": "failed", "promise": None, "owner": "Field ops",
            "customers": 400.0, "value": 120_000.0, "share": 0.86}  # fmt: skip
    segment = {"by": "segment", "segment": "business", "cases": 3_000, "measure": "deviation", "unit": "share",
               "touchpoint": "Credit check", "kind": "ad hoc", "promise": None, "mean": 0.2, "others": 0.1,
               "difference": _range(0.1, 0.02), "q": 0.001, "clear": True}  # fmt: skip
    return {
        "moments_of_truth": [
            _moment("Engineer visit", "failed", None, "Field ops", 3_400, 0.12),
            _moment("Activate", "late", "Activated in ten days", "Network", 5_600, 0.05),
            _moment("Availability check", "missing", None, "Digital", 600, 0.001),
            {**_moment("Credit check", "missing", None, "Risk", 7, 0.0), "effect": None, "customers_at_risk": None,
             "value_at_risk": None, "top3_probability": None, "reason": "fewer than 10 cases of known outcome had it"},
        ],
        "over_served": [{"touchpoint": "Help pages", "kind": "missing", "promise": None, "owner": "Digital",
                         "cases": 2_100, "effect": _range(0.001, 0.005), "margin": 0.02, "p": 0.01}],
        "avoidable": {"customers": _range(470.0, 60.0), "of_set": _range(400.0, 50.0), "value": _range(141e3, 18e3),
                      "share_of_lost": 0.3, "set": [step]},
        "outcome": {"measure": "lost", "unit": "probability", "known": 18_200, "lost": 2_500, "unknown": 1_800,
                    "base_rate": 0.137, "days": 240.0, "adjusted_for": ["segment"], "left_out": [], "draws": 300,
                    "margin": 0.02, "level": 0.95, "reason": None},
        "silos": {"handovers": [{"from": "Sales", "to": "Risk", "count": 900, "cases": 800, "idle_s": 4 * HOUR,
                                 "wait_share": 0.3}],
                  "ping_pong": 120, "ping_pong_cases": 90, "boundary_share": 0.7, "unowned_s": 9e8,
                  "unowned_share": 0.5, "functions": ["Sales", "Risk"], "reason": None,
                  "partners": {"touchpoints": ["Credit check"], "events_share": 0.1, "time_share": 0.2,
                               "late_share": 0.1}},
        "conflicts": [{"from": "Place order", "to": "Activate", "promises": ["web", "phone"],
                       "channels": ["web", None], "targets_s": [5 * DAY, 10 * DAY], "cases": 900, "between": 300,
                       "p": None}],
        "segments": [segment],
        "inconsistency": [],
        "treatment_matrix": [{"by": "segment", "segment": "business", "channel": None, "cases": 3_000,
                              "variation": ["Place order", "Send refusal"], "share": 0.3, "planned": True,
                              "planned_share": 0.6, "unplanned": False}],
        "withheld": [],
        "blind_spots": [{"kind": "channel", "what": "chat", "share": None, "hours": None, "text": "No chat."}],
        "stories": [{"by": None, "segment": None, "kind": "typical", "stands_for": 3_100, "share": 0.155,
                     "alike": 3_100, "cycle_time_s": 41 * DAY, "lost_share": 0.1, "steps": ["Place order"],
                     "lines": ["3,100 cases travel like this."], "example": None}],
        "maps": {"wanted": "Broadband as customers want it", "turned": [], "promises": [], "wanted_gap": {},
                 "touchpoints": [{"touchpoint": "Send bill", "intended": "always", "wanted": "not", "actual": 0.8,
                                  "verdict": "planned and not wanted"}],
                 "pairs": [{"one": "intended", "other": "wanted", "fitness": None, "follow": None, "differences": 1},
                           {"one": "wanted", "other": "actual", "fitness": 0.9, "follow": 9_000, "differences": 7}]},
    }  # fmt: skip


def check() -> dict[str, Any]:
    return {
        "events": 203_300, "cases": CASES, "activities": 14, "resources": 96,
        "start": "2024-09-02T06:00:11.000000Z", "end": "2025-05-04T19:58:02.000000Z",
        "columns": {"case": "order_id", "activity": "step", "start": "start_time", "end": "end_time"},
        "problems": [
            {"kind": "unreadable time", "count": 7, "examples": [{"row": 12, "column": "end", "value": "31.13.24"}]},
            {"kind": "end before start", "count": 41, "examples": []},
        ],
        "quarantined": 7,
    }  # fmt: skip


def calibrate() -> dict[str, Any]:
    return {
        "model": "broadband.model.json",
        "choices": {
            "arrivals": "weekly pattern of 168 hours from 26 weeks",
            "routing": "prefix tree of depth 3",
            "patience": {"Call support": "from 9,400 waits, 1,310 of them given up"},
            "retention": "logistic on waiting and hand-offs; 18,200 cases with a known outcome",
        },
    }


def study() -> dict[str, Any]:
    base = {
        "wait": (7.9 * DAY, 0.2 * DAY, "s"), "cycle_time": (41 * DAY, 0.6 * DAY, "s"),
        "abandoned": (0.065, 0.003, "share"), "retained": (0.861, 0.006, "share"),
    }  # fmt: skip
    effects = {
        "second crew": {"wait": -3.1 * DAY, "cycle_time": -2.9 * DAY, "abandoned": -0.001, "retained": 0.021},
        "no credit check": {"wait": -0.12 * DAY, "cycle_time": -0.4 * DAY, "abandoned": 0.0004, "retained": 0.002},
        "more demand": {"wait": 2.2 * DAY, "cycle_time": 2.4 * DAY, "abandoned": 0.031, "retained": -0.018},
    }
    half = {"wait": 0.4 * DAY, "cycle_time": 0.5 * DAY, "abandoned": 0.002, "retained": 0.006}
    scenarios = [{"scenario": "baseline", "factors": {}, "measures": _measures(base, {})}]
    scenarios += [{"scenario": s, "factors": {}, "measures": _measures(base, e)} for s, e in effects.items()]
    rows = [
        {"scenario": s, "factors": {}, "measure": m, "effect": v, "low": v - half[m], "high": v + half[m],
         "unit": base[m][2], "level": 0.95, "family": "scenarios of this study within one measure"}
        for s, found in effects.items() for m, v in found.items()
    ]  # fmt: skip
    return {"scenarios": scenarios, "effects": rows, "replications": 40, "stopped_by": "precision", "seed": 1}


def _measures(base: dict[str, Any], effects: dict[str, float]) -> dict[str, Any]:
    return {
        name: {"mean": mean + effects.get(name, 0), "low": mean + effects.get(name, 0) - half,
               "high": mean + effects.get(name, 0) + half, "unit": unit}
        for name, (mean, half, unit) in base.items()
    }  # fmt: skip


def documents() -> dict[str, Any]:
    return {
        "check": check(), "discover": discover(), "compare": compare(), "calibrate": calibrate(), "study": study(),
        "blueprint": BLUEPRINT,
    }  # fmt: skip

"""Features that so few cases tell of that a coefficient would follow those few, however large it came out.

Where hardly anybody on one side of a feature was lost (or kept), the likelihood hardly bounds its coefficient. Such
features are refused by name, with the counts. Moments of truth draw such effects in instead; both come to the same:
nothing is claimed of what so few cases tell.
"""

import numpy as np

from desireline.log.casetable import CaseTable

RARE = 20
FEWEST = 5
RULE_CASES = 5


def separates(values: np.ndarray, kept: np.ndarray) -> bool:
    """Return whether all values of the kept lie on one side of all those of the lost."""
    good, bad = values[kept > 0], values[kept <= 0]
    return bool(good.min() > bad.max() or good.max() < bad.min())


def too_few(values: np.ndarray, kept: np.ndarray) -> str:
    """Return why nobody can tell the effect of a feature; empty where it can be told.

    With fewer than five lost, or five kept, on either side of a feature of two values the log says nothing of what the
    other side would have done.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(values) - int(counts.max()) < RARE:
        return f"fewer than {RARE} cases differ in it"
    if len(distinct) > 2:
        return ""
    without = values == distinct[0]
    for mask, which in ((~without, "with"), (without, "without")):
        n, good = int(mask.sum()), int((kept[mask] > 0).sum())
        if good in (0, n):
            return f"every one of {n:,} cases {which} it was {'kept' if good else 'lost'}: a rule, no coefficient"
        fewer, word = min((good, "kept"), (n - good, "lost"))
        if fewer < FEWEST:
            return f"of {n:,} cases {which} it only {fewer} {'was' if fewer == 1 else 'were'} {word}: too few to tell"
    return ""


def rule_of(table: CaseTable, kept: np.ndarray) -> np.ndarray:
    """Return the cases that gave up where all of those were lost: a rule of the model, not a coefficient."""
    gave_up = (table.abandoned > 0) & (kept >= 0)
    all_lost = gave_up.sum() >= RULE_CASES and not (kept[gave_up] > 0).any()
    return np.asarray(gave_up if all_lost else np.zeros(len(kept), bool))

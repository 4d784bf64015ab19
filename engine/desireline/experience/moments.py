"""Moments of truth: which deviations and broken promises go with losing customers, and which go with nothing.

For each, the effect is the change in the probability of being lost, on average over the cases at risk of it, adjusted
for segments and the other deviations (`moments_model`). One bootstrap of customers gives the intervals and repeats the
ranking. An association in a log is no proof of a cause: every row says `evidence: observational`.
"""

from collections.abc import Sequence

import numpy as np

from desireline.experience.moments_adjust import Adjustment, adjustment, case_values
from desireline.experience.moments_avoidable import avoidable
from desireline.experience.moments_exposures import Exposure, exposures, gone
from desireline.experience.moments_leaving import before_leaving, deciding
from desireline.experience.moments_model import Covariates, Draws, Patterns, collapse, effect
from desireline.experience.moments_rows import Avoidable, Basis, Moment, Moments, OverServed, Range, Step
from desireline.experience.outcome import outcome
from desireline.gap.compare import Compared
from desireline.gap.promises import last_times, log_end
from desireline.log.columns import coded
from desireline.log.source import Source
from desireline.seeds import chain, label_key
from desireline.stats.interval import LEVEL_Z
from desireline.stats.multiple import adjusted, equivalence, kept_share, two_sided
from desireline.units import DAY, MICROSECONDS

DRAWS = 300
MOST, FEWEST = 40, 10
FALSE = 0.05
TOP = 3
MARGIN_OF_LOSS, WIDEST_MARGIN = 0.2, 0.02
YEAR = 365.25
DISPENSABLE = ("missing", "late", "early")
ALIGNED = ("missing", "ad hoc", "wrong sequence")


def moments(
    compared: Compared, source: Source, *, by: Sequence[str] = (), margin: float | None = None, seed: int = 1
) -> Moments:
    """Return the moments of truth of a log beside its blueprint.

    Parameters
    ----------
    by
        Attributes that are adjusted for besides those of the source.
    margin
        Of the equivalence test, in the probability of being lost; by default a fifth of the share that is lost, at
        most two points.

    Raises
    ------
    LogError
        If the source names an outcome that the log does not have.
    """
    known = outcome(compared.log, source)
    reason = _no_outcome(known, source)
    if reason is None:
        compared = before_leaving(compared, source, known)
    answer = _Answer(compared, source, by, None if reason else known, seed)
    return answer.moments(margin, reason)


def _no_outcome(known: np.ndarray, source: Source) -> str | None:
    if source.outcome is None:
        return "the source names no outcome"
    lost, kept = int((known == 0).sum()), int((known == 1).sum())
    if min(lost, kept) < FEWEST:
        return f"{lost:,} cases were lost and {kept:,} kept, as far as is known; {FEWEST} of each are needed"
    return None


class _Answer:
    """Works the effects out once, and then everything that is made of them."""

    def __init__(
        self, compared: Compared, source: Source, by: Sequence[str], known: np.ndarray | None, seed: int
    ) -> None:
        self.compared, self.known = compared, known
        log = compared.log
        self.log = log
        self.exposures = exposures(compared)
        self.left = gone(compared)
        self.adjusted: Adjustment = adjustment(log, source, by, known)
        self.values = case_values(log, source)
        begun = int(log.column("start").min()) if log.n_events else 0
        self.days = (log_end(log) - begun) / DAY if log.n_events else 0.0
        not_over = compared.under_way | np.asarray(log.cases.column("open").to_numpy(), bool)
        self.use = ~not_over if known is None else known >= 0
        self.key = chain(label_key("moments of truth"), seed)
        self.deciding = deciding(compared, source) if known is not None else frozenset()
        self.refusals = self._refusals()
        self.asked = [i for i, refusal in enumerate(self.refusals) if refusal is None]
        self.patterns, self.draws = self._effects(self._target())

    def _target(self) -> np.ndarray:
        """Return what the effects are on, one per case: 1 lost, or the cycle time in seconds."""
        if self.known is not None:
            return np.asarray(self.known == 0, float)
        first = np.minimum.reduceat(self.log.column("start"), self.log.offsets[:-1]) if self.log.n_events else 0
        return np.asarray((last_times(self.log) - first) / MICROSECONDS)

    def _refusals(self) -> list[str | None]:
        """Return for each exposure why no effect can be told; None where one can."""
        found: list[str | None] = []
        for exposure in self.exposures:
            refusal = self._refusal(exposure)
            if refusal is None and found.count(None) >= MOST:
                refusal = f"{MOST} others are commoner"
            found.append(refusal)
        return found

    def _refusal(self, exposure: Exposure) -> str | None:
        if exposure.touchpoint in self.deciding:
            return "it is the outcome itself, and not what leads to it"
        if self.known is None and exposure.promise is not None:
            return "without an outcome the effect would be on time, and a promise broken is time itself"
        here = exposure.at_risk & self.use
        had, had_not = here & exposure.exposed, here & ~exposure.exposed
        if had.sum() < FEWEST:
            return f"fewer than {FEWEST} cases of known outcome had it and went on"
        if had_not.sum() < FEWEST:
            return f"fewer than {FEWEST} cases of known outcome came to this point without it"
        if self.known is not None and len(np.unique(self.known[here])) < 2:
            return "all cases that came to this point ended alike"
        left = self.left
        if exposure.kind in ALIGNED and left[had].mean() > max(0.5, 4 * left[had_not].mean()):
            return "most of these customers left right there, and are told from the others by that alone"
        return None

    def _effects(self, target: np.ndarray) -> tuple[Patterns, list[Draws]]:
        some, n = [self.exposures[i] for i in self.asked], self.log.n_cases
        empty = np.zeros((n, 0), bool)
        customer, _ = coded(self.log.cases.column("customer"))
        _, customer = np.unique(customer[self.use], return_inverse=True)
        cases = Covariates(
            exposed=(np.column_stack([e.exposed for e in some]) if some else empty)[self.use],
            at_risk=(np.column_stack([e.at_risk for e in some]) if some else empty)[self.use],
            left=self.left[self.use],
            levels=self.adjusted.columns[self.use],
        )
        patterns = collapse(cases, target[self.use], customer, DRAWS, self.key)
        return patterns, [effect(patterns, j, linear=self.known is None) for j in range(len(some))]

    def moments(self, margin: float | None, reason: str | None) -> Moments:
        """Return the answer; `reason` says why there is no outcome."""
        rows = self._rows()
        lost = None if self.known is None else int((self.known == 0).sum())
        known = int(self.use.sum())
        base = None if lost is None else lost / known
        if base is not None and margin is None:
            margin = min(MARGIN_OF_LOSS * base, WIDEST_MARGIN)
        basis = Basis(
            measure="cycle_time" if base is None else "lost",
            unit="s" if base is None else "probability",
            known=known,
            lost=lost,
            unknown=self.log.n_cases - known if base is not None else self.log.n_cases,
            base_rate=base,
            days=self.days,
            adjusted_for=self.adjusted.names,
            left_out=self.adjusted.told,
            draws=self.patterns.number.shape[1] - 1,
            margin=margin if base is not None else None,
            reason=reason,
        )
        return Moments(
            moments_of_truth=rows,
            over_served=self._over_served(margin) if base is not None and margin else (),
            avoidable=self._avoidable() if base is not None and self.draws else None,
            basis=basis,
        )

    def _rows(self) -> tuple[Moment, ...]:
        position = {i: j for j, i in enumerate(self.asked)}
        clear, top = self._clear(), self._top()
        repeats = self._repeats()
        rows = []
        for i, exposure in enumerate(self.exposures):
            j = position.get(i)
            found = self._known(exposure, j, clear, top, repeats) if j is not None else {"reason": self.refusals[i]}
            at_risk = int((exposure.at_risk & self.use).sum())
            share = exposure.cases / self.log.n_cases
            common = {name: getattr(exposure, name) for name in ("touchpoint", "promise", "stage", "owner", "cases")}
            rows.append(Moment(kind=exposure.kind, share=share, at_risk=at_risk, **common, **found))
        return tuple(sorted(rows, key=_rank))

    def _known(
        self, exposure: Exposure, j: int, clear: np.ndarray, top: np.ndarray, repeats: list[Draws]
    ) -> dict[str, object]:
        effect = _range(self.draws[j])
        found: dict[str, object] = {"effect": effect, "clear": bool(clear[j])}
        if repeats:
            found["repeats"] = _range(repeats[j])
        found["top3_probability"] = float(top[j])
        if self.known is not None and self.days > 0:
            customers = exposure.cases * YEAR / self.days
            found["customers_at_risk"] = _times(effect, customers)
            worth = self._worth(exposure.exposed)
            found["value_at_risk"] = None if worth is None else _times(effect, customers * worth)
        return found

    def _worth(self, cases: np.ndarray) -> float | None:
        """Return the mean value of some cases; of all where none of them has one."""
        if self.values is None or np.isnan(self.values).all():
            return None
        some = self.values[cases]
        return float(np.nanmean(some if len(some) and not np.isnan(some).all() else self.values))

    def _errors(self) -> tuple[np.ndarray, np.ndarray]:
        mean = np.array([d.effect[0] for d in self.draws])
        return mean, np.array([d.error for d in self.draws])

    def _clear(self) -> np.ndarray:
        mean, error = self._errors()
        return np.asarray(adjusted(two_sided(mean / error)) < FALSE)

    def _top(self) -> np.ndarray:
        """Return how often each is among the three that cost most and costs anything, by draws drawn in to zero."""
        if not self.draws:
            return np.zeros(0)
        cases = np.array([self.exposures[i].cases for i in self.asked])
        cost = self._drawn_in([d.effect for d in self.draws])[:, 1:] * cases[:, None]
        place = np.argsort(np.argsort(-cost, axis=0, kind="stable"), axis=0, kind="stable")
        return np.asarray(((place < TOP) & (cost > 0)).mean(axis=1))

    def _drawn_in(self, values: list[np.ndarray]) -> np.ndarray:
        """Return the draws of each deviation, drawn in towards zero as far as the effects spread by chance alone."""
        kept = kept_share(*self._errors())[:, None]
        every = np.vstack(values)
        spread = every - every[:, :1] + self._missing_noise(every)
        return np.asarray(kept * every[:, :1] + np.sqrt(kept) * spread)

    def _missing_noise(self, every: np.ndarray) -> np.ndarray:
        """Return what the draws of rare deviations lack of their standard error; nothing for the value observed."""
        drawn = np.array([float(d.effect[1:].std(ddof=1)) for d in self.draws])
        lacking = np.sqrt(np.maximum(self._errors()[1] ** 2 - drawn**2, 0.0)) / np.maximum(drawn, 1e-9)
        size = np.minimum(lacking, 10.0) * np.maximum(every[:, 1:].std(axis=1), 1e-9)
        noise = np.random.Generator(np.random.Philox(self.key + 1)).standard_normal(every.shape)
        noise[:, 0] = 0.0
        return np.asarray(noise * size[:, None])

    def _repeats(self) -> list[Draws]:
        if self.known is not None or not self.draws:
            return []
        kinds = max(len(self.log.activities), 1)
        pairs = np.unique(self.log.column("case").astype(np.int64) * kinds + self.log.column("activity")) // kinds
        distinct = np.bincount(pairs, minlength=self.log.n_cases)
        return self._effects((np.diff(self.log.offsets) - distinct).astype(float))[1]

    def _over_served(self, margin: float) -> tuple[OverServed, ...]:
        mean, error = self._errors()
        some = [j for j, i in enumerate(self.asked) if self.exposures[i].kind in DISPENSABLE]
        p = adjusted(equivalence(mean[some], error[some], margin))
        rows = []
        for j, value in zip(some, p, strict=True):
            exposure = self.exposures[self.asked[j]]
            if value < FALSE:
                common = {name: getattr(exposure, name) for name in ("touchpoint", "promise", "owner", "cases")}
                rows.append(
                    OverServed(
                        kind=exposure.kind,
                        effect=_range(self.draws[j]),
                        margin=margin,
                        p=float(value),
                        **common,
                    )
                )
        return tuple(sorted(rows, key=lambda row: row.p))

    def _unknown(self) -> float:
        """Return how many cases with a deviation there are for each of known outcome."""
        some = np.zeros(self.log.n_cases, bool)
        for i in self.asked:
            some |= self.exposures[i].exposed
        return float(some.sum() / max((some & self.use).sum(), 1))

    def _avoidable(self) -> Avoidable:
        coefficients = self._drawn_in([d.coefficient for d in self.draws])
        mean, _ = self._errors()
        if not (self._clear() & (mean > 0)).any():
            coefficients = np.zeros_like(coefficients)
        loss = avoidable(self.patterns, np.arange(len(self.draws)), coefficients)
        scale = self._unknown() * (YEAR / self.days if self.days > 0 else np.nan)
        everything = float(loss.all[0])
        worths = [self._worth(self.exposures[self.asked[j]].exposed) for j in loss.chosen]
        rows, before = [], 0.0
        for j, step, worth in zip(loss.chosen, loss.steps, worths, strict=True):
            exposure = self.exposures[self.asked[j]]
            customers = (step - before) * scale
            before = step
            rows.append(
                Step(
                    touchpoint=exposure.touchpoint,
                    kind=exposure.kind,
                    promise=exposure.promise,
                    owner=exposure.owner,
                    customers=customers,
                    value=None if worth is None else customers * worth,
                    share=step / everything if everything > 0 else 0.0,
                )
            )
        worth = self._worth(self.use)
        lost = float(self.patterns.total[:, 0].sum())
        return Avoidable(
            customers=_percentiles(loss.all * scale),
            of_set=_percentiles(loss.of_set * scale),
            value=None if worth is None else _percentiles(loss.all * scale * worth),
            share_of_lost=everything / lost if lost else 0.0,
            set=tuple(rows),
        )


def _rank(row: Moment) -> tuple[float, int]:
    if row.effect is None:
        return float("inf"), -row.cases
    return -row.effect.mean * row.cases, -row.cases


def _range(draws: Draws) -> Range:
    """Return the observed effect with a normal interval from the spread of its draws."""
    mean, half = float(draws.effect[0]), LEVEL_Z * draws.error
    return Range(mean=mean, low=mean - half, high=mean + half)


def _times(effect: Range, factor: float) -> Range:
    low, high = sorted((effect.low * factor, effect.high * factor))
    return Range(mean=effect.mean * factor, low=low, high=high)


def _percentiles(draws: np.ndarray) -> Range:
    """Return the observed value with the middle 95 % of its draws; for what cannot be negative."""
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    mean = float(draws[0])
    return Range(mean=mean, low=min(float(low), mean), high=max(float(high), mean))

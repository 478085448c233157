"""One challenger of a look: its terms weighed, and every number of them as it is kept; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ratchet.observe.watch import CONTROL, PAIRED, SHADOW
from ratchet.rollouts.arms import difference, is_shadow, known, means, split
from ratchet.rollouts.decision import decision
from ratchet.rollouts.judge_sums import Sums, unknown_of
from ratchet.rollouts.metric import Metric
from ratchet.rollouts.metrics import pair_of
from ratchet.rollouts.p_value import p_value
from ratchet.rollouts.pair import Bounds, Pair
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.rules import Rules
from ratchet.rollouts.terms import GRADES, grades_of, planned_of
from ratchet.rollouts.unknown import compare_unknown, differs
from ratchet.rollouts.verdict import ArmJudged, Called, TermSeen
from ratchet.rollouts.weigh import BY_KIND, Weighed, Weighing, weigh
from ratchet.stats.intervals import Interval

_DIGITS = 10


@dataclass(frozen=True)
class Tried:
    """One challenger as a look finds it; `met` are the units of its control and its own."""

    challenger: Challenger
    weighed: Weighed
    pairs: Mapping[str, Pair]
    called: Called
    reasons: tuple[str, ...]
    met: Mapping[str, float]
    exposures: int

    @property
    def arm(self) -> str:
        """Its name."""
        return self.challenger.arm

    @property
    def goal(self) -> Weighing:
        """How the goal stands."""
        return self.weighed.terms[0]

    def told(self) -> ArmJudged:
        """Return it as it is kept."""
        terms = tuple(_seen(w, self.weighed.rules, self.pairs) for w in self.weighed.terms)
        goal = terms[0]
        return ArmJudged(
            arm=self.arm,
            version=self.challenger.version,
            decision=self.called,
            reasons=self.reasons,
            metric=goal.metric,
            delta=goal.delta,
            interval=goal.interval,
            p_value=goal.p_value,
            recommendation=_of_goal(self.weighed),
            exposures=self.exposures,
            units=tidy(self.met[self.arm]),
            terms=terms,
        )


def try_arm(
    rollout: Rollout, rules: Rules, sums: Sums, challenger: Challenger, *, mismatch: bool
) -> Tried:
    """Weigh a challenger; a holdback's is the former version, and there the new one is weighed."""
    arm = challenger.arm
    pairs = {term.metric: _pair(rollout, sums, term.about, arm) for term in rules.terms}
    unknown = {
        name: _pair(rollout, sums, metric, arm) for name, metric in unknown_of(rules).items()
    }
    if is_shadow(rollout):
        graded = {of for of in GRADES if _graded(sums, unknown, arm, of)}
        pairs = {name: pair for name, pair in pairs.items() if graded.issuperset(grades_of(name))}
    weighed = weigh(pairs, rules, unknown=unknown, mismatch=mismatch, plan=planned_of(rollout))
    called, reasons = decision(weighed)
    control, own = (PAIRED + arm, SHADOW + arm) if is_shadow(rollout) else (CONTROL, arm)
    return Tried(
        challenger,
        weighed,
        pairs,
        called,
        reasons,
        met={CONTROL: sums.units(control), arm: sums.units(own)},
        exposures=round(sums.total(own, "n" if is_shadow(rollout) else "exposures")),
    )


def dropped(rules: Rules, sums: Sums, challenger: Challenger) -> ArmJudged:
    """Return a challenger that was rolled back alone before; it is not judged again."""
    return ArmJudged(
        arm=challenger.arm,
        version=challenger.version,
        decision="HOLD",
        reasons=("rolled back before: its units meet the champion",),
        metric=rules.goal.metric,
        recommendation="HOLD",
        exposures=round(sums.total(challenger.arm, "exposures")),
        units=tidy(sums.units(challenger.arm)),
    )


def tidy(value: float) -> float:
    """Return a number to 10 significant digits, as far as it is the same on every machine.

    >>> tidy(2 / 3), tidy(0.1 + 0.2)
    (0.6666666667, 0.3)
    """
    return float(f"{value:.{_DIGITS}g}")


def _pair(rollout: Rollout, sums: Sums, metric: Metric, arm: str) -> Pair:
    found = pair_of(sums.arms, metric, arm, split(rollout, arm), shadow=is_shadow(rollout))
    return found.exchanged() if rollout.purpose == "holdback" else found


def _graded(sums: Sums, unknown: Mapping[str, Pair], arm: str, of: str) -> bool:
    """Say whether served and shadowed were graded, and as often where they succeeded."""
    if not all(sums.total(side + arm, GRADES[of]) for side in (PAIRED, SHADOW)):
        return False
    pair = unknown.get(of)
    return pair is None or not differs(compare_unknown(pair))


def _of_goal(weighed: Weighed) -> Called:
    """Return what the goal alone recommends."""
    goal = weighed.terms[0]
    if weighed.mismatch or (goal.needed is None and not goal.breached):
        return "HOLD"
    return "ROLL_BACK" if goal.breached else "PROMOTE" if goal.passed else "HOLD"


def _seen(weighing: Weighing, rules: Rules, pairs: Mapping[str, Pair]) -> TermSeen:
    term, bounds, pair = weighing.term, weighing.bounds, pairs.get(weighing.term.metric)
    needed, asked = weighing.needed, bool(weighing.asked) and pair is not None
    low, high = _bounds(weighing.part)
    given = TermSeen(
        metric=term.metric,
        better=weighing.about.better,
        role=weighing.role,
        relative=term.relative,
        allowed_relative=term.rollback_relative,
        low=low,
        high=high,
        needed=None if needed is None else tidy(needed),
        allowed=tidy(term.rollback_margin),
        promote_error=tidy(rules.promote_error),
        rollback_error=tidy(rules.rollback_error),
        units=_tidied(None if bounds.units is None else known(bounds.units)),
        events=_tidied(None if bounds.events is None else known(bounds.events)),
        trusted=bool(bounds.trusted),
        held=tuple(name for name, unknown in weighing.unknown.items() if unknown.holds),
        asked=asked,
        passed=bool(weighing.passed),
        breached=bool(weighing.breached),
    )
    if pair is None or not asked:
        return given
    control, value = means(pair)
    p = p_value(pair, weighing.question.soonest(), BY_KIND[term.about.kind])
    low, high = _bounds(bounds)
    interval = None if low is None or high is None else Interval(low=low, high=high)
    return given.model_copy(
        update={
            "control": _tidied(control),
            "value": _tidied(value),
            "delta": _tidied(difference(bounds, control, value)),
            "interval": interval,
            "p_value": tidy(float(p)),
        }
    )


def _bounds(bounds: Bounds | None) -> tuple[float | None, float | None]:
    if bounds is None:
        return None, None
    return _tidied(known(bounds.low)), _tidied(known(bounds.high))


def _tidied(value: float | None) -> float | None:
    return None if value is None else tidy(value)

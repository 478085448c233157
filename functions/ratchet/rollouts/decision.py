"""Decision: what one look at a rollout allows, and the reasons in words; pure."""

from enum import StrEnum

from ratchet.rollouts.pair import Bounds, Question
from ratchet.rollouts.weigh import Weighed, Weighing, better


class Decision(StrEnum):
    """What becomes of a challenger."""

    PROMOTE = "PROMOTE"
    HOLD = "HOLD"
    ROLL_BACK = "ROLL_BACK"


def decision(weighed: Weighed) -> tuple[Decision, tuple[str, ...]]:
    """Return what one look allows, and why: what shows it, or what is missing. Shapes: all ()."""
    if weighed.mismatch:
        return Decision.HOLD, ("exposures: not split as planned, so no effect is trusted",)
    if weighed.rollback:
        return Decision.ROLL_BACK, tuple(_breach(w) for w in weighed.terms if w.breached)
    if weighed.promote:
        return Decision.PROMOTE, tuple(_reached(w, weighed) for w in weighed.terms)
    lost = ("outcomes: one arm has fewer of them for an exposure",) if weighed.lost else ()
    return Decision.HOLD, lost + tuple(_missing(w, weighed) for w in weighed.terms if not w.passed)


def _breach(weighing: Weighing) -> str:
    _, high = better(weighing.bounds, weighing.about)
    allowed = weighing.term.rollback_margin
    beyond = f", and {allowed:.4g} is allowed" if allowed else ""
    return f"{weighing.term.metric}: worse by at least {-float(high):.4g}{beyond}"


def _reached(weighing: Weighing, weighed: Weighed) -> str:
    low = float(better(weighing.bounds, weighing.about)[0])
    if weighing.term is weighed.rules.goal and low >= 0:
        return f"{weighing.term.metric}: better by at least {low:.4g}"
    return f"{weighing.term.metric}: worse by less than {max(0.0, -low):.4g}"


def _missing(weighing: Weighing, weighed: Weighed) -> str:
    name = weighing.term.metric
    if weighing.held:
        which = [name_of for name_of, unknown in weighing.unknown.items() if unknown.holds]
        if which == ["code"]:
            return f"{name}: not every error code is named, so this one may be among the others"
        return f"{name}: the share of unknown {', '.join(which)} differs between the arms"
    if not weighing.bounds.trusted:
        return f"{name}: {_too_few(weighing.bounds)}"
    low, high = (float(x) for x in better(weighing.bounds, weighing.about))
    if weighing.term is weighed.rules.goal:
        wanted = f"above {weighing.term.min_effect:.4g}"
    else:
        wanted = f"above {-weighing.term.margin:.4g}"
    return f"{name}: better by {low:.4g} to {high:.4g}, and a promotion needs it {wanted}"


def _too_few(bounds: Bounds) -> str:
    """Return which minimum is missing, in the arm with fewer."""
    least = Question()
    if bounds.units is None or not bounds.units > 0:
        return "no values in an arm"
    if bounds.units < least.least_units:
        seen = f"values of {float(bounds.units):.0f} units in an arm"
        return f"{seen}, and {least.least_units} are wanted"
    if bounds.events is not None and bounds.events < least.least_events:
        seen = f"{float(bounds.events):.0f} bins of units carry an arm's variance"
        return f"{seen}, and {least.least_events} are wanted"
    return "no bound can be trusted yet"

"""Decision: what the evidence on one challenger allows, and the reasons in words; pure."""

from ratchet.rollouts.pair import Bounds, Question
from ratchet.rollouts.verdict import Called
from ratchet.rollouts.weigh import Weighed, Weighing, better
from ratchet.stats.moments import Floats

SPLIT_WRONG = "exposures: not split as planned, so no effect is trusted"


def decision(weighed: Weighed) -> tuple[Called, tuple[str, ...]]:
    """Return what one look allows, and why: what shows it, or what is missing. Shapes: all ()."""
    if weighed.mismatch:
        return "HOLD", (SPLIT_WRONG,)
    if weighed.rollback:
        return "ROLL_BACK", tuple(_breach(w) for w in weighed.terms if w.breached)
    if weighed.promote:
        return "PROMOTE", tuple(_reached(w) for w in weighed.terms)
    return "HOLD", withheld(weighed) + tuple(_missing(w) for w in weighed.terms if not w.passed)


def withheld(weighed: Weighed) -> tuple[str, ...]:
    """Return why the arms cannot be compared at all, if they cannot."""
    return ("outcomes: one arm has fewer of them for an exposure",) if weighed.lost else ()


def unequal(weighing: Weighing) -> str:
    """Return what is not known alike in both arms, of a term that is held for it."""
    which = [name for name, unknown in weighing.unknown.items() if unknown.holds]
    if which == ["code"]:
        why = "not every error code is named, so this one may be among the others"
    elif which == ["runs"]:
        why = "one arm has fewer runs for an exposure"
    else:
        why = f"the share of unknown {', '.join(which)} differs between the arms"
    return f"{weighing.term.metric}: {why}"


def unseen(weighed: Weighed) -> tuple[str, ...]:
    """Return the terms that cannot be judged yet: what is not seen is not known to be harmless."""
    return tuple(
        _missing(w)
        for w in weighed.terms
        if w.asked and w.needed is not None and not w.held and not w.to_promote().trusted
    )


def _breach(weighing: Weighing) -> str:
    term, (_, high) = weighing.term, better(weighing.to_roll_back(), weighing.about)
    allowed = _allowed(weighing)
    beyond = f", and {allowed} is allowed" if allowed else ""
    return f"{term.metric}: worse by at least {_amount(-high, term.rollback_relative)}{beyond}"


def _reached(weighing: Weighing) -> str:
    term = weighing.term
    if not weighing.asked:
        return f"{term.metric}: no values in either arm, and none are wanted"
    if weighing.needed is None:
        allowed = _allowed(weighing)
        beyond = f" by more than {allowed}" if allowed else ""
        return f"{term.metric}: not shown to be worse{beyond}"
    low = float(better(weighing.to_promote(), weighing.about)[0])
    if weighing.role != "guardrail" and low >= 0:
        return f"{term.metric}: better by at least {_amount(low, term.relative)}"
    return f"{term.metric}: worse by less than {_amount(max(0.0, -low), term.relative)}"


def _missing(weighing: Weighing) -> str:
    if weighing.held:
        return unequal(weighing)
    term, bounds = weighing.term, weighing.to_promote()
    if not (bounds.trusted and weighing.enough):
        return f"{term.metric}: {_too_few(bounds, weighing.question)}"
    low, high = (_amount(x, term.relative) for x in better(bounds, weighing.about))
    needed = _amount(weighing.needed or 0.0, term.relative)
    return f"{term.metric}: better by {low} to {high}, and a promotion needs it above {needed}"


def _too_few(bounds: Bounds, least: Question) -> str:
    """Return which minimum is missing, in the arm with fewer."""
    if bounds.units is None or not bounds.units > 0:
        return "no values in an arm"
    if bounds.units < least.least_units:
        seen = f"values of {float(bounds.units):.0f} units in an arm"
        return f"{seen}, and {least.least_units} are wanted"
    if bounds.events is not None and bounds.events < least.least_events:
        seen = f"{float(bounds.events):.0f} bins of units carry an arm's variance"
        return f"{seen}, and {least.least_events} are wanted"
    return "no bound can be trusted yet"


def _allowed(weighing: Weighing) -> str:
    term = weighing.term
    return _amount(term.rollback_margin, term.rollback_relative) if term.rollback_margin else ""


def _amount(value: float | Floats, relative: bool) -> str:
    """Return a difference as a person reads it, as a percentage where it is relative."""
    return f"{100 * float(value):.4g} %" if relative else f"{float(value):.4g}"

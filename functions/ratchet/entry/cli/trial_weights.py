"""What `try` prints of a map of weights: what replay says, what that rests on, and its doubts."""

from ratchet.entry.cli.output import say, table
from ratchet.entry.cli.trial_words import counted, interval, number
from ratchet.entry.cli.trial_words import tell_paragraph as tell
from ratchet.entry.trial.earned import Earned
from ratchet.entry.trial.peek import HIGHER
from ratchet.rollouts.replay_log import Estimate, Replay

SHOWN = 6


def tell_weights(goal: str, found: Earned) -> None:
    """Print what some weights would have earned, as far as it can be known."""
    named = sorted(found.weights.items(), key=lambda item: -item[1])
    told = ", ".join(f"{arm}={weight:g}" for arm, weight in named[:SHOWN])
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    say("")
    tell(f"Weights {told}{more} ({found.how}); the log itself: {interval(found.logged)}")
    if found.value:
        tell(f"{goal} {interval(found.value)}, {found.said}", "  ")
    elif found.refused:
        tell(f"{found.said}: {found.refused['reason']} ({found.refused['mend']})", "  ")
    elif found.replay:
        _tell_replay(goal, found.said, found.replay)
    if found.left_out:
        say(f"  left out, for want of {goal} or propensity: {counted(found.left_out, 'row')}")


def _tell_replay(goal: str, said: str, found: Replay) -> None:
    exact = "{:.4f}".format if goal in HIGHER else number
    rows = [
        (name, exact(e.value), _between(exact(e.low), exact(e.high)), _note(e))
        for name, e in found.estimates.items()
    ]
    table(("estimator", goal, "95 %", "its interval"), rows)
    tell(
        f"{said}: {found.rows:,} rows say as much as"
        f" {min(found.effective_rows, found.effective_units):,.0f} of these weights' own (the"
        f" effective sample size); support {found.support:.1%}; mean weight"
        f" {found.mean_weight:.3f} +- {found.mean_weight_error:.2g}, largest"
        f" {found.largest_weight:.3g}",
        "  ",
    )
    if found.doubt:
        tell(f"Warning: {found.doubt}", "  ")


def _note(found: Estimate) -> str:
    return f"leaves out {found.leaves_out}" if found.leaves_out else ""


def _between(low: str, high: str) -> str:
    return f"({low} to {high})" if low.startswith("-") else f"({low}-{high})"

"""Whether a sink is told an alert now, later or never; pure."""

from datetime import datetime, timedelta
from typing import Literal

from ratchet.govern.alerts.alert import Alert, Sent, rank
from ratchet.govern.alerts.settings import SinkSpec
from ratchet.kernel.clock import DAY

Step = Literal["tell", "wait", "skip", "done"]
# How long after each failure in a row the next try is made; then as long as after the last.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
SINK_FAILED = "sink-failed"


def step(alert: Alert, name: str, spec: SinkSpec, *, now: datetime) -> Step:
    """Return what is to be done about one sink; `skip` is done with, and nothing was told."""
    was = alert.sent.get(name, Sent())
    if was.turn >= alert.turn:
        return "done"
    knows = was.episode == alert.episode
    if not knows and not _is_for(alert, name, spec):
        return "skip"
    if not knows and was.told_at is not None and now < was.told_at + spec.quiet:
        return "skip" if alert.is_over else "wait"
    return "wait" if was.next_at is not None and now < was.next_at else "tell"


def _is_for(alert: Alert, name: str, spec: SinkSpec) -> bool:
    """Say whether a sink wants an alert; a sink that fails is not told so by itself.

    Whoever was told of an episode's beginning is told of its end, whatever has changed since.
    """
    if alert.what == SINK_FAILED and alert.subject == name:
        return False
    wanted = not spec.rules or alert.what in spec.rules
    return wanted and rank(alert.severity) >= rank(spec.min_severity)


def was_told(alert: Alert, name: str, *, now: datetime) -> Sent:
    """Return a sink's record of an alert that it took."""
    was = alert.sent.get(name, Sent())
    begun = was.told_at if was.episode == alert.episode else now
    return Sent(turn=alert.turn, episode=alert.episode, told_at=begun)


def was_skipped(alert: Alert, name: str) -> Sent:
    """Return a sink's record of an alert that it is not told."""
    was = alert.sent.get(name, Sent())
    return Sent(turn=alert.turn, episode=was.episode, told_at=was.told_at)


def was_refused(alert: Alert, name: str, fault: str, *, now: datetime) -> Sent:
    """Return a sink's record of a failure: when to try again, or after a day, that it is over."""
    was = alert.sent.get(name, Sent())
    if now - (alert.turned_at or alert.last_seen) >= DAY:
        return was_skipped(alert, name).model_copy(update={"fault": fault})
    pause = PAUSES[min(was.tries, len(PAUSES) - 1)]
    again = {"tries": was.tries + 1, "next_at": now + pause, "fault": fault}
    return was.model_copy(update=again)

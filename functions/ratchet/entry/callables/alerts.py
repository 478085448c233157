"""Callables of alerts: somebody sees to one, or it is over."""

from typing import Annotated

from pydantic import StringConstraints

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model

# An id, or `what~subject` in plain letters.
AlertName = Annotated[str, StringConstraints(min_length=1, max_length=1500)]


class Acknowledge(Model):
    """What `acknowledge_alert` takes."""

    alert: AlertName
    note: Reason


class Resolve(Model):
    """What `resolve_alert` takes."""

    alert: AlertName
    reason: Reason


@admins_call(Acknowledge)
def acknowledge_alert(app: App, actor: Actor, asked: Acknowledge) -> Model:
    """Say that the caller sees to an alert; it opens again when it is worse."""
    from ratchet.govern.alerts.answer import ack_alert

    return ack_alert(app.store, app.keys, actor, asked.alert, note=asked.note, now=app.clock())


@admins_call(Resolve)
def resolve_alert(app: App, actor: Actor, asked: Resolve) -> Model:
    """Say that an alert is over; if it comes back, another episode of it begins."""
    from ratchet.govern.alerts.answer import resolve_alert as end

    return end(app.store, app.keys, actor, asked.alert, reason=asked.reason, now=app.clock())

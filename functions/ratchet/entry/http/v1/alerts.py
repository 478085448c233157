"""Alerts by HTTP: what is wrong, that somebody sees to it, and that it is over."""

from typing import Any

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.govern.alerts.alert import Alert, Answer, Severity, State
from ratchet.govern.alerts.answer import ack_alert, resolve_alert
from ratchet.govern.alerts.read import list_alerts as read_alerts
from ratchet.govern.alerts.read import read_alert
from ratchet.kernel.clock import micros
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import RatchetError


class WantedAlerts(Paged):
    """In which state, how severe; those that stand, unless a state is named."""

    state: State | None = None
    severity: Severity | None = None


class Acknowledgement(Model):
    """What is done about an alert."""

    note: Why


class AlertEnd(Model):
    """Why an alert is over."""

    reason: Why


class AlertRow(Model):
    """An alert with the id under which it is answered; `total` counts all its episodes."""

    id: str
    what: str
    subject: str
    severity: Severity
    text: str
    evidence: dict[str, Any] = {}
    command: str = ""
    state: State
    first_seen: Instant
    last_seen: Instant
    count: int
    episode: int
    total: int
    acknowledged: Answer | None = None
    resolved: Answer | None = None


def list_alerts(ask: Ask, query: WantedAlerts) -> Page[AlertRow]:
    """List alerts, those that began last first."""
    broken: list[RatchetError] = []
    found = read_alerts(ask.app.store, everything=query.state == "resolved", tell=broken.append)
    shown = [
        row(alert)
        for alert in found
        if query.state in (None, alert.state) and query.severity in (None, alert.severity)
    ]
    return page_of_list(
        ask, query, Page[AlertRow], shown, lambda x: (-micros(x.first_seen), x.id), broken
    )


def get_alert(ask: Ask, id: str) -> AlertRow:
    """Return one alert, with its evidence and the command that shows more."""
    return row(read_alert(ask.app.store, id))


def ack(ask: Ask, id: str, body: Acknowledgement) -> AlertRow:
    """Say that somebody sees to an alert; it opens again when it is worse."""
    app = ask.app
    return row(ack_alert(app.store, app.keys, ask.actor, id, note=body.note, now=ask.now))


def resolve(ask: Ask, id: str, body: AlertEnd) -> AlertRow:
    """Say that an alert is over; if it comes back, another episode of it begins."""
    app = ask.app
    return row(resolve_alert(app.store, app.keys, ask.actor, id, reason=body.reason, now=ask.now))


def row(alert: Alert) -> AlertRow:
    """Return an alert as it is shown: without what the sinks were told of it."""
    shown = {name: getattr(alert, name) for name in AlertRow.model_fields if name != "id"}
    return AlertRow(**shown, id=alert.key())


ROUTES = (
    Route("GET", "/v1/alerts", list_alerts, Page[AlertRow], query=WantedAlerts),
    Route("GET", "/v1/alerts/{id}", get_alert, AlertRow),
    Route("POST", "/v1/alerts/{id}/ack", ack, AlertRow, body=Acknowledgement),
    Route("POST", "/v1/alerts/{id}/resolve", resolve, AlertRow, body=AlertEnd),
)

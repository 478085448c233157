"""What sinks tell of an alert: plain words, and the command that shows the evidence.

The evidence itself stays at home: it may hold what a person sent, and a webhook is elsewhere.
"""

from typing import Any

from ratchet.govern.alerts.alert import Alert
from ratchet.govern.sinks.sink import telling_id
from ratchet.kernel.clock import millis

LONGEST = 1000  # characters of a text; a part of a message has room for 1,024 or more
STATES = {"open": "opened", "acknowledged": "acknowledged", "resolved": "resolved"}


def told(alert: Alert) -> dict[str, Any]:
    """Return an alert in plain values; instants are milliseconds."""
    answer = {"acknowledged": alert.acknowledged, "resolved": alert.resolved}.get(alert.state)
    found = {
        "id": telling_id(alert),
        "alert": alert.key(),
        "what": alert.what,
        "subject": clip(alert.subject),
        "severity": alert.severity,
        "state": alert.state,
        "episode": alert.episode,
        "text": clip(alert.text),
        "command": evidence_command(alert),
        "count": alert.count,
        "firstSeen": millis(alert.first_seen),
        "lastSeen": millis(alert.last_seen),
    }
    if answer is not None:
        found |= {"by": answer.by, "note": clip(answer.note)}
    return found


def headline(alert: Alert) -> str:
    """Return an alert in one line.

    >>> from datetime import UTC, datetime
    >>> from ratchet.govern.alerts.alert import alert
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> full = alert("full", "disk", "critical", "the disk is full", now=noon)
    >>> headline(full)
    'critical, opened: the disk is full'
    """
    again = " again" if alert.episode > 1 and alert.state == "open" else ""
    return f"{alert.severity}, {STATES[alert.state]}{again}: {clip(alert.text)}"


def evidence_command(alert: Alert) -> str:
    """Return the command that shows the evidence; where it has none, the one that shows it."""
    return clip(alert.command or f"ratchet alerts show {alert.key()}")


def clip(text: str) -> str:
    """Return the beginning of a text that is too long to be told."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."

"""Alerts: what they are, and how they are raised, counted, answered and cleared."""

from ratchet.govern.alerts.alert import Alert, Severity, alert, counted
from ratchet.govern.alerts.life import clear_alert, find_alert, raise_alert, resolve_quiet

__all__ = [
    "Alert",
    "Severity",
    "alert",
    "clear_alert",
    "counted",
    "find_alert",
    "raise_alert",
    "resolve_quiet",
]

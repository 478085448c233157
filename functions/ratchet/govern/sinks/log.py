"""Log sink: a structured line, on which whoever gathers the logs can act."""

import logging

from ratchet.govern.alerts.alert import Alert, Severity
from ratchet.govern.sinks.sink import Outlets
from ratchet.govern.sinks.told import headline, told
from ratchet.kernel.document import Model

LEVELS: dict[Severity, int] = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "critical": logging.ERROR,
}


class LogSettings(Model):
    """A log takes no settings."""


def tell(settings: LogSettings, alert: Alert, outlets: Outlets) -> None:
    """Write one line, without who said what; what is over or seen to is no warning any more."""
    level = LEVELS[alert.severity] if alert.state == "open" else logging.INFO
    fields = {name: value for name, value in told(alert).items() if name not in ("by", "note")}
    outlets.log(level, f"alert {headline(alert)}", alert=fields)

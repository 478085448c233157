"""CloudEvents sink: each turn of an alert is an event, as structured JSON over HTTP."""

import json
from typing import Annotated, Any

from pydantic import StringConstraints

from ratchet.govern.alerts.alert import Alert
from ratchet.govern.sinks.sink import Outlets, Post, Variable, require_taken, telling_id
from ratchet.govern.sinks.told import STATES, told
from ratchet.kernel.document import Model

MEDIA = "application/cloudevents+json"
TYPE = "dev.ratchet.alert"


class CloudEventsSettings(Model):
    """Where to, as the name of an environment variable, and what the events say they come from.

    `keyEnv` names a bearer token.
    """

    url_env: Variable
    key_env: Variable | None = None
    source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,200}$")] = "ratchet"


def tell(settings: CloudEventsSettings, alert: Alert, outlets: Outlets) -> None:
    """Send one event.

    Raises: Misconfigured, Unavailable, Refused.
    """
    url = outlets.secret(settings.url_env)
    headers = {"Content-Type": MEDIA}
    if settings.key_env:
        headers["Authorization"] = f"Bearer {outlets.secret(settings.key_env)}"
    body = json.dumps(event(alert, settings.source)).encode()
    require_taken(outlets.post(Post(url, headers, body)))


def event(alert: Alert, source: str) -> dict[str, Any]:
    """Return the event; source and id name one turn of one alert, however often it is sent.

    Source: CloudEvents 1.0.2, JSON event format.
    """
    return {
        "specversion": "1.0",
        "id": telling_id(alert),
        "source": source,
        "type": f"{TYPE}.{STATES[alert.state]}",
        "subject": alert.key(),
        "time": (alert.turned_at or alert.last_seen).isoformat(),
        "datacontenttype": "application/json",
        "data": told(alert),
    }

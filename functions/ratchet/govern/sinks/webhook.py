"""Webhook sink: one POST in the shape that Slack, PagerDuty or a program of one's own takes."""

import json
from typing import Literal, Self, get_args

from pydantic import model_validator

from ratchet.govern.alerts.alert import Alert
from ratchet.govern.sinks.shapes import PAGERDUTY_URL, pagerduty, slack
from ratchet.govern.sinks.sink import Outlets, Post, Variable, require_taken
from ratchet.govern.sinks.told import told
from ratchet.kernel.document import Model

Shape = Literal["slack", "pagerduty", "json"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


class WebhookSettings(Model):
    """Where to, as the names of environment variables: the secrets themselves are not kept.

    `urlEnv` names the address (PagerDuty's is known), `keyEnv` PagerDuty's routing key, or with
    `json` a bearer token.
    """

    shape: Shape = "json"
    url_env: Variable | None = None
    key_env: Variable | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.shape == "pagerduty" and self.key_env is None:
            raise ValueError("pagerduty wants keyEnv: the variable of the routing key")
        if self.shape != "pagerduty" and self.url_env is None:
            raise ValueError(f"{self.shape} wants urlEnv: the variable of the address")
        if self.shape == "slack" and self.key_env is not None:
            raise ValueError("slack takes no keyEnv: its address is the secret")
        return self


def tell(settings: WebhookSettings, alert: Alert, outlets: Outlets) -> None:
    """Send one request.

    Raises: Misconfigured, Unavailable, Refused.
    """
    url = outlets.secret(settings.url_env) if settings.url_env else PAGERDUTY_URL
    key = outlets.secret(settings.key_env) if settings.key_env else ""
    headers = {"Content-Type": "application/json"}
    if settings.shape == "slack":
        body = slack(alert)
    elif settings.shape == "pagerduty":
        body = pagerduty(alert, key)
    else:
        body = told(alert)
        if key:
            headers["Authorization"] = f"Bearer {key}"
    require_taken(outlets.post(Post(url, headers, json.dumps(body).encode())))

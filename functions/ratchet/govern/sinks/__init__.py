"""The registry of sinks: one file, one line here, its name in `alerts.settings`, one test."""

from collections.abc import Mapping

from ratchet.govern.sinks import cloudevents, log, webhook
from ratchet.govern.sinks.sink import Kind

SINKS: Mapping[str, Kind] = {
    "log": Kind(log.LogSettings, log.tell),
    "webhook": Kind(webhook.WebhookSettings, webhook.tell),
    "cloudevents": Kind(cloudevents.CloudEventsSettings, cloudevents.tell),
}

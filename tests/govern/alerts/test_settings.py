"""`config/alerts`: sinks by name, strictly, and no secret in it."""

from typing import Any

import pytest

from ratchet.govern.alerts.settings import AlertSettings
from ratchet.kernel.errors import InvalidConfig


def sinks(**spec: Any) -> dict[str, Any]:
    return {"sinks": {"ops": spec}}


def test_without_a_document_alerts_go_to_the_log() -> None:
    assert {name: spec.kind for name, spec in AlertSettings().sinks.items()} == {"log": "log"}
    assert AlertSettings().resolve_after.total_seconds() == 72 * 3600


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (sinks(kind="mail"), "sinks.ops.kind"),
        (sinks(kind="log", settings={"url": "x"}), "settings.url"),
        (sinks(kind="webhook"), "json wants urlEnv"),
        (sinks(kind="webhook", settings={"shape": "pagerduty"}), "pagerduty wants keyEnv"),
        (sinks(kind="webhook", settings={"urlEnv": "https://x/y"}), "urlEnv"),
        (sinks(kind="webhook", settings={"urlEnv": "RATCHET_KEY"}), "urlEnv"),
        (sinks(kind="cloudevents", settings={"urlEnv": "PATH"}), "urlEnv"),
        (
            sinks(
                kind="webhook",
                settings={
                    "shape": "slack",
                    "urlEnv": "RATCHET_ALERT_A",
                    "keyEnv": "RATCHET_ALERT_B",
                },
            ),
            "slack takes no keyEnv",
        ),
        (sinks(kind="log", minSeverity="bad"), "minSeverity"),
        ({"rules": {"version-proposed": {"opensAfter": 2}}}, "rules.version-proposed.opensAfter"),
        (
            {"rules": {"rollout-promoted": {"closes": 0}}},
            "rules.rollout-promoted.closes: a rule on",
        ),
        ({"sinks": {"No Name": {"kind": "log"}}}, "sinks"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        AlertSettings.parse(data)
    assert told in f"{caught.value.field} {caught.value.message}"

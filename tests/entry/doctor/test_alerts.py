"""Alerts: those of the last day that nobody sees to, the critical ones first."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.alerts.answer import ack_alert
from ratchet.store.port import Ref, Store
from tests.support.examined import case, found
from tests.support.google import NOON
from tests.support.governed import ADA, KEYS

HOUR = timedelta(hours=1)


def alarm(
    store: Store, severity: Any, hours_ago: float, text: str = "bad", command: str = ""
) -> None:
    at = NOON - hours_ago * HOUR
    raise_alert(store, alert(text, severity, severity, text, now=at, command=command))


def test_no_alert_is_well(store: Store) -> None:
    assert found("alerts", case(store)) == [("ok", "none within a day", "")]


@pytest.mark.parametrize(
    ("severity", "told"), [("critical", "error"), ("warning", "warning"), ("info", "ok")]
)
def test_an_alert_counts_by_its_severity_for_a_day_and_an_hour(
    embedded: Store, severity: str, told: str
) -> None:
    alarm(embedded, severity, 26, "old")
    assert [s for s, *_ in found("alerts", case(embedded))] == ["ok"]
    alarm(embedded, severity, 24.5, "new")
    assert [s for s, *_ in found("alerts", case(embedded))] == [told]


def test_the_newest_is_shown_with_the_command_that_mends_it(store: Store) -> None:
    alarm(store, "critical", 3, "older", "ratchet seed")
    alarm(store, "critical", 2, "newer", "ratchet audit verify")
    alarm(store, "warning", 1, "small")
    assert found("alerts", case(store)) == [
        ("error", "2 critical; the newest: newer", "ratchet audit verify"),
        ("warning", "1 to see to; the newest: small", "ratchet alerts"),
    ]
    alarm(store, "critical", 0, "without")
    assert found("alerts", case(store))[0][2] == "ratchet alerts"


def test_what_somebody_sees_to_or_is_over_is_well(embedded: Store) -> None:
    for text in ("seen-to", "over"):
        alarm(embedded, "critical", 1, text)
    ack_alert(embedded, KEYS, ADA, "seen-to~critical", note="on it", now=NOON)
    clear_alert(embedded, "over", "critical", now=NOON)
    assert found("alerts", case(embedded)) == [("ok", "none within a day", "")]


def test_one_that_does_not_parse_is_told_beside_the_others(embedded: Store) -> None:
    embedded.set(Ref("ops_alerts", "bad"), {"v": 1, "what": 7})
    alarm(embedded, "critical", 1)
    assert [s for s, *_ in found("alerts", case(embedded))] == ["error", "warning"]

"""The callables of alerts: an admin says that somebody sees to one, or that it is over."""

from ratchet.govern.alerts import raise_alert
from ratchet.store.port import Store
from tests.support.functions import Functions
from tests.support.governed import alerts, entries
from tests.support.sinks import full


def test_an_admin_answers_an_alert_by_name_and_with_a_reason(
    governed: Store, functions: Functions
) -> None:
    raise_alert(governed, full())
    said = {"alert": "full~disk", "note": "on it"}
    assert functions.call("acknowledge_alert", said).result["state"] == "acknowledged"
    twice = functions.call("acknowledge_alert", said)
    assert (twice.status, twice.error["details"]["field"]) == (400, "state")
    over = {"alert": "full~disk", "reason": "made room"}
    assert functions.call("resolve_alert", over).result["resolved"]["note"] == "made room"
    assert [a.state for a in alerts(governed)] == ["resolved"]
    acted = [e.action for e in entries(governed, "config")]
    assert acted[-2:] == ["acknowledge_alert", "resolve_alert"]


def test_a_reason_is_wanted(governed: Store, functions: Functions) -> None:
    raise_alert(governed, full())
    answer = functions.call("acknowledge_alert", {"alert": "full~disk", "note": ""})
    assert (answer.status, answer.error["details"]["field"]) == (400, "note")
    assert [a.state for a in alerts(governed)] == ["open"]

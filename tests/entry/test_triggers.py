"""The triggers: what they log, and under which trace; their events are in `tests/contracts`."""

import json
import logging
from typing import Any

import pytest

from ratchet.entry import triggers
from ratchet.entry.logs import TRACE, JsonLines
from ratchet.entry.triggers import (
    Trigger,
    approval_edited,
    config_edited,
    policy_edited,
    replay_edited,
    rollout_edited,
    verdict_edited,
)
from ratchet.kernel.errors import ChainBroken
from ratchet.store.port import Ref, Store
from tests.support.cloud_events import attributes, binary, document, text, told
from tests.support.functions import Functions
from tests.support.governed import POLICY, alerts

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PATH = f"ops_policies/{POLICY}@1.0.2"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged, as the lines that production writes."""
    caplog.handler.setFormatter(JsonLines())
    caplog.set_level(logging.INFO)
    return caplog


def event(path: str = PATH, **changes: str) -> Any:
    """Return the event of an edit of which the store knows nothing."""
    given = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"} | changes
    secret = document(path, notes=text("a secret of hers"))
    return binary(attributes(path, **given), told(secret, secret))


def test_a_decision_is_logged_with_its_trace_and_without_the_document_or_who_wrote(
    governed: Store, functions: Functions, lines: pytest.LogCaptureFixture
) -> None:
    policy_edited(event(authid="ada@example.com"))
    line = json.loads(lines.text.splitlines()[-1])
    assert (line["function"], line["decision"]) == ("policy_edited", "consistent")
    assert line["logging.googleapis.com/trace"].endswith(TRACE_ID)
    assert "secret" not in lines.text
    assert "ada@" not in lines.text
    assert TRACE.get() == ""


def test_an_edit_that_can_never_be_judged_is_logged_as_an_error_with_its_code(
    governed: Store,
    functions: Functions,
    lines: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise ChainBroken("a secret of hers")

    monkeypatch.setattr(triggers, "guard_config", failing)
    config_edited(event("config/flags"))
    line = json.loads(lines.text.splitlines()[-1])
    assert (line["severity"], line["code"]) == ("ERROR", "RATCHET-3005")
    assert (line["exception"], line["function"]) == ("ChainBroken", "config_edited")
    assert "secret" not in lines.text


def test_a_trace_ends_with_its_event_even_if_that_fails(
    governed: Store, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        assert TRACE.get() == TRACE_ID
        raise KeyError("x")

    monkeypatch.setattr(triggers, "guard_policy", failing)
    with pytest.raises(KeyError):
        policy_edited(event())
    assert TRACE.get() == ""


@pytest.mark.parametrize(
    ("trigger", "collection"),
    [
        (rollout_edited, "ops_rollouts"),
        (verdict_edited, "ops_verdicts"),
        (approval_edited, "ops_approvals"),
        (replay_edited, "ops_replays"),
    ],
)
def test_what_was_created_by_hand_is_judged_as_what_it_says_it_is(
    store: Store, functions: Functions, trigger: Trigger, collection: str
) -> None:
    path = f"{collection}/nobody-r1"
    store.set(Ref(collection, "nobody-r1"), {"notes": "mine"})
    trigger(binary(attributes(path), told(None, document(path, notes=text("mine")))))
    assert store.get(Ref(collection, "nobody-r1")) is None
    assert [a.subject for a in alerts(store)] == [path]

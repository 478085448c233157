"""Events: what their data become, and which field is wrong with those refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.kernel.errors import Malformed
from tests.support.extracting import event, extract
from tests.support.observing import NOON

KNOWN: dict[str, Any] = {
    "runId": "r-9",
    "tenant": "acme",
    "policyVersion": "planner@1.0.0",
    "model": "gpt-4o",
    "durationMs": 12_500.0,
    "errors": 1,
    "retries": 2,
    "tokens": 900,
    "costUsd": 0.02,
    "quality": 4.0,
    "qualityScale": "1-5",
    "confidence": 0.9,
    "gradedBy": "judge:strict",
    "parents": ["a" * 64],
}


def test_what_an_event_tells_stands_in_its_example() -> None:
    one = extract("events", event(**KNOWN)).example
    facts, lineage = one.facts, one.lineage
    assert (one.task_id, one.component, one.tenant) == ("t-1", "planner", "acme")
    assert one.ts == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert (one.quality, one.confidence) == (75.0, 0.9)
    assert (facts.outcome, facts.duration_ms, facts.errors) == ("success", 12_500.0, 1)
    assert (facts.retries, facts.tokens, facts.cost_usd) == (2, 900, 0.02)
    assert (lineage.policy_version, lineage.model, lineage.run_id) == (
        "planner@1.0.0",
        "gpt-4o",
        "r-9",
    )
    assert (lineage.writer, lineage.vouched) == ("machine", ("judge:strict",))
    assert lineage.parents == ("a" * 64,)


def test_what_is_not_told_is_unknown_and_an_event_without_time_is_of_its_arrival() -> None:
    bare = event()
    del bare["time"]
    one = extract("events", bare).example
    assert (one.quality, one.confidence, one.lineage.vouched) == (None, None, ())
    assert (one.facts.duration_ms, one.ts) == (None, NOON)


def test_a_quality_that_nobody_is_named_for_is_the_authors_own_word() -> None:
    told = extract("events", event(quality=80, qualityScale="0-100")).example
    assert (told.quality, told.lineage.vouched) == (80.0, ("self",))


def test_trace_and_plan_are_steps_in_the_order_of_plan_and_work() -> None:
    plan = [{"text": "look it up", "ok": True}, {"text": "answer"}]
    content = extract("events", event(plan=plan)).content
    assert [(s.kind, s.text, s.ok) for s in content.steps] == [
        ("plan", "look it up", True),
        ("plan", "answer", None),
        ("call", '{"to":"Leeds"}', None),
        ("result", "06:12", True),
    ]


def test_a_planning_is_answered_by_its_plan_where_it_has_no_output() -> None:
    plan = [{"text": "pack"}, {"text": "go"}]
    told = extract("events", event("planning.completed", plan=plan, output=None))
    assert told.content.output == "1. pack\n2. go"
    assert told.example.task_type == "planning"
    assert "plan" not in {step.kind for step in told.content.steps}
    said = extract("events", event("planning.completed", plan=plan, output="Pack, go."))
    assert said.content.output == "Pack, go."
    assert [s.kind for s in said.content.steps] == ["plan", "plan", "call", "result"]


def test_extensions_of_an_event_are_passed_over_and_unknown_data_are_not() -> None:
    extract("events", event() | {"traceparent": "00-1", "subject": "x"})
    with pytest.raises(Malformed, match="did you mean durationMs") as raised:
        extract("events", event(durationMS=3.0))
    assert raised.value.field == "data.durationMS"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": None}, "data.input"),
        ({"input": "  "}, "input"),
        ({"outcome": "won"}, "data.outcome"),
        ({"outcome": None}, "data.outcome"),
        ({"taskId": 7}, "data.taskId"),
        ({"taskId": "t" * 301}, "data.taskId"),
        ({"durationMs": -1.0}, "data.durationMs"),
        ({"durationMs": "12"}, "data.durationMs"),
        ({"trace": [{"kind": "thought", "text": "x"}]}, "data.trace.0.kind"),
        ({"trace": {}}, "data.trace"),
        ({"plan": [{"text": ""}]}, "data.plan.0.text"),
        ({"quality": 4.0}, "data"),
        ({"confidence": 0.5}, "data"),
        ({"quality": 7.0, "qualityScale": "1-5"}, "data.quality"),
        ({"quality": 4.0, "qualityScale": "1-10"}, "data.qualityScale"),
        ({"quality": 1.0, "qualityScale": "0-1", "gradedBy": "my boss"}, "data.gradedBy"),
        ({"parents": ["me"]}, "data.parents.0"),
    ],
)
def test_wrong_data_are_malformed_by_their_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as raised:
        extract("events", event(**changes))
    assert (raised.value.field, raised.value.code) == (field, "RATCHET-7101")
    assert raised.value.mend


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("type", "execution.started"),
        ("time", "noon"),
        ("time", "2026-03-01T08:00:00"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("id", ""),
    ],
)
def test_wrong_attributes_are_malformed_by_their_name(attribute: str, value: str) -> None:
    with pytest.raises(Malformed) as raised:
        extract("events", event() | {attribute: value})
    assert raised.value.field == attribute

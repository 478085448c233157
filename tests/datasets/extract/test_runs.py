"""Runs: their words, how they went, and who says how good they are."""

from typing import Any

import pytest

from ratchet.datasets.example import Example
from ratchet.kernel.errors import Malformed, Poisoned
from ratchet.observe.run_totals import RunObserved
from ratchet.stats.moments import Moments
from tests.support.extracting import extract, run
from tests.support.labelled import label
from tests.support.observing import NOON


def of(**changes: Any) -> Example:
    return extract("runs", run(**changes)).example


QAV = [{"check": "facts", "passed": True}, {"check": "tone", "passed": False}]


def test_a_run_is_of_its_time_component_and_policy_version() -> None:
    report = {"policyVersion": "planner@2.0.0", "tenant": "acme", "models": ["m-1"]}
    one = of(report=report)
    assert (one.ts, one.component, one.tenant) == (NOON, "planner", "acme")
    assert (one.lineage.policy_version, one.lineage.run_id) == ("planner@2.0.0", "r1")
    assert (one.lineage.model, one.lineage.writer) == ("m-1", "machine")


def test_all_models_of_a_run_are_in_its_lineage() -> None:
    assert of(report={"models": ["m-1", "m-2"]}).lineage.model == "m-1+m-2"
    with pytest.raises(Malformed) as raised:
        of(report={"models": ["m" * 100, "n" * 100]})
    assert raised.value.field == "run.models"


def test_runs_of_one_input_are_repeats_whatever_the_space_in_it() -> None:
    assert of(input="Sum  up\nit.").task_id == of(input="Sum up it. ").task_id
    assert of(input="Sum up it.").task_id != of(input="Sum up that.").task_id


def test_quality_is_peoples_word_before_verifications_before_the_loss() -> None:
    loss: dict[str, Any] = {"loss": 0.3}
    checked = loss | {"report": {"qav": QAV}}
    graded = checked | {"labels": [label("r1", "good", value=0.9, confidence=80.0).to_map()]}
    assert [of(**told).quality for told in ({}, loss, checked, graded)] == [None, 70.0, 50.0, 90.0]
    assert [of(**told).confidence for told in (loss, checked, graded)] == [None, 0.5, 0.8]


def test_checks_people_and_gates_vouch_by_name() -> None:
    gated = {"gates": {"tests": "passed", "lint": "skipped"}, "qav": QAV}
    one = of(report=gated, labels=[label("r1").to_map()])
    assert one.lineage.vouched == ("check", "judge:facts", "person")
    assert of(report=gated).confidence == 1.0
    assert of(report={"gates": {"tests": "passed", "lint": "failed"}}).lineage.vouched == ()
    assert [(g.source, g.label, g.value) for g in one.labels] == [("desk", "good", 1.0)]


def test_a_loss_beyond_its_range_is_no_quality_beyond_it() -> None:
    assert (of(loss=-0.5).quality, of(loss=1.5).quality) == (100.0, 0.0)


def test_how_it_went_is_the_runs_word_and_else_the_sum_of_its_observations() -> None:
    sums = RunObserved(
        n=3,
        errors={"quota": 2},
        retries=4,
        tokens_in=100,
        tokens_out=20,
        cost=Moments(n=3, w=3, wx=2_500_000_000, wxx=10**60),
    )
    facts = of(observed=sums.to_map(), report={"durationMs": 9000.0}).facts
    assert (facts.errors, facts.retries, facts.tokens) == (2, 4, 120)
    assert (facts.cost_usd, facts.duration_ms, facts.outcome) == (2.5, 9000.0, "success")
    assert of(observed=sums.to_map(), report={"costUsd": 1.0}).facts.cost_usd == 1.0
    alone = of(report={"errorCode": "quota"}).facts
    assert (alone.errors, alone.tokens, alone.cost_usd) == (1, None, None)


def test_what_the_traces_say_are_its_steps_in_their_order() -> None:
    said = '{"messages": [{"role": "assistant", "content": "Hm."}]}'
    steps = extract("runs", run(traces=["started", said])).content.steps
    assert [(s.role, s.text) for s in steps] == [("trace", "started"), ("assistant", "Hm.")]


def test_a_trace_that_hides_poison_is_named_by_its_number() -> None:
    with pytest.raises(Poisoned) as raised:
        of(traces=["fine", "[" * 100_000])
    assert raised.value.field == "traces.1"
    with pytest.raises(Poisoned, match="surrogate"):
        of(traces=['["\\ud83d"]'])


def test_a_run_without_an_input_is_malformed() -> None:
    with pytest.raises(Malformed) as raised:
        of(input="")
    assert raised.value.field == "input"

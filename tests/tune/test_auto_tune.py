"""Auto-tune: from recorded observations to a draft, or to a reason why not."""

from datetime import timedelta

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.govern.flags import Flags
from ratchet.policies.activate import reject
from ratchet.policies.propose import propose
from ratchet.policies.version import COLLECTION, PolicyVersion
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    PARAMS,
    POLICY,
    SPACE,
    WEIGHTS,
    alerts,
    assert_agreement,
    entries,
    head_of,
    statuses,
    stored,
    switch_flags,
)
from tests.support.observing import NOON
from tests.support.tuning import ACTIVE, Loop, loop, weights_of


def test_100_failures_of_one_model_lead_to_a_draft_that_moves_its_weight_down(
    store: Store,
) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    made = it.drafted()
    assert weights_of(made)["gpt-5"] < 0.6 - 0.1
    assert sum(weights_of(made).values()) == pytest.approx(1)
    assert (made.status, made.change_class, made.parent) == ("draft", "allocation", ACTIVE)
    assert made.created_by == "auto_tune_policies"
    assert head_of(store).active == "1.0.0"
    assert_agreement(store)


def test_100_failures_beside_models_that_do_well_move_its_weight_down(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    it.report("gemini", 42)
    it.report("claude", 25)
    found = weights_of(it.drafted())
    assert found["gpt-5"] == pytest.approx(0.4)  # one step of the envelope
    assert found["gemini"] > 0.25
    assert found["claude"] > 0.15


def test_with_the_switch_off_there_is_no_draft(store: Store) -> None:
    it = loop(store, enabled=False)
    it.report("gpt-5", 100, ok=False)
    outcome = it.tune()
    assert (outcome.decision, outcome.reasons) == ("passed", ("learning is switched off",))
    assert statuses(store) == {"1.0.0": "active"}


@pytest.mark.parametrize("seconds", [0, 15])
def test_the_switch_stops_a_process_that_has_seen_it_on(store: Store, seconds: int) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    assert it.worker.reader.read(Flags).learning.enabled
    switch_flags(store, enabled=False)
    it.worker.later(timedelta(seconds=seconds))
    assert "learning is switched off" in it.tune().reasons[0]
    assert statuses(store) == {"1.0.0": "active"}


def test_flags_that_are_gone_mean_off(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    store.delete(Ref("config", "flags"))
    assert it.tune().decision == "passed"
    assert statuses(store) == {"1.0.0": "active"}


def test_too_little_evidence_proposes_nothing_and_says_why(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 29, ok=False)
    outcome = it.tune()
    assert (outcome.decision, outcome.version) == ("passed", None)
    assert outcome.reasons == (
        "latencyTargetMs: 0 known values, 200 wanted",
        "modelWeights: 29 randomised draws in the window, 30 of an arm wanted",
    )
    assert alerts(embedded) == []


def test_a_draft_carries_its_reasons_gain_and_sources(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    it.report("gemini", 100)
    why = it.drafted().proposal
    assert why is not None
    assert (why.tuner, why.window_hours) == ("weights", 24)
    assert why.reasons[0].startswith("gemini 0.250 -> ")
    assert why.expected_gain is not None
    assert why.gain_low is not None
    assert why.gain_high is not None
    assert 0 < why.gain_low < why.expected_gain < why.gain_high
    assert why.buckets == tuple(
        f"router:{arm}~{ACTIVE}~1~2026031012~0" for arm in ("gemini", "gpt-5")
    )
    for bucket in why.buckets:
        assert embedded.get(Ref("ops_buckets", bucket)) is not None
    assert entries(embedded)[-1].reason == "; ".join(why.reasons)


def test_the_same_inputs_give_the_same_proposal(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    first = it.drafted()
    it.worker.later(timedelta(minutes=1))
    it.reader_of_a_new_process()
    assert it.drafted() == first
    assert len(entries(store)) == 3
    other = loop_on_a_copy(it, first)
    assert other.to_wire() == first.to_wire()


def loop_on_a_copy(it: Loop, first: PolicyVersion) -> PolicyVersion:
    """Take the draft away with its audit, and let auto-tune make it again at the same instant."""
    entry = entries(it.store)[-1]
    head, before = head_of(it.store), entries(it.store)[-2]
    it.store.delete(Ref(COLLECTION, first.key()))
    it.store.delete(Ref("ops_audit", entry.key()))
    back = {"audit_sequence": before.sequence, "audit_hash": before.hash}
    changes = back | {"drafts": (), "latest": "1.0.0"}
    reset = head.model_copy(update=changes)
    it.store.set(Ref("ops_policy_heads", POLICY), reset.to_map())
    it.worker.clock.now = first.created_at
    it.reader_of_a_new_process()
    return it.drafted()


def test_new_evidence_supersedes_the_open_draft(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    it.tune()
    it.report("gemini", 60)
    assert it.tune().version == "1.0.2"
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "rejected", "1.0.2": "draft"}
    assert_agreement(store)


def test_what_the_gates_say_of_a_draft_is_what_became_of_it(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    outcome = it.tune()
    assert (outcome.decision, outcome.version) == ("proposed", "1.0.1")
    assert outcome.gates == (f"{POLICY}@1.0.1 stays",)
    assert "gpt-5 0.600 -> 0.400" in " ".join(outcome.reasons)


def test_a_draft_that_stands_is_handed_on_again_each_time(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    first = it.tune()
    it.worker.later(timedelta(minutes=30))
    assert it.tune() == first


@pytest.mark.parametrize(("hours", "decision"), [(23, "passed"), (25, "proposed")])
def test_what_was_rejected_is_not_proposed_again_within_a_day(
    embedded: Store, hours: int, decision: str
) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    made = it.drafted()
    reject(embedded, KEYS, ADA, POLICY, made.version, now=it.worker.clock(), reason="no")
    it.worker.later(timedelta(hours=hours))
    it.report("gpt-5", 100, ok=False)
    outcome = it.tune()
    assert outcome.decision == decision
    if decision == "passed":
        assert outcome.reasons == (f"{POLICY}@1.0.1 says the same, and was rejected",)


def test_other_evidence_than_of_what_was_rejected_is_proposed_at_once(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 40, ok=False)
    made = it.drafted()
    reject(embedded, KEYS, ADA, POLICY, made.version, now=it.worker.clock(), reason="no")
    it.report("gpt-5", 60, ok=False)
    it.report("claude", 100)
    assert it.tune().version == "1.0.2"


def test_history_that_a_change_cut_off_is_not_in_the_window_that_a_draft_names(
    embedded: Store,
) -> None:
    it = loop(embedded)
    for good, bad in (("gpt-5", "gemini"), ("gemini", "gpt-5")):
        for _ in range(2):
            it.report(good, 300)
            it.report(bad, 300, ok=False)
            it.worker.later(timedelta(hours=1))
    it.worker.roll()
    why = it.drafted().proposal
    assert why is not None
    assert why.window_hours == 3  # the two hours since the change, and the one that runs


def test_targets_and_weights_become_one_draft(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False, durationMs=2900.0)
    it.report("gemini", 200, durationMs=2900.0)
    made = it.drafted()
    assert made.proposal is not None
    assert made.proposal.tuner == "targets+weights"
    assert made.params["latencyTargetMs"] == pytest.approx(2900, rel=0.01)
    assert weights_of(made)["gpt-5"] < WEIGHTS["gpt-5"]
    assert made.params["fallbackOn"] == PARAMS["fallbackOn"]


def test_a_policy_in_a_rollout_is_frozen(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    head = head_of(embedded).model_copy(update={"rollout": "r1"})
    embedded.set(Ref("ops_policy_heads", POLICY), head.to_map())
    assert it.tune().reasons == ("frozen while rollout r1 runs",)


def test_a_policy_without_an_envelope_is_left_alone(embedded: Store) -> None:
    it = loop(embedded, space={})
    it.report("gpt-5", 100, ok=False)
    assert it.tune().reasons == ("the version has no tuning space",)


def test_a_policy_that_cannot_be_tuned_does_not_keep_the_others_waiting(store: Store) -> None:
    it = loop(store)
    propose(store, KEYS, ADA, "a-broken-one", PARAMS, now=NOON, reason="x", tuning_space=SPACE)
    from_there = stored(store, "1.0.0") | {"id": "a-broken-one", "status": "active"}
    store.set(Ref(COLLECTION, "a-broken-one@1.0.0"), from_there)
    head = head_of(store).model_copy(update={"id": "a-broken-one"})
    store.set(Ref("ops_policy_heads", "a-broken-one"), head.to_map())
    it.report("gpt-5", 100, ok=False)
    found = {outcome.policy: outcome for outcome in it.all()}
    assert found[POLICY].decision == "proposed"
    assert found["a-broken-one"].reasons == ("a-broken-one@1.0.0 is not what was signed",)
    about = [a for a in alerts(store) if a.what == "tuning-failed"]
    assert [(a.subject, a.command) for a in about] == [
        ("a-broken-one", "ratchet policy show a-broken-one")
    ]
    assert verify_audit(store, KEYS, POLICY).valid


def test_a_head_that_does_not_parse_raises_an_alert_and_keeps_nobody_waiting(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    store.set(Ref("ops_policy_heads", "broken"), {"a": 1})
    found = {outcome.policy: outcome for outcome in it.all()}
    assert found[POLICY].decision == "proposed"
    assert found["broken"].decision == "passed"
    assert "ops_policy_heads/broken" in found["broken"].reasons[0]
    assert "broken" in {alert.subject for alert in alerts(store)}

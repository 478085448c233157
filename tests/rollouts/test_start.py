"""Starting rollouts: by whom, of what, along which gates, and at once with head and audit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import (
    AlreadyExists,
    BadSignature,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Refused,
)
from ratchet.observe.epochs import current_epoch
from ratchet.policies.activate import reject
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.profile import PROFILES
from ratchet.store.port import Query, Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    ROBOT,
    SECOND,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    statuses,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import (
    SALT,
    asked,
    begin,
    behaving,
    by_gates,
    finish,
    reader_of,
    ready,
    start,
)

EVE = Actor(name="eve", kind="person", role="service")
TWO = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}


def set_gates(store: Store, **fields: Any) -> None:
    store.set(Ref("config", "gates"), {"v": 1} | fields)


def test_a_start_writes_rollout_head_statuses_and_audit_together(store: Store) -> None:
    ready(store)
    started = begin(store, steps=(0.1, 0.5), outcomeWindowHours=2.0, latencyObjectiveMs=800.0)
    assert (started.champion, started.arms, started.step) == (f"{POLICY}@1.0.0", ("1.0.1",), 0)
    assert (started.salt, started.state, started.started_at) == (SALT, "running", NOON)
    assert (started.started_by, started.opened) == ("ada", (NOON,))
    watch = started.watch
    assert (watch.arms, watch.steps, watch.epoch) == (("control", "1.0.1"), 2, 1)
    assert (watch.outcome_window_hours, watch.latency_objective_ms) == (2.0, 800.0)
    assert get_rollout(store, started.id) == started
    head = head_of(store)
    assert (head.rollout, head.rollout_seal) == (started.id, started.seal)
    entry = entries(store)[-1]
    assert (entry.action, entry.id, entry.reason) == ("start_rollout", started.id, "try it")
    assert entry.evidence["challengers"] == {"1.0.1": f"{POLICY}@1.0.1"}
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "canary"}
    assert_agreement(store)


def test_a_change_of_behaviour_begins_in_the_shadow_and_keeps_the_gates_behind(
    store: Store,
) -> None:
    behaving(store)
    started = start(store, by_gates())
    assert (started.mode, started.steps) == ("shadow", ({"1.0.1": 1.0},))
    assert (started.gates, started.skipped) == (("canary", "approval"), ())
    assert (started.profile_name, started.profile) == ("significance", PROFILES["significance"])
    assert started.deadline == NOON + timedelta(days=7)
    assert statuses(store)["1.0.1"] == "shadow"
    assert entries(store)[-1].override is False
    assert_agreement(store)


def test_a_change_of_allocation_may_have_a_canary_before_its_gates(embedded: Store) -> None:
    ready(embedded)
    started = start(embedded, by_gates())
    assert (started.mode, started.gates) == ("canary", ("replay",))
    assert started.steps == ({"1.0.1": 0.1}, {"1.0.1": 0.5})


def test_one_version_of_behaviour_puts_all_on_the_road_of_behaviour(embedded: Store) -> None:
    behaving(embedded)
    draft(embedded, weights(0.5))
    assert start(embedded, by_gates(arms=TWO)).gates == ("canary", "approval")


def test_a_mode_that_leaves_gates_out_is_an_override_in_the_audit(store: Store) -> None:
    behaving(store)
    started = start(store, by_gates(mode="canary"))
    assert (started.gates, started.skipped) == (("approval",), ("shadow",))
    entry = entries(store)[-1]
    assert (entry.override, entry.evidence["skipped"]) == (True, ["shadow"])


def test_a_golden_set_that_is_not_frozen_is_told_and_no_override_is_advised(
    embedded: Store,
) -> None:
    behaving(embedded)
    rules = {"gates": ["golden", "canary"], "profile": "significance", "golden": "airline"}
    set_gates(embedded, behaviour=rules)
    with pytest.raises(Refused, match="gate golden: there is no golden set airline") as caught:
        start(embedded, by_gates())
    assert (caught.value.mend, "--mode" in str(caught.value)) == ("", False)


def test_the_mode_that_comes_first_anyway_overrides_nothing(embedded: Store) -> None:
    behaving(embedded)
    started = start(embedded, by_gates(mode="shadow"))
    assert (started.gates, started.skipped) == (("canary", "approval"), ())
    assert entries(embedded)[-1].override is False


def test_a_split_has_equal_parts_unless_shares_are_given(embedded: Store) -> None:
    behaving(embedded, drafts=3)
    three = TWO | {"c": f"{POLICY}@1.0.3"}
    started = start(embedded, by_gates(arms=three, mode="split"))
    assert started.steps == ({"a": 0.25, "b": 0.25, "c": 0.25},)
    finish(embedded, started.id)
    assert begin(embedded, arms=TWO, mode="split", steps=(0.4,)).steps == ({"a": 0.4, "b": 0.4},)


def test_several_in_a_canary_share_the_traffic_of_each_step(embedded: Store) -> None:
    behaving(embedded, drafts=2)
    started = start(embedded, by_gates(arms=TWO, mode="canary"))
    assert started.steps == ({"a": 0.05, "b": 0.05}, {"a": 0.25, "b": 0.25})
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "canary", "1.0.2": "canary"}


def test_a_policys_own_gates_and_profile_are_its_rules(embedded: Store) -> None:
    behaving(embedded)
    own = {"behaviour": {"gates": ["canary"], "profile": "cheaper-not-worse"}}
    set_gates(embedded, policies={POLICY: own})
    started = start(embedded, by_gates())
    assert (started.mode, started.gates) == ("canary", ())
    assert started.profile == PROFILES["cheaper-not-worse"]


def test_a_profile_is_named_and_pinned(embedded: Store) -> None:
    behaving(embedded)
    with pytest.raises(InvalidInput, match="there is no profile 'none'") as caught:
        start(embedded, by_gates(profile="none"))
    assert caught.value.field == "profile"
    started = start(embedded, by_gates(profile="champion-challenger"))
    set_gates(embedded, profiles={"champion-challenger": {"goal": {"metric": "cost"}}})
    assert get_rollout(embedded, started.id).profile == PROFILES["champion-challenger"]
    assert started.deadline == NOON + timedelta(days=14)


def test_a_gate_that_does_not_let_them_through_is_named_with_what_helps(embedded: Store) -> None:
    behaving(embedded)
    rules = {"gates": ["approval", "canary"], "profile": "significance"}
    set_gates(embedded, behaviour=rules)
    with pytest.raises(Refused, match=r"gate approval: .* want an approval") as caught:
        start(embedded, by_gates())
    assert caught.value.mend == f"ratchet approvals ask {POLICY} 1.0.1 --reason ..."
    assert head_of(embedded).rollout is None
    started = start(embedded, by_gates(mode="canary"))
    assert started.skipped == ("approval",)


def test_a_gate_that_cannot_give_evidence_is_passed_on_the_way_and_told(embedded: Store) -> None:
    behaving(embedded)
    set_gates(embedded, behaviour={"gates": ["replay", "canary"], "profile": "significance"})
    assert start(embedded, by_gates()).skipped == ()
    told = entries(embedded)[-1].evidence["gates"]
    assert told["replay"]["result"] == "not_asked"


def test_the_reward_epoch_of_the_start_is_pinned(embedded: Store) -> None:
    ready(embedded)
    assert current_epoch(embedded, reader_of(embedded), now=NOON).epoch == 1
    embedded.set(Ref("config", "reward_config"), {"v": 1, "weights": {"latency": 0.1}})
    assert begin(embedded).watch.epoch == 2


def test_a_latency_objective_is_the_champions_target_unless_one_is_given(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded)
    assert started.watch.latency_objective_ms == 2500
    finish(embedded, started.id)
    assert begin(embedded, latencyObjectiveMs=9.0).watch.latency_objective_ms == 9.0


def test_one_rollout_runs_for_a_policy_and_the_next_has_another_id(embedded: Store) -> None:
    ready(embedded)
    first = begin(embedded)
    with pytest.raises(Refused, match="runs already") as caught:
        begin(embedded)
    assert caught.value.mend == f"ratchet rollout abort {first.id} --reason ..."
    finish(embedded, first.id)
    second = begin(embedded, now=NOON + SECOND)
    assert [r.id for r in list_rollouts(embedded, POLICY)] == [first.id, second.id]
    assert [r.state for r in list_rollouts(embedded)] == ["ended", "running"]


def test_of_many_starts_at_once_one_wins(store: Store) -> None:
    ready(store)
    current_epoch(store, reader_of(store), now=NOON)

    def attempt(_: int) -> str | None:
        try:
            return begin(store).id
        except Refused:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [name for name in pool.map(attempt, range(8)) if name]
    assert won == [head_of(store).rollout]
    assert [s.ref.id for s in store.query(Query("ops_rollouts"))] == won
    assert_agreement(store)


@pytest.mark.parametrize("actor", [EVE, machine("tuner"), ROBOT])
def test_only_an_admin_who_is_a_person_starts(embedded: Store, actor: Actor) -> None:
    ready(embedded)
    with pytest.raises(Forbidden):
        begin(embedded, actor=actor)
    assert head_of(embedded).rollout is None


def test_a_person_says_why(embedded: Store) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        begin(embedded, reason=" ")
    assert caught.value.field == "reason"


def test_a_policy_and_its_champion_must_be_there(embedded: Store) -> None:
    with pytest.raises(NotFound, match="policy router-core does not exist"):
        begin(embedded)
    draft(embedded)
    with pytest.raises(Refused, match="no active version") as caught:
        begin(embedded)
    assert caught.value.field == "champion"


def test_challengers_must_be_there_as_they_were_signed(store: Store) -> None:
    lineage_of(store, 1)
    with pytest.raises(NotFound, match=r"router-core@1\.0\.1 does not exist"):
        begin(store)
    draft(store, weights(0.5))
    changed = stored(store, "1.0.1") | {"params": weights(0.1)}
    store.set(Ref(COLLECTION, f"{POLICY}@1.0.1"), changed)
    with pytest.raises(BadSignature):
        begin(store)
    assert head_of(store).rollout is None
    assert store.query(Query("ops_rollouts")) == []


@pytest.mark.parametrize(
    "arms", [{"control": f"{POLICY}@1.0.1"}, {"a": "other@1.0.1"}, {"a": f"{POLICY}@1"}]
)
def test_a_challenger_that_cannot_be_one_is_refused_as_bad_input(
    embedded: Store, arms: dict[str, str]
) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        start(embedded, by_gates(arms=arms))
    assert caught.value.field.startswith("challengers")


def test_a_rejected_version_is_not_tried(embedded: Store) -> None:
    ready(embedded)
    reject(embedded, KEYS, ADA, POLICY, "1.0.1", now=NOON, reason="worse")
    with pytest.raises(IllegalTransition, match="is rejected and cannot be tried"):
        begin(embedded)


def test_an_archived_version_may_be_tried_and_the_champions_own_only_in_an_aa(
    embedded: Store,
) -> None:
    lineage_of(embedded, 2)
    with pytest.raises(InvalidInput, match="the active version itself") as caught:
        begin(embedded, arms={"same": f"{POLICY}@1.0.1"})
    assert caught.value.mend == f"ratchet rollout aa {POLICY} --reason ..."
    with pytest.raises(InvalidInput, match="two challengers are the same version"):
        begin(embedded, arms={"a": f"{POLICY}@1.0.0", "b": f"{POLICY}@1.0.0"})
    started = begin(embedded, arms={"before": f"{POLICY}@1.0.0"})
    assert statuses(embedded) == {"1.0.0": "shadow", "1.0.1": "active"}
    finish(embedded, started.id)
    assert statuses(embedded) == {"1.0.0": "archived", "1.0.1": "active"}
    assert_agreement(embedded)


def test_a_head_that_went_back_in_time_overwrites_no_rollout(embedded: Store) -> None:
    ready(embedded)
    head = head_of(embedded)
    started = begin(embedded)
    embedded.set(Ref(head.collection, head.id), head.to_map())
    with pytest.raises(AlreadyExists, match="the head of router-core does not know it"):
        begin(embedded, salt="another salt, as random")
    assert get_rollout(embedded, started.id) == started


@pytest.mark.parametrize("hours", [-1.0, 721.0])
def test_an_outcome_window_is_up_to_30_days(embedded: Store, hours: float) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        begin(embedded, outcomeWindowHours=hours)
    assert caught.value.field == "outcomeWindowHours"


def test_a_start_with_the_kill_switch_off_is_a_persons_to_make(embedded: Store) -> None:
    ready(embedded)
    switch_flags(embedded, enabled=False)
    assert begin(embedded).state == "running"


def test_shares_that_no_rollout_can_have_are_refused(embedded: Store) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        start(embedded, asked(steps=(0.6,)))
    assert caught.value.field == "steps"

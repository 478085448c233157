"""Starting and ending rollouts: by whom, of what, and at once with head and audit."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.clock import ManualClock
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
from ratchet.policies.activate import reject, rollback
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.resolve import resolve
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.store.port import Query, Ref, Store
from ratchet.tune.auto_tune import auto_tune
from tests.support.console import Console
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    SECOND,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    promote,
    statuses,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import SALT, begin, finish, ready

EVE = Actor(name="eve", kind="person", role="service")


def test_a_start_writes_rollout_head_and_audit_together(store: Store) -> None:
    ready(store)
    started = begin(store, steps=(0.1, 0.5), outcome_window_hours=2.0, latency_objective_ms=800.0)
    assert (started.champion, started.arms, started.step) == (f"{POLICY}@1.0.0", ("1.0.1",), 0)
    assert (started.salt, started.state, started.started_at) == (SALT, "running", NOON)
    watch = started.watch
    assert (watch.arms, watch.steps, watch.epoch) == (("control", "1.0.1"), 2, 1)
    assert (watch.outcome_window_hours, watch.latency_objective_ms) == (2.0, 800.0)
    assert get_rollout(store, started.id) == started
    assert head_of(store).rollout == started.id
    entry = entries(store)[-1]
    assert (entry.action, entry.id, entry.reason) == ("start_rollout", started.id, "try it")
    assert entry.evidence["challengers"] == {"1.0.1": f"{POLICY}@1.0.1"}
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "draft"}
    assert_agreement(store)


def test_the_reward_epoch_of_the_start_is_pinned(embedded: Store) -> None:
    ready(embedded)
    reader = ConfigReader(embedded, ManualClock(NOON))
    assert current_epoch(embedded, reader, now=NOON).epoch == 1
    embedded.set(Ref("config", "reward_config"), {"v": 1, "weights": {"latency": 0.1}})
    assert begin(embedded).watch.epoch == 2


def test_an_end_gives_the_policy_back(store: Store) -> None:
    ready(store)
    started = begin(store)
    assert finish(store, started.id, now=NOON + SECOND).rollout is None
    ended = get_rollout(store, started.id)
    assert (ended.state, ended.ended_at) == ("ended", NOON + SECOND)
    assert ended == started.model_copy(update={"state": "ended", "ended_at": NOON + SECOND})
    assert (entries(store)[-1].action, entries(store)[-1].reason) == ("end_rollout", "enough")
    assert_agreement(store)


def test_a_rollout_ends_once(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded)
    first = finish(embedded, started.id)
    assert finish(embedded, started.id, now=NOON + SECOND) == first
    assert get_rollout(embedded, started.id).ended_at == NOON


def test_one_rollout_runs_for_a_policy_and_the_next_has_another_id(embedded: Store) -> None:
    ready(embedded)
    first = begin(embedded)
    with pytest.raises(Refused, match="runs already") as caught:
        begin(embedded)
    assert caught.value.mend == f"ratchet rollout end {first.id} --reason ..."
    finish(embedded, first.id)
    second = begin(embedded, now=NOON + SECOND)
    assert [r.id for r in list_rollouts(embedded, POLICY)] == [first.id, second.id]
    assert [r.state for r in list_rollouts(embedded)] == ["ended", "running"]


def test_of_many_starts_at_once_one_wins(store: Store) -> None:
    ready(store)
    reader = ConfigReader(store, ManualClock(NOON))
    current_epoch(store, reader, now=NOON)

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


@pytest.mark.parametrize("actor", [EVE, machine("tuner")])
def test_only_an_admin_starts_and_ends(embedded: Store, actor: Actor) -> None:
    ready(embedded)
    with pytest.raises(Forbidden):
        begin(embedded, actor=actor)
    started = begin(embedded)
    with pytest.raises(Forbidden):
        finish(embedded, started.id, actor=actor)
    assert head_of(embedded).rollout == started.id


def test_a_person_says_why(embedded: Store) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        begin(embedded, reason=" ")
    assert caught.value.field == "reason"
    started = begin(embedded)
    with pytest.raises(InvalidInput):
        finish(embedded, started.id, reason="two\nlines")


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


def test_a_rejected_version_is_not_tried(embedded: Store) -> None:
    ready(embedded)
    reject(embedded, KEYS, ADA, POLICY, "1.0.1", now=NOON, reason="worse")
    with pytest.raises(IllegalTransition, match="is rejected and cannot be tried"):
        begin(embedded)


def test_an_archived_version_and_the_champions_own_may_be_tried(embedded: Store) -> None:
    lineage_of(embedded, 2)
    arms = {"before": f"{POLICY}@1.0.0", "same": f"{POLICY}@1.0.1"}
    started = begin(embedded, arms=arms)
    assert started.champion == f"{POLICY}@1.0.1"
    assert started.arms == ("before", "same")


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
        begin(embedded, outcome_window_hours=hours)
    assert caught.value.field == "outcomeWindowHours"


def test_what_does_not_exist_does_not_end(embedded: Store) -> None:
    ready(embedded)
    for name in ("router-core-r9", "router-core", "other-r1", "config-r1"):
        with pytest.raises(NotFound, match="does not exist"):
            finish(embedded, name)
        with pytest.raises(NotFound):
            get_rollout(embedded, name)


@pytest.mark.parametrize("spoilt", [None, {"a": 1}, {"policy": 7, "state": "running"}])
def test_a_rollout_whose_document_is_broken_or_gone_can_be_ended(
    store: Store, spoilt: dict[str, Any] | None
) -> None:
    ready(store)
    ref = Ref("ops_rollouts", begin(store).id)
    if spoilt is None:
        store.delete(ref)
    else:
        store.set(ref, spoilt)
    assert finish(store, ref.id).rollout is None
    assert_agreement(store)
    if spoilt is None:
        with pytest.raises(NotFound):
            finish(store, ref.id)
    else:
        assert finish(store, ref.id).rollout is None


def test_an_active_version_moves_while_a_rollout_runs_and_the_chain_stays_whole(
    store: Store,
) -> None:
    lineage_of(store, 2)
    draft(store, weights(0.5))
    started = begin(store, arms={"c": f"{POLICY}@1.0.2"})
    rollback(store, KEYS, ADA, POLICY, now=NOON)
    assert_agreement(store)
    promote(store, "1.0.2")
    assert_agreement(store)
    assert head_of(store).rollout == started.id
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@1.0.2"
    finish(store, started.id)
    assert_agreement(store)


def test_a_hand_edit_is_still_carried_through_while_a_rollout_runs(store: Store) -> None:
    lineage_of(store, 2)
    started = begin(store, arms={"c": f"{POLICY}@1.0.1"})
    console = Console(store, COLLECTION, guard_policy)
    console.edit(f"{POLICY}@1.0.0", status="active")
    console.deliver(console.events)
    head = head_of(store)
    assert (head.active, head.rollout) == ("1.0.0", started.id)
    assert_agreement(store)


def test_tuning_is_frozen_while_a_rollout_runs_and_goes_on_after(embedded: Store) -> None:
    switch_flags(embedded)
    ready(embedded)
    reader = ConfigReader(embedded, ManualClock(NOON))
    started = begin(embedded)
    told = auto_tune(embedded, KEYS, reader, head_of(embedded), now=NOON)
    assert told.reasons == (f"frozen while rollout {started.id} runs",)
    finish(embedded, started.id)
    told = auto_tune(embedded, KEYS, reader, head_of(embedded), now=NOON)
    assert "frozen" not in " ".join(told.reasons)


def test_a_start_with_the_kill_switch_off_is_a_persons_to_make(embedded: Store) -> None:
    ready(embedded)
    switch_flags(embedded, enabled=False)
    assert begin(embedded).state == "running"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["start", "end"])
def test_a_death_at_any_call_leaves_all_or_nothing(embedded: Store, verb: str, when: Any) -> None:
    ready(embedded)
    reader = ConfigReader(embedded, ManualClock(NOON))
    current_epoch(embedded, reader, now=NOON)
    calls = 0
    while True:
        calls += 1
        running = head_of(embedded).rollout
        if verb == "end" and running is None:
            running = begin(embedded).id
        elif verb == "start" and running is not None:
            finish(embedded, running)
            running = None
        dying = FaultyStore(embedded, calls, when)
        try:
            finish(dying, str(running)) if verb == "end" else begin(dying)
        except Died:
            pass
        else:
            break
        assert_whole(embedded)
    assert calls > 3
    assert_whole(embedded)


def assert_whole(store: Store) -> None:
    """Hold head, rollouts and audit against each other."""
    assert verify_audit(store, KEYS, POLICY).valid
    running = [r.id for r in list_rollouts(store) if r.state == "running"]
    named = head_of(store).rollout
    assert running == ([named] if named else [])
    actions = [e.action for e in entries(store) if e.action.endswith("_rollout")]
    assert actions == (["start_rollout", "end_rollout"] * len(actions))[: len(actions)]
    assert len(actions) % 2 == bool(named)

"""A tuner's draft on its road: by its gates and the flags alone, each step in one transaction."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.flags import Flags
from ratchet.kernel.clock import ManualClock
from ratchet.policies.activate import activate
from ratchet.policies.history import get_version
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.carry_draft import carry_draft
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.replay_document import REPLAYS
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from ratchet.tune.carry import Carried
from tests.support.drawn import ACTIVE, ALIKE, GEMINI_BETTER, GEMINI_WORSE, Drawn, drawn
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    PARAMS,
    POLICY,
    WHY,
    alerts,
    assert_agreement,
    draft,
    entries,
    head_of,
    machine_draft,
    promote,
    statuses,
    switch_flags,
)
from tests.support.observing import NOON, Worker, configure, ids

SALT = "a salt of the tests"


def tuned(store: Store, rates: Mapping[str, float] = GEMINI_BETTER, n: int = 400) -> Drawn:
    """Return a policy with a draft of the tuner's, 1.0.2, and a log that shows what it is worth."""
    it = drawn(store)
    it.draft = machine_draft(store, 0.4, now=it.worker.clock())
    it.serve(rates, n)
    return it


def carry(it: Drawn, made: PolicyVersion | None = None) -> Carried:
    """Carry the draft, as a process does that has just started."""
    it.worker = type(it.worker)(it.store, it.worker.clock)
    now = it.worker.clock()
    return carry_draft(
        it.store, KEYS, it.worker.reader, made or it.draft, salt=lambda: SALT, now=now
    )


def approvals(store: Store) -> list[Approval]:
    return [Approval.from_store(s.data) for s in store.query(Query(Approval.collection))]


def test_a_draft_that_passed_goes_live_where_the_flags_let_it_and_names_its_replay(
    store: Store,
) -> None:
    it = tuned(store)
    switch_flags(store, auto=True)
    assert carry(it).decision == "activated"
    assert head_of(store).active == "1.0.2"
    last = entries(store)[-1]
    assert (last.action, last.actor, last.override) == ("activate", "auto_tune_policies", False)
    assert last.evidence["gates"]["replay"]["replay"] in ids(store, REPLAYS)
    assert_agreement(store)


def test_where_the_flags_do_not_a_person_is_asked_once(store: Store) -> None:
    it = tuned(store)
    first = carry(it)
    it.worker.later(timedelta(hours=1))
    assert carry(it).id == first.id
    (approval,) = approvals(store)
    assert (first.decision, first.id) == ("asked", approval.id)
    assert (approval.version, approval.champion) == (it.draft.key(), ACTIVE)
    assert approval.requester == "auto_tune_policies"
    assert ids(store, REPLAYS)[0] in approval.reason
    assert [a.what for a in alerts(store)] == ["approval-asked"]
    assert head_of(store).active == "1.0.0"
    assert_agreement(store)


def test_while_a_person_is_asked_the_log_is_not_read_again(embedded: Store) -> None:
    it = tuned(embedded)
    carry(it)
    it.worker.later(timedelta(hours=1))
    it.serve(GEMINI_BETTER)
    carry(it)
    assert len(ids(embedded, REPLAYS)) == 1


def test_a_question_that_nobody_answered_is_asked_again(embedded: Store) -> None:
    it = tuned(embedded)
    first = carry(it)
    it.worker.later(timedelta(hours=73))
    it.serve(GEMINI_BETTER)
    assert carry(it).id != first.id
    assert len(approvals(embedded)) == 2


def test_an_open_question_keeps_nothing_back_once_nobody_need_be_asked(embedded: Store) -> None:
    it = tuned(embedded)
    assert carry(it).decision == "asked"
    switch_flags(embedded, auto=True)
    assert carry(it).decision == "activated"


def test_a_draft_that_loses_is_rejected_and_told_of(store: Store) -> None:
    it = tuned(store, GEMINI_WORSE)
    switch_flags(store, auto=True)
    assert carry(it).decision == "rejected"
    assert statuses(store)["1.0.2"] == "rejected"
    assert head_of(store).active == "1.0.0"
    (alert,) = alerts(store)
    assert (alert.what, alert.severity) == ("draft-stopped", "warning")
    assert "loses more than 2 points" in alert.text
    assert entries(store)[-1].evidence["gates"]["replay"]["result"] == "stopped"
    assert_agreement(store)


def test_a_draft_whose_gate_waits_stays_and_is_tried_again(embedded: Store) -> None:
    it = tuned(embedded, ALIKE, 160)
    switch_flags(embedded, auto=True)
    written = len(entries(embedded))
    waits = carry(it)
    assert (waits.decision, waits.id) == ("proposed", None)
    assert waits.reasons[0].startswith("gate replay: modelWeights: better by -0.0")
    assert (statuses(embedded)["1.0.2"], len(entries(embedded))) == ("draft", written)
    it.serve(GEMINI_BETTER)
    assert carry(it).decision == "activated"


def test_a_rollout_that_a_person_put_before_allocations_begins(store: Store) -> None:
    it = tuned(store)
    switch_flags(store, auto=True)
    configure(store, Gates(allocation=ClassRules(gates=("replay", "canary", "approval"))))
    begun = carry(it)
    assert begun.decision == "begun"
    assert begun.id is not None
    found = store.get(Ref(Rollout.collection, begun.id))
    assert found is not None
    rollout = Rollout.from_store(found.data)
    assert (rollout.mode, rollout.gates, rollout.champion) == ("canary", ("approval",), ACTIVE)
    assert head_of(store).rollout == begun.id
    assert statuses(store)["1.0.2"] == "canary"
    assert entries(store)[-1].evidence["gates"]["replay"]["result"] == "passed"
    assert_agreement(store)


def test_an_approval_that_is_a_gate_is_asked_for_whatever_the_flags_say(embedded: Store) -> None:
    it = tuned(embedded)
    switch_flags(embedded, auto=True)
    configure(embedded, Gates(allocation=ClassRules(gates=("approval", "replay"))))
    assert carry(it).decision == "asked"
    assert approvals(embedded)[0].gates == ("replay",)


def test_a_change_of_behaviour_is_left_to_a_person(embedded: Store) -> None:
    it = drawn(embedded)
    switch_flags(embedded, auto=True)
    other = draft(embedded, PARAMS | {"prompts": {"system": "be kind"}}, proposal=WHY)
    assert carry(it, other).decision == "proposed"
    assert head_of(embedded).active == "1.0.0"


Meanwhile = Callable[[Drawn], object]


def switch_off(it: Drawn) -> None:
    switch_flags(it.store, enabled=False, auto=True)


def activate_another(it: Drawn) -> None:
    promote(it.store, "1.0.1", now=it.worker.clock())


def activate_it(it: Drawn) -> None:
    activate(it.store, KEYS, ADA, POLICY, "1.0.2", now=it.worker.clock(), reason="now")


def begin_a_rollout(it: Drawn) -> None:
    head = head_of(it.store).model_copy(update={"rollout": "r9"})
    it.store.set(Ref("ops_policy_heads", POLICY), head.to_map())


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (switch_off, "learning is switched off"),
        (activate_another, f"{ACTIVE} was replaced meanwhile"),
        (activate_it, f"{ACTIVE} was replaced meanwhile"),
        (begin_a_rollout, "rollout r9 began meanwhile"),
    ],
)
@pytest.mark.parametrize("rates", [GEMINI_BETTER, GEMINI_WORSE])
def test_what_changed_while_the_log_was_read_stops_whatever_would_follow(
    embedded: Store,
    monkeypatch: pytest.MonkeyPatch,
    rates: Mapping[str, float],
    meanwhile: Meanwhile,
    why: str,
) -> None:
    it = tuned(embedded, rates)
    switch_flags(embedded, auto=True)
    active: list[Any] = []

    def salt() -> str:
        raise AssertionError("no rollout begins here")

    transact = embedded.transact

    def late(body: Any, **options: Any) -> Any:
        if not active:
            active.append(None)
            meanwhile(it)
            active.append((head_of(embedded), statuses(embedded)))
        return transact(body, **options)

    reader = type(it.worker)(embedded, it.worker.clock).reader
    assert reader.read(Flags).learning.auto_activate_policies
    monkeypatch.setattr(embedded, "transact", late)
    found = carry_draft(embedded, KEYS, reader, it.draft, salt=salt, now=it.worker.clock())
    assert (found.decision, found.reasons) == ("proposed", (why,))
    assert active[1] == (head_of(embedded), statuses(embedded))


def test_a_draft_that_was_rejected_meanwhile_stays_so(embedded: Store) -> None:
    it = tuned(embedded)
    switch_flags(embedded, auto=True)
    machine_draft(embedded, 0.5, now=NOON)  # supersedes it
    assert carry(it) == Carried("proposed", (f"{it.draft.key()} is rejected meanwhile",))


@pytest.mark.parametrize("auto", [True, False])
def test_death_at_any_write_leaves_one_activation_or_one_question(auto: bool) -> None:
    counted = FaultyStore(tuned(SqliteStore(), n=200).store)
    switch_flags(counted.inner, auto=auto)
    ends(counted)
    places = [i for i, name in enumerate(counted.log, 1) if name in ("set", "commit")]
    assert len(places) >= 2
    for place in places:
        for when in ("before", "after"):
            it = tuned(SqliteStore(), n=200)
            switch_flags(it.store, auto=auto)
            with pytest.raises(Died):
                ends(FaultyStore(it.store, place, when))
            ends(it.store)
            actions = [entry.action for entry in entries(it.store)]
            wanted = "activate" if auto else "ask_approval"
            assert actions.count(wanted) == (2 if auto else 1), (place, when)
            assert head_of(it.store).active == ("1.0.2" if auto else "1.0.0")
            assert_agreement(it.store)
            it.store.close()


def ends(store: Any) -> None:
    """Carry the tuner's draft in a process of its own."""
    made = get_version(store, KEYS, POLICY, "1.0.2")
    process = Worker(store, ManualClock(NOON + timedelta(minutes=11)))
    now = process.clock()
    carry_draft(store, KEYS, process.reader, made, salt=lambda: SALT, now=now)

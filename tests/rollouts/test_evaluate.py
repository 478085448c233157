"""Evaluating: every running rollout once an hour, whatever stands in the way of one of them."""

import zlib
from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.flags import FLAGS
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import NotFound, Unavailable
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.check_verdict import check_verdicts
from ratchet.rollouts.evaluate import evaluate_rollout
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.resolve import resolve
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import VERDICTS
from ratchet.store.port import Filter, Query, Ref, Store
from tests.support.carried import LOOK, assert_sound, running, verdicts
from tests.support.faults import FaultyStore
from tests.support.frozen import freeze
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    alerts,
    head_of,
    statuses,
    switch_flags,
)
from tests.support.turns import (
    GOOD,
    LATER,
    evaluate,
    good,
    left_behind,
    poor,
    reader,
    ready,
    regressing,
)

BAD = {"1.0.1": 0.1}


def told(store: Store) -> list[str]:
    return sorted(alert.what for alert in alerts(store))


def document(store: Store, rollout_id: str) -> dict[str, Any]:
    found = store.get(Ref(ROLLOUTS, rollout_id))
    assert found is not None
    return found.data


def elsewhere(store: Store) -> Rollout:
    """Begin a rollout of another policy."""
    for cooldown in (1000, 2000):
        params = PARAMS | {"cooldownMs": cooldown}
        propose(store, KEYS, ADA, "other", params, reason="test", now=NOON)
        if cooldown == 1000:
            activate(store, KEYS, ADA, "other", "1.0.0", reason="test", now=NOON)
    return running(store, policy="other")


def test_a_good_version_is_activated_and_its_holdback_begins(store: Store) -> None:
    good(store)
    (looked,) = evaluate(store)
    assert (looked.decision, looked.effect) == ("PROMOTE", "activated")
    assert looked.verdict == f"{looked.rollout}~20260102T18"
    beside = get_rollout(store, str(head_of(store).rollout))
    assert (head_of(store).active, beside.purpose) == ("1.0.1", "holdback")
    assert beside.watch.arms == ("control", "former")
    assert [c.result for c in check_verdicts(store, KEYS, looked.rollout)] == ["equal"]
    assert_sound(store)


def test_a_poor_version_is_rejected_where_nobody_left_flags(embedded: Store) -> None:
    poor(embedded)
    embedded.delete(FLAGS)
    (looked,) = evaluate(embedded)
    assert (looked.decision, looked.effect) == ("ROLL_BACK", "rolled_back")
    assert statuses(embedded)["1.0.1"] == "rejected"


def test_learning_that_is_switched_on_again_promotes_then(embedded: Store) -> None:
    good(embedded)
    switch_flags(embedded, enabled=False, auto=True)
    assert [looked.effect for looked in evaluate(embedded)] == ["learning_off"]
    switch_flags(embedded, auto=True)
    assert [looked.effect for looked in evaluate(embedded, LOOK + HOUR)] == ["activated"]


def test_a_version_that_is_worse_since_its_release_goes_back(embedded: Store) -> None:
    regressing(embedded)
    switch_flags(embedded, enabled=False)
    (looked,) = evaluate(embedded, LATER)
    assert (looked.decision, looked.effect) == ("ROLL_BACK", "rolled_back")
    assert head_of(embedded).active == "1.0.0"
    assert statuses(embedded)["1.0.1"] == "archived"


def test_a_second_look_in_the_hour_changes_nothing(store: Store) -> None:
    good(store, steps=(0.1, 0.4))
    first = evaluate(store)
    assert first[0].effect == "step_opened"
    kept = (head_of(store), verdicts(store))
    rollout = get_rollout(store, first[0].rollout)
    freeze(store, rollout, BAD, read=LOOK, hour=1, units=9000)
    assert evaluate(store, LOOK + timedelta(minutes=59)) == first
    assert (head_of(store), verdicts(store)) == kept
    (later,) = evaluate(store, LOOK + HOUR)
    assert (later.decision, len(verdicts(store))) == ("ROLL_BACK", 2)


def test_no_closed_hour_holds_and_past_the_deadline_the_champion_stays(embedded: Store) -> None:
    rollout = ready(embedded)
    (looked,) = evaluate(embedded, NOON + HOUR)
    assert (looked.decision, looked.reasons[0]) == ("HOLD", "no hour is closed yet")
    (looked,) = evaluate(embedded, rollout.deadline + 1000 * HOUR)  # a clock that jumped ahead
    assert (looked.decision, looked.effect) == ("EXPIRED", "expired")
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "draft"}
    assert told(embedded) == ["rollout-expired"]
    assert_sound(embedded)


def test_a_verdict_names_the_one_before_but_none_of_a_clock_that_ran_ahead(
    embedded: Store,
) -> None:
    rollout = ready(embedded)
    freeze(embedded, rollout, {}, read=LOOK)
    for now in (LOOK + 50 * HOUR, LOOK, LOOK + HOUR):
        evaluate(embedded, now)
    names = [f"{rollout.id}~202601{end}" for end in ("02T18", "02T19", "04T20")]
    befores = {verdict.id: verdict.judged.before for verdict in verdicts(embedded)}
    assert befores == {names[0]: None, names[1]: names[0], names[2]: None}
    assert {c.result for c in check_verdicts(embedded, KEYS, rollout.id)} == {"equal"}


def test_a_clock_that_goes_back_decides_nothing_twice(embedded: Store) -> None:
    good(embedded, steps=(0.1, 0.4))
    (looked,) = evaluate(embedded)
    opened = get_rollout(embedded, looked.rollout)
    for now in (LOOK - HOUR, NOON - HOUR, LOOK):
        evaluate(embedded, now)
    assert get_rollout(embedded, looked.rollout) == opened
    assert_sound(embedded)


def test_a_rollout_that_its_policy_left_behind_is_ended_and_not_judged(store: Store) -> None:
    left_behind(store)
    (looked,) = evaluate(store)
    assert (looked.verdict, looked.decision) == (None, "")
    assert get_rollout(store, looked.rollout).outcome == "superseded"
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "archived", "1.0.2": "draft"}
    assert evaluate(store, LOOK + HOUR) == []
    assert_sound(store)


def test_one_that_has_ended_is_evaluated_to_nothing(embedded: Store) -> None:
    rollout = ready(embedded)
    abort_rollout(embedded, KEYS, ADA, rollout.id, reason="enough", now=NOON)
    assert evaluate_rollout(embedded, KEYS, reader(embedded), rollout.id, now=LOOK) is None
    assert verdicts(embedded) == []
    with pytest.raises(NotFound) as error:
        evaluate_rollout(embedded, KEYS, reader(embedded), "nobody-r1", now=LOOK)
    assert error.value.mend.startswith("ratchet rollout list")


def test_a_rollout_edited_by_hand_is_told_and_keeps_no_other_waiting(store: Store) -> None:
    rollout = ready(store)
    edited = document(store, rollout.id) | {"salt": "a salt of somebody else, random"}
    store.set(Ref(ROLLOUTS, rollout.id), edited)
    other = elsewhere(store)
    looked = {look.rollout: look for look in evaluate(store)}
    assert looked[rollout.id].verdict is None
    assert "changed by hand" in looked[rollout.id].note
    assert looked[other.id].decision == "HOLD"
    (about,) = [alert for alert in alerts(store) if alert.what == "rollout-not-judged"]
    assert about.subject == rollout.id
    assert about.command == f"ratchet rollout abort {rollout.id} --reason ..."
    assert resolve(store, KEYS, POLICY, now=LOOK).version == f"{POLICY}@1.0.0"


def test_what_nobody_foresaw_of_one_is_raised_once_the_others_are_judged(embedded: Store) -> None:
    other = elsewhere(embedded)
    good(embedded)
    broken = Ref("ops_rollout_buckets", f"{other.id}~0~control~2026010112~0")
    (found,) = embedded.query(
        Query(
            broken.collection,
            (Filter("rollout", "==", f"{POLICY}-r4"), Filter("arm", "==", "control")),
        )
    )
    sums = found.data["sums"] | {"n": {"packed": b"no numbers"}}
    embedded.set(broken, found.data | {"rollout": other.id, "sums": sums})
    with pytest.raises(zlib.error) as caught:
        evaluate(embedded)
    assert caught.value.__notes__ == [f"while {other.id} was judged"]
    assert head_of(embedded).active == "1.0.1"


def test_a_rollout_put_back_by_hand_to_what_it_was_is_told(embedded: Store) -> None:
    good(embedded, steps=(0.1, 0.4))
    before = document(embedded, f"{POLICY}-r4")
    (looked,) = evaluate(embedded)
    assert looked.effect == "step_opened"
    embedded.set(Ref(ROLLOUTS, looked.rollout), before)
    (looked,) = evaluate(embedded, LOOK + HOUR)
    assert (looked.verdict, told(embedded)) == (None, ["rollout-not-judged"])
    assert "put back by hand" in looked.note
    abort_rollout(embedded, KEYS, ADA, looked.rollout, reason="edited", now=LOOK + HOUR)
    assert evaluate(embedded, LOOK + 2 * HOUR) == []
    assert_sound(embedded)


def test_a_rollout_that_its_policy_names_and_is_gone_is_told(embedded: Store) -> None:
    rollout = ready(embedded)
    embedded.delete(Ref(ROLLOUTS, rollout.id))
    (looked,) = evaluate(embedded)
    assert "does not exist" in looked.note
    assert told(embedded) == ["rollout-not-judged"]
    abort_rollout(embedded, KEYS, ADA, rollout.id, reason="it is gone", now=LOOK)
    assert evaluate(embedded, LOOK + HOUR) == []


def test_a_broken_alert_or_approval_keeps_nobody_from_a_rollback(embedded: Store) -> None:
    rollout = ready(embedded, gates=("approval",))
    freeze(embedded, rollout, GOOD, read=LOOK)
    evaluate(embedded)
    asked = get_rollout(embedded, rollout.id).approval
    embedded.set(Ref("ops_approvals", str(asked)), {"v": 1, "state": "pending"})
    embedded.set(Ref("ops_alerts", f"rollout-rolled-back~{rollout.id}"), {"v": 1, "what": 7})
    freeze(embedded, rollout, BAD, read=LATER, hour=1, units=9000)
    (looked,) = evaluate(embedded, LATER)
    assert looked.effect == "rolled_back"
    assert head_of(embedded).rollout is None


def spoil(store: Store, version: str) -> None:
    """Change the content of a version by hand."""
    found = store.get(Ref(COLLECTION, f"{POLICY}@{version}"))
    assert found is not None
    store.set(found.ref, found.data | {"params": {"mine": 1}})


def test_a_promotion_that_cannot_be_waits_and_expires(embedded: Store) -> None:
    good(embedded)
    spoil(embedded, "1.0.1")
    (looked,) = evaluate(embedded)
    assert (looked.decision, looked.effect) == ("PROMOTE", "gate_waits")
    assert looked.note == f"{POLICY}@1.0.1 is not what was signed"
    assert told(embedded) == ["rollout-not-promoted"]
    (looked,) = evaluate(embedded, NOON + 168 * HOUR)
    assert (looked.effect, head_of(embedded).rollout) == ("expired", None)
    assert head_of(embedded).active == "1.0.0"


def test_a_promotion_that_cannot_be_keeps_no_harm_going(embedded: Store) -> None:
    rollout = ready(embedded, ("1.0.1", "1.0.2"), steps=(0.3,))
    freeze(embedded, rollout, {"1.0.1": 0.7, "1.0.2": 0.3}, read=LOOK)
    spoil(embedded, "1.0.1")
    (looked,) = evaluate(embedded)
    assert (looked.decision, looked.effect) == ("PROMOTE", "dropped")
    assert get_rollout(embedded, rollout.id).dropped == ("1.0.2",)


def test_a_verdict_changed_by_hand_is_not_what_the_next_one_rests_on(embedded: Store) -> None:
    rollout = ready(embedded)
    freeze(embedded, rollout, {}, read=LOOK)
    for hour in range(2):
        evaluate(embedded, LOOK + hour * HOUR)
    first, second = verdicts(embedded)
    forged = second.model_copy(update={"note": "forged"})
    embedded.set(Ref(VERDICTS, second.id), forged.to_map())
    evaluate(embedded, LOOK + 2 * HOUR)
    assert verdicts(embedded)[-1].judged.before == first.id


def test_a_store_that_does_not_answer_is_no_fault_of_the_rollout(embedded: Store) -> None:
    good(embedded)
    away = Unavailable("the store is away")
    with pytest.raises(Unavailable):
        evaluate(FaultyStore(embedded, 4, "before", away))
    assert told(embedded) == []
    assert evaluate(embedded)[0].effect == "activated"

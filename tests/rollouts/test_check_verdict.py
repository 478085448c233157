"""Verdicts that are judged again from the store: the same to the byte, or the field that is not."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import BadSignature, NotFound, Refused
from ratchet.kernel.seal import sealed
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.observe.watch import ROLLOUTS
from ratchet.rollouts.check_verdict import check_verdict, check_verdicts, require_equal
from ratchet.rollouts.look import look
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import VERDICTS, Verdict
from ratchet.rollouts.verdicts import verdict_key
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Query, Ref, Store
from tests.support.evidenced import HOUR, ID, NOON, arm_of, put, rollout
from tests.support.governed import KEYS

BUCKETS = [
    arm_of(arm, mean, 400, seed=i + hour, hour=hour)
    for hour in range(4)
    for i, (arm, mean) in enumerate((("control", 0.5), ("1.0.1", 0.6)))
]
# Windows of two hours: at 19:00 the hours before 17 have closed, of which the last is 15.
READ = NOON + 7 * HOUR


def running(**fields: Any) -> Rollout:
    given: dict[str, Any] = {"opened": (NOON,), "deadline": NOON + timedelta(days=7)}
    return sealed(KEYS, rollout(**given | fields))


def recorded(
    store: Store, tried: Rollout, *, now: Any = READ, before: Verdict | None = None
) -> Verdict:
    """Record what a look at a rollout shows."""
    judged = look(store, tried, now=now, before=before).judged
    return kept(
        store,
        Verdict(
            id=verdict_key(tried.id, now),
            rollout=tried.id,
            policy=tried.policy,
            at=now,
            decision=judged.decision,
            judged=judged,
        ),
    )


def kept(store: Store, verdict: Verdict) -> Verdict:
    """Seal a verdict and write it."""
    found = sealed(KEYS, verdict)
    store.set(Ref(VERDICTS, found.id), found.to_map())
    return found


@pytest.fixture
def verdict(embedded: Store) -> Verdict:
    """A verdict on four hours of a split."""
    tried = running()
    put(embedded, tried, BUCKETS, READ)
    return recorded(embedded, tried)


def test_a_verdict_is_computed_again_byte_for_byte(store: Store) -> None:
    put(store, running(), BUCKETS, READ)
    found = recorded(store, running())
    assert found.judged.arms[0].delta is not None
    checked = check_verdict(store, KEYS, found.id)
    assert (checked.result, checked.field, checked.note) == ("equal", "", "")


def test_merging_later_hours_and_the_end_of_the_rollout_change_nothing(
    embedded: Store, verdict: Verdict
) -> None:
    later = arm_of("control", 0.2, 300, hour=5)
    put(embedded, running(), [later], NOON + 40 * HOUR)
    roll_rollouts(embedded, now=NOON + 40 * HOUR)
    ended = {"state": "ended", "outcome": "promoted", "ended_at": NOON + 41 * HOUR, "held": True}
    over = sealed(KEYS, running().model_copy(update=ended))
    embedded.set(Ref(ROLLOUTS, ID), over.to_map())
    assert check_verdict(embedded, KEYS, verdict.id).result == "equal"


def test_a_verdict_in_an_earlier_step_is_judged_in_that_step(embedded: Store) -> None:
    ramp = {"mode": "canary", "steps": ({"1.0.1": 0.5}, {"1.0.1": 0.5})}
    put(embedded, running(**ramp), BUCKETS, READ)
    found = recorded(embedded, running(**ramp))
    assert found.judged.scope == "step"
    put(embedded, running(**ramp, step=1, opened=(NOON, READ)), [], READ + HOUR)
    assert check_verdict(embedded, KEYS, found.id).result == "equal"


def test_a_look_rests_on_the_verdict_before_it(embedded: Store, verdict: Verdict) -> None:
    # what was seen of the split once holds for good
    worst = kept(
        embedded,
        verdict.model_copy(update={"judged": verdict.judged.model_copy(update={"least_p": 1e-6})}),
    )
    found = recorded(embedded, running(), now=READ + HOUR, before=worst)
    assert found.judged.least_p == 1e-6
    assert check_verdict(embedded, KEYS, found.id).result == "equal"
    embedded.delete(Ref(VERDICTS, worst.id))
    with pytest.raises(NotFound, match=worst.id):
        check_verdict(embedded, KEYS, found.id)


def test_what_a_shadow_had_cost_in_open_hours_is_part_of_the_look(embedded: Store) -> None:
    names = ("control", "pair:1.0.1", "shadow:1.0.1")
    beside = [
        arm_of(name, 0.5, 60, hour=hour).model_copy(update={"arm": name})
        for name in names
        for hour in (0, 6)
    ]
    tried = running(mode="shadow", share=1.0)
    put(embedded, tried, beside, READ)
    found = recorded(embedded, tried)
    assert found.judged.open_usd == 0.6  # 60 units at a cent
    put(embedded, tried, [], NOON + 40 * HOUR)
    assert check_verdict(embedded, KEYS, found.id).result == "equal"


def test_a_bucket_that_was_changed_is_found_by_its_sums(embedded: Store, verdict: Verdict) -> None:
    other = arm_of("1.0.1", 0.9, 400, seed=3, hour=2)
    embedded.set(Ref(other.collection, other.key()), other.to_map())
    checked = check_verdict(embedded, KEYS, verdict.id)
    assert (checked.result, checked.field) == ("differs", "data")
    assert checked.recorded == verdict.judged.data != checked.computed
    with pytest.raises(Refused, match="data is another"):
        require_equal(checked)


def test_a_number_that_does_not_follow_is_named_with_both_values(
    embedded: Store, verdict: Verdict
) -> None:
    arm = verdict.judged.arms[0]
    better = arm.model_copy(update={"units": arm.units + 1})
    kept(
        embedded,
        verdict.model_copy(
            update={"judged": verdict.judged.model_copy(update={"arms": (better,)})}
        ),
    )
    checked = check_verdict(embedded, KEYS, verdict.id)
    assert (checked.result, checked.field) == ("differs", "arms[0].units")
    assert (checked.recorded, checked.computed) == (arm.units + 1, arm.units)


def test_another_code_version_that_comes_to_the_same_is_noted(
    embedded: Store, verdict: Verdict
) -> None:
    older = verdict.judged.model_copy(update={"code": "0.0.9"})
    kept(embedded, verdict.model_copy(update={"judged": older}))
    checked = check_verdict(embedded, KEYS, verdict.id)
    assert checked.result == "equal"
    assert checked.note == f"judged by 0.0.9, now {verdict.judged.code}"


def test_buckets_that_are_gone_are_told_and_are_no_match(embedded: Store, verdict: Verdict) -> None:
    for found in embedded.query(Query(RolloutBucket.collection)):
        if found.data["arm"] == "control":
            embedded.delete(found.ref)
    checked = check_verdict(embedded, KEYS, verdict.id)
    assert (checked.result, checked.recorded) == ("gone", f"{ID}~0~control~20260101")
    assert "1 of its 2 bucket days are gone" in checked.note
    with pytest.raises(NotFound, match="cannot be judged again"):
        require_equal(checked)


def test_a_verdict_or_a_rollout_that_was_changed_by_hand_is_no_evidence(
    embedded: Store, verdict: Verdict
) -> None:
    embedded.set(Ref(ROLLOUTS, ID), running().to_map() | {"salt": "another salt, like it"})
    with pytest.raises(BadSignature, match=ID):
        check_verdict(embedded, KEYS, verdict.id)
    embedded.set(Ref(VERDICTS, verdict.id), verdict.to_map() | {"decision": "ROLL_BACK"})
    with pytest.raises(BadSignature, match=verdict.id):
        check_verdict(embedded, KEYS, verdict.id)


def test_all_verdicts_of_a_rollout_are_checked_oldest_first(
    embedded: Store, verdict: Verdict
) -> None:
    second = recorded(embedded, running(), now=READ + HOUR, before=verdict)
    found = check_verdicts(embedded, KEYS, ID)
    assert [checked.verdict for checked in found] == [verdict.id, second.id]
    assert {checked.result for checked in found} == {"equal"}
    with pytest.raises(NotFound, match="has no verdict"):
        check_verdicts(embedded, KEYS, "router-core-r8")

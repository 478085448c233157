"""Propose: a signed draft with its reasons, of the version that is active."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.govern.roles import Actor
from ratchet.kernel.errors import (
    AlreadyExists,
    BadSignature,
    ChainBroken,
    InvalidInput,
    LearningOff,
    Refused,
    Unavailable,
)
from ratchet.policies.activate import reject
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.propose import propose
from ratchet.policies.version import COLLECTION, ArtifactRef, Proposal
from ratchet.store.port import Query, Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    SECOND,
    SPACE,
    TUNER,
    WHY,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    machine_draft,
    promote,
    statuses,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import begin


def test_the_first_version_is_a_signed_draft(store: Store) -> None:
    made = draft(store, notes="the first")
    found = get_version(store, KEYS, POLICY, "1.0.0")
    assert found == made
    assert (found.status, found.parent, found.change_class) == ("draft", None, "behaviour")
    assert (found.created_by, found.created_at, found.notes) == ("ada", NOON, "the first")
    assert head_of(store).active is None
    assert_agreement(store)


def test_the_next_number_follows_the_highest_there_ever_was(embedded: Store) -> None:
    draft(embedded, version="2.5.9")
    assert draft(embedded).version == "2.5.10"
    assert draft(embedded, version="3.0.0").version == "3.0.0"
    assert draft(embedded).version == "3.0.1"


@pytest.mark.parametrize("number", ["2.5.8", "1.9.9"])
def test_a_number_that_is_not_higher_is_refused(embedded: Store, number: str) -> None:
    draft(embedded, version="2.5.9")
    with pytest.raises(InvalidInput, match=f"{number} is not after 2.5.9") as caught:
        draft(embedded, version=number)
    assert caught.value.field == "version"


@pytest.mark.parametrize("status", ["draft", "active", "archived", "rejected"])
def test_a_number_that_a_version_has_is_there_so_that_a_retry_sees_that_it_landed(
    store: Store, status: str
) -> None:
    lineage_of(store, 1)
    made = draft(store, weights(0.5), version="2.5.9")
    if status in ("active", "archived"):
        promote(store, "2.5.9")
    if status == "archived":
        promote(store, "1.0.0")
    if status == "rejected":
        reject(store, KEYS, ADA, POLICY, "2.5.9", now=NOON, reason="worse")
    assert statuses(store)["2.5.9"] == status
    with pytest.raises(AlreadyExists, match=r"^router-core@2\.5\.9 exists") as caught:
        draft(store, weights(0.5), version="2.5.9")
    assert caught.value.field == "version"
    assert f"ratchet policy show {POLICY} 2.5.9" in caught.value.mend
    assert stored(store, "2.5.9")["signature"] == made.signature
    assert_agreement(store)


def test_the_parent_is_the_active_version_and_gives_what_is_not_named(embedded: Store) -> None:
    artifact = ArtifactRef(name="prompts", sha256="0" * 64)
    draft(embedded, artifacts=(artifact,))
    promote(embedded, "1.0.0")
    draft(embedded, weights(0.5))
    made = propose(embedded, KEYS, ADA, POLICY, weights(0.55), now=NOON, reason="x")
    assert made.parent == f"{POLICY}@1.0.0"
    assert (made.tuning_space, made.artifacts) == (SPACE, (artifact,))


def test_a_lineage_goes_back_to_the_version_whose_behaviour_it_has(embedded: Store) -> None:
    lineage_of(embedded, 3)
    assert get_version(embedded, KEYS, POLICY, "1.0.2").root == f"{POLICY}@1.0.0"
    other = draft(embedded, PARAMS | {"cooldownMs": 1})
    promote(embedded, other.version)
    assert other.root == f"{POLICY}@1.0.3"
    after = draft(embedded, weights(0.5) | {"cooldownMs": 1})
    assert (after.change_class, after.root) == ("allocation", f"{POLICY}@1.0.3")


def test_a_person_gives_a_reason_and_it_is_audited(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match="propose wants a reason"):
        draft(embedded, reason=" ")
    draft(embedded, reason="cheaper")
    (entry,) = entries(embedded)
    assert (entry.actor, entry.action, entry.reason) == ("ada", "propose", "cheaper")
    assert entry.evidence == {"changeClass": "behaviour"}


def test_a_person_without_the_role_is_refused(embedded: Store) -> None:
    with pytest.raises(Refused):
        draft(embedded, actor=Actor(name="eve", kind="person", role="service"))


@pytest.mark.parametrize("name", ["Router", "", "-x", "a/b", "a~b", "a@b", "a" * 64, "config"])
def test_what_is_no_policy_id_is_refused(embedded: Store, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        propose(embedded, KEYS, ADA, name, PARAMS, now=NOON, reason="x")
    assert caught.value.field == "id"


def test_content_that_is_wrong_leaves_nothing_behind(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match=r"weights sum to 0\.9"):
        draft(embedded, {"modelWeights": {"a": 0.9}}, tuning_space={})
    assert statuses(embedded) == {}
    assert entries(embedded) == []


@pytest.mark.parametrize("broken", ["foo", {}, {"agent": "writer", "positive": "good"}])
def test_a_model_that_could_not_decide_is_no_draft(embedded: Store, broken: Any) -> None:
    with pytest.raises(InvalidInput, match="heuristic"):
        draft(embedded, PARAMS | {"heuristic": broken})
    assert embedded.query(Query(COLLECTION)) == []


def test_a_parent_that_was_changed_by_hand_is_not_built_upon(embedded: Store) -> None:
    lineage_of(embedded, 1)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.0")
    embedded.set(ref, stored(embedded, "1.0.0") | {"notes": "mine"})
    with pytest.raises(BadSignature):
        draft(embedded)


def test_the_machines_draft_carries_its_reasons(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    made = machine_draft(store, 0.5)
    assert made.proposal == WHY
    assert (made.created_by, made.change_class) == ("tuner", "allocation")
    assert entries(store)[-1].reason == "gemini does better"
    assert_agreement(store)


def test_the_machines_open_draft_of_the_same_parent_is_superseded(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    mine = draft(store, weights(0.41))
    first, second = machine_draft(store, 0.5), machine_draft(store, 0.45)
    assert statuses(store) == {
        "1.0.0": "active",
        mine.version: "draft",
        first.version: "rejected",
        second.version: "draft",
    }
    assert entries(store)[-1].evidence["superseded"] == [first.key()]
    assert_agreement(store)


def test_a_draft_that_a_rollout_tries_is_not_superseded(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    tried = machine_draft(store, 0.5)
    started = begin(store)
    machine_draft(store, 0.45)
    assert statuses(store) == {"1.0.0": "active", tried.version: "canary", "1.0.2": "draft"}
    assert head_of(store).rollout == started.id
    assert_agreement(store)


def test_a_draft_of_another_parent_is_not_superseded(embedded: Store) -> None:
    switch_flags(embedded)
    lineage_of(embedded, 1)
    machine_draft(embedded, 0.5)
    person = draft(embedded, weights(0.42))
    promote(embedded, person.version)
    machine_draft(embedded, 0.45)
    assert statuses(embedded)["1.0.1"] == "draft"


def test_the_same_inputs_give_the_same_draft(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    first = machine_draft(store, 0.5)
    again = machine_draft(store, 0.5, now=NOON + 60 * SECOND)
    assert again == first
    assert len(entries(store)) == 3
    assert_agreement(store)


def test_with_the_switch_off_the_machine_proposes_nothing_and_a_person_may(store: Store) -> None:
    switch_flags(store, enabled=True)
    lineage_of(store, 1)
    switch_flags(store, enabled=False)
    with pytest.raises(LearningOff, match="propose: learning is switched off"):
        machine_draft(store, 0.5)
    assert statuses(store) == {"1.0.0": "active"}
    assert draft(store, weights(0.5)).version == "1.0.1"


def test_racing_machines_leave_one_open_draft(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: machine_draft(store, 0.4 + i / 100), range(16)))
    found = statuses(store)
    assert sorted(found.values()) == sorted(["active", "draft", *["rejected"] * 15])
    assert set(found) == {f"1.0.{i}" for i in range(17)}
    assert_agreement(store)


def test_racing_people_get_a_number_each(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: draft(store, weights(0.4 + i / 100)), range(16)))
    assert {d.version for d in made} == {f"1.0.{i}" for i in range(16)}
    assert_agreement(store)


def test_racing_machines_of_one_mind_make_one_draft(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: machine_draft(store, 0.5), range(8)))
    assert {d.version for d in made} == {"1.0.1"}
    assert_agreement(store)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_anywhere_leaves_a_whole_draft_or_none(store: Store, when: Any) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    machine_draft(store, 0.5)
    counted = FaultyStore(store)
    machine_draft(counted, 0.48)
    for call in range(1, counted.calls + 1):
        with pytest.raises(Died):
            machine_draft(FaultyStore(store, call, when), 0.45 - call / 100)
        assert_agreement(store)


def test_a_lost_answer_makes_no_second_draft(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    counted = FaultyStore(store)
    draft(counted, weights(0.5))
    call = 1 + counted.log.index("commit")
    lossy = FaultyStore(store, call, "after", Unavailable("the answer was lost"))
    assert draft(lossy, weights(0.51)).version == "1.0.2"
    assert set(statuses(store)) == {"1.0.0", "1.0.1", "1.0.2"}
    assert_agreement(store)


def test_a_proposal_without_reasons_of_the_tuner_is_audited_without(embedded: Store) -> None:
    switch_flags(embedded)
    lineage_of(embedded, 1)
    silent = Proposal(tuner="weights", reasons=())
    propose(embedded, KEYS, TUNER, POLICY, weights(0.5), now=NOON, proposal=silent)
    assert entries(embedded)[-1].reason == ""


@pytest.mark.parametrize("params", [weights(0.6), weights(0.6) | {"latencyTargetMs": 2500.0}])
def test_a_person_who_changes_nothing_is_refused(embedded: Store, params: dict[str, Any]) -> None:
    lineage_of(embedded, 1)
    with pytest.raises(InvalidInput, match=r"nothing differs from router-core@1\.0\.0") as caught:
        draft(embedded, params, notes="another note", version="2.0.0")
    assert caught.value.field == "params"
    assert statuses(embedded) == {"1.0.0": "active"}


@pytest.mark.parametrize(
    "change",
    [
        {"params": weights(0.6) | {"cooldownMs": 1}},
        {"params": weights(0.6) | {"new": None}},
        {"tuning_space": {}},
        {"artifacts": (ArtifactRef(name="prompts", sha256="0" * 64),)},
    ],
)
def test_any_change_of_content_is_one(embedded: Store, change: dict[str, Any]) -> None:
    lineage_of(embedded, 1)
    assert draft(embedded, **({"params": weights(0.6)} | change)).version == "1.0.1"


def test_without_a_parent_there_is_nothing_to_differ_from(embedded: Store) -> None:
    draft(embedded)
    assert draft(embedded).version == "1.0.1"


def test_a_policy_whose_head_is_gone_is_not_begun_anew(store: Store) -> None:
    lineage_of(store, 1)
    chain = entries(store)
    store.delete(Ref(PolicyHead.collection, POLICY))
    with pytest.raises(ChainBroken, match="the head of router-core is gone") as caught:
        draft(store, version="7.0.0")
    assert caught.value.mend == "restore ops_policy_heads/router-core from a backup"
    assert entries(store) == chain


def test_a_number_that_stands_in_the_store_unknown_to_the_head_is_refused(store: Store) -> None:
    store.set(Ref(COLLECTION, f"{POLICY}@1.0.0"), {"x": 1})
    with pytest.raises(AlreadyExists, match="the head of router-core does not know it") as caught:
        draft(store)
    assert "--version" in caught.value.mend
    assert draft(store, version="1.0.1").version == "1.0.1"

"""Versions created by hand: adopted as signed drafts, or removed with an alert that says why."""

from typing import Any

import pytest

from ratchet.govern.config import load_config
from ratchet.govern.flags import Flags
from ratchet.kernel.errors import AlreadyExists
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Query, Ref, Store
from tests.support.console import Console
from tests.support.edits import ACTIVE, DRAFT, NEXT, activate_archive, console_of, of, written
from tests.support.governed import (
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    SECOND,
    SPACE,
    alerts,
    assert_agreement,
    draft,
    entries,
    head_of,
    machine_draft,
    promote,
    statuses,
    stored,
    switch_flags,
    weights,
)

OTHER = {"id": "planner-core", "version": "2.0.0", "params": {"cooldownMs": 10}}


def delivered(store: Store, document_id: str, data: dict[str, Any]) -> Console:
    """Let a person write a document, and hand the guard its event twice."""
    console = console_of(store)
    console.write(document_id, data)
    console.deliver(console.events * 2)
    return console


def test_a_valid_version_becomes_a_signed_draft_of_whoever_wrote_it(store: Store) -> None:
    console = delivered(store, NEXT, written(notes="by hand"))
    assert console.decisions == ["adopted", "seen", "consistent"]
    made = get_version(store, KEYS, POLICY, "1.0.4")
    assert (made.status, made.parent, made.notes) == ("draft", ACTIVE, "by hand")
    assert (made.created_by, made.created_at) == ("ada@example.com", NOON + 70 * SECOND)
    assert (made.params, made.tuning_space) == (weights(0.52), SPACE)
    assert (made.change_class, made.root) == ("allocation", of("1.0.0"))
    assert alerts(store) == []
    assert_agreement(store)


def test_the_chain_says_who_created_it_and_where(embedded: Store) -> None:
    delivered(embedded, NEXT, written())
    entry = entries(embedded)[-1]
    assert (entry.action, entry.actor, entry.actor_kind) == (
        "propose",
        "ada@example.com",
        "console",
    )
    assert (entry.was, entry.to, entry.reason) == (ACTIVE, NEXT, "created by hand in the console")
    assert entry.evidence["changeClass"] == "allocation"
    head = head_of(embedded)
    assert (head.latest, head.drafts) == ("1.0.4", ("1.0.3", "1.0.4"))


def test_it_goes_on_like_any_draft(embedded: Store) -> None:
    delivered(embedded, NEXT, written())
    promote(embedded, "1.0.4", now=NOON + 100 * SECOND)
    assert draft(embedded, weights(0.4)).version == "1.0.5"
    assert statuses(embedded)["1.0.4"] == "active"
    assert_agreement(embedded)


def test_what_moves_beyond_the_envelope_is_a_change_of_behaviour(embedded: Store) -> None:
    delivered(embedded, NEXT, written(params=weights(0.52) | {"cooldownMs": 1}))
    made = get_version(embedded, KEYS, POLICY, "1.0.4")
    assert (made.change_class, made.root) == ("behaviour", NEXT)


def test_a_new_policy_may_begin_in_the_console(store: Store) -> None:
    console = Console(store, COLLECTION, guard_policy)
    console.write("planner-core@2.0.0", OTHER)
    console.deliver(console.events)
    found = store.get(Ref(PolicyHead.collection, "planner-core"))
    assert found is not None
    head = PolicyHead.from_store(found.data)
    assert (head.active, head.latest, head.drafts) == (None, "2.0.0", ("2.0.0",))
    assert get_version(store, KEYS, "planner-core", "2.0.0").parent is None
    assert [e.action for e in entries(store, "planner-core")] == ["propose"]


def test_learning_that_is_switched_off_stops_no_person(embedded: Store) -> None:
    console = delivered(embedded, NEXT, written())
    assert not load_config(embedded, Flags, now=NOON).learning.enabled
    assert console.decisions[0] == "adopted"


def test_an_event_that_names_nobody_leaves_the_console_as_the_author(embedded: Store) -> None:
    console = console_of(embedded)
    console.write(NEXT, written())
    console.deliver([e.model_copy(update={"who": ""}) for e in console.events])
    assert stored(embedded, "1.0.4")["createdBy"] == "console"


def test_a_version_that_asks_to_be_active_is_a_draft_and_the_alert_says_how(store: Store) -> None:
    console = delivered(store, NEXT, written(status="active"))
    assert console.decisions[0] == "adopted"
    assert (head_of(store).active, statuses(store)["1.0.4"]) == ("1.0.2", "draft")
    (alert,) = alerts(store)
    assert alert.subject == NEXT
    assert "passed no gates" in alert.text
    assert alert.command == f"ratchet policy activate {POLICY} 1.0.4 --reason ..."
    assert_agreement(store)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"params": None}, "params: draft: params"),
    ({"params": []}, "params: draft: params"),
    ({"version": None}, "version: draft: version"),
    ({"version": 1.0}, "version: draft: version"),
    ({"version": "1.0.2"}, "version: 1.0.2 is not after 1.0.3"),
    ({"version": "next"}, "version: 'next' is no version"),
    ({"version": "1.0.5"}, f"id: the document is no {of('1.0.5')}"),
    ({"id": "planner-core"}, "id: the document is no planner-core@1.0.4"),
    ({"id": "Router"}, "id: 'Router' is no policy id"),
    ({"status": "archived"}, "status: draft: status"),
    ({"status": True}, "status: draft: status"),
    ({"notes": 7}, "notes: draft: notes"),
    ({"colour": "red"}, "colour: draft: colour"),
    ({"signature": "0" * 64}, "signature: draft: signature"),
    ({"createdBy": "somebody else"}, "createdBy: draft: createdBy"),
    ({"artifacts": [{"name": "prompts"}]}, "artifacts.0.sha256: "),
    ({"tuningSpace": {"maxCostUsd": {"kind": "any"}}}, "maxCostUsd: tuningSpace: maxCostUsd: "),
    ({"params": PARAMS | {"modelWeights": {"gpt-5": 0.9}}}, "modelWeights: params: modelWeights: "),
    ({"params": PARAMS | {"latencyTargetMs": "fast"}}, "latencyTargetMs: "),
    ({"params": {"cooldownMs": 1}}, "tuningSpace.modelWeights: "),
    ({"params": weights(0.58)}, f"params: nothing differs from {ACTIVE}"),
    ({"params": PARAMS | {"at": ["(geo_point_value)"]}}, "params.at.0: params.at.0 holds a geo_"),
    ({"notes": "(reference_value)"}, "notes: notes holds a reference_value, which is no JSON"),
]


@pytest.mark.parametrize(("change", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_what_cannot_be_signed_is_removed_and_the_alert_says_field_and_reason(
    embedded: Store, change: dict[str, Any], reason: str
) -> None:
    data = {k: v for k, v in (written() | change).items() if v is not None}
    console = delivered(embedded, NEXT, data)
    assert console.decisions == ["removed", "seen", "consistent"]
    assert console.read(NEXT) == {}
    (alert,) = alerts(embedded)
    assert alert.text.startswith(f"{NEXT} was created by hand and removed: {reason}")
    assert alert.command == f"ratchet policy propose {POLICY} --params FILE --reason ..."
    assert alert.evidence == {"by": "ada@example.com", "document": data}
    assert [e.action for e in entries(embedded)][-1] == "put_back"
    assert_agreement(embedded)


@pytest.mark.parametrize("name", ["config", "Nonsense", "a~b"])
def test_a_name_that_is_no_policy_id_starts_no_policy(embedded: Store, name: str) -> None:
    console = delivered(embedded, f"{name}@1.0.4", written() | {"id": name})
    assert console.decisions[0] == "removed"
    heads = {s.ref.id for s in embedded.query(Query(PolicyHead.collection))}
    assert heads == {"config", POLICY}


@pytest.mark.parametrize("size", [1_000_000, 1_048_300])
def test_a_document_that_signing_would_make_too_large_is_removed(
    embedded: Store, size: int
) -> None:
    console = delivered(embedded, NEXT, written(notes="x" * size))
    if size == 1_000_000:
        assert console.decisions[0] == "adopted"
        return
    assert console.decisions[0] == "removed"
    assert "the limit is 1048576" in alerts(embedded)[0].text


@pytest.mark.parametrize("name", ["x" * 1490, "é" * 300, "x" * 1400 + "@1.0.4"])
def test_a_name_that_would_not_fit_the_alerts_own_is_removed_like_any(
    store: Store, name: str
) -> None:
    console = delivered(store, name, written())
    assert console.decisions[0] == "removed"
    assert console.read(name) == {}
    (alert,) = alerts(store)
    assert alert.subject == name
    assert f"removed: id: the document is no {NEXT}" in alert.text


@pytest.mark.parametrize("at", [NOON, "yesterday", 0])
def test_a_draft_whose_status_was_touched_before_it_was_seen_is_adopted(
    store: Store, at: object
) -> None:
    console = console_of(store)
    console.write(NEXT, written(status="draft"))
    console.edit(NEXT, status="active", updatedAt=at)
    console.deliver(console.events)
    assert console.decisions[:2] == ["consistent", "adopted"]
    assert statuses(store)["1.0.4"] == "draft"
    assert "passed no gates" in alerts(store)[0].text
    assert_agreement(store)


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,)])
def test_what_was_written_and_rejected_before_it_was_seen_is_gone_and_nobody_is_told_off(
    store: Store, order: tuple[int, ...]
) -> None:
    console = console_of(store)
    console.write(NEXT, written(status="draft"))
    console.edit(NEXT, status="rejected", updatedAt=console.now)
    told = [e.model_copy(update={"who": f"person {i}"}) for i, e in enumerate(console.events)]
    console.deliver([told[i] for i in order] * 2)
    assert console.read(NEXT) == {}
    assert alerts(store) == []
    entry = entries(store)[-1]
    assert (entry.action, entry.id, entry.actor) == ("reject", NEXT, "person 1")
    assert (entry.was, entry.to) == ("created by hand", "removed")
    assert head_of(store).drafts == ("1.0.3",)
    assert_agreement(store)


def test_an_alert_stays_readable_whatever_a_person_wrote(embedded: Store) -> None:
    delivered(embedded, NEXT, written(version="1" * 100_000))
    assert len(alerts(embedded)[0].text) == 1000


def test_a_parent_that_is_spoilt_is_not_built_upon(embedded: Store) -> None:
    console = console_of(embedded)
    console.edit(ACTIVE, notes="mine")
    console.write(NEXT, written())
    console.deliver(console.events[::-1])
    assert console.decisions[:2] == ["removed", "put_back"]
    told = {a.subject: a.text for a in alerts(embedded)}
    assert "signature: router-core@1.0.2 is not what was signed" in told[NEXT]
    assert_agreement(embedded)


def test_an_edit_of_what_was_adopted_is_put_back(embedded: Store) -> None:
    console = delivered(embedded, NEXT, written())
    console.events.clear()
    console.edit(NEXT, params=weights(0.3))
    console.deliver(console.events)
    assert console.decisions[-2:] == ["put_back", "consistent"]
    assert stored(embedded, "1.0.4")["params"] == weights(0.52)
    assert_agreement(embedded)


def test_what_was_adopted_and_deleted_is_put_back_whichever_event_comes_first(
    embedded: Store,
) -> None:
    console = console_of(embedded)
    console.write(NEXT, written())
    told = console.events.pop()
    console.watch(lambda now: guard_policy(embedded, KEYS, told, now=now))
    console.write(NEXT, None)
    console.deliver(console.events)  # the event of the adoption, then that of the deletion
    assert console.decisions == ["put_back", "consistent", "consistent"]
    assert stored(embedded, "1.0.4")["params"] == weights(0.52)
    assert_agreement(embedded)


def test_the_machine_counts_on_from_what_a_person_created(embedded: Store) -> None:
    console = delivered(embedded, NEXT, written())
    switch_flags(embedded)
    assert machine_draft(embedded, 0.5).version == "1.0.5"
    assert statuses(embedded)["1.0.4"] == "draft"
    assert console.read(DRAFT)["status"] == "draft"
    assert_agreement(embedded)


def test_a_policy_whose_head_is_gone_is_neither_begun_anew_nor_changed(store: Store) -> None:
    console = console_of(store)
    chain = entries(store)
    store.delete(Ref(PolicyHead.collection, POLICY))
    console.write(NEXT, written())
    console.edit(ACTIVE, status="archived")
    before = stored(store, "1.0.2")
    console.deliver(console.events)
    assert console.decisions == ["lost", "lost"]
    assert entries(store) == chain
    assert console.read(NEXT) == written(), "what a person wrote waits for the head"
    assert stored(store, "1.0.2") == before
    assert store.get(Ref(PolicyHead.collection, POLICY)) is None
    told = {a.subject: (a.text, a.command) for a in alerts(store)}
    for key in (NEXT, ACTIVE):
        assert told[key][0].startswith(f"the head of router-core is gone, and {key} cannot be")
        assert told[key][1] == f"restore ops_policy_heads/{POLICY} from a backup"


def test_a_rollback_by_hand_beside_it_keeps_both(embedded: Store) -> None:
    console = console_of(embedded)
    activate_archive(console)
    console.write(NEXT, written())
    console.deliver(console.events)
    made = get_version(embedded, KEYS, POLICY, "1.0.4")
    assert (head_of(embedded).active, made.parent) == ("1.0.1", of("1.0.1"))
    assert_agreement(embedded)


def test_a_command_that_wants_its_number_meanwhile_is_told_to_try_again(embedded: Store) -> None:
    console = console_of(embedded)
    console.write(NEXT, written())
    with pytest.raises(AlreadyExists, match=r"router-core@1\.0\.4 exists") as caught:
        draft(embedded, weights(0.4))
    assert caught.value.mend.startswith("try again")
    console.deliver(console.events)
    assert draft(embedded, weights(0.4)).version == "1.0.5"
    assert_agreement(embedded)

"""Hand edits of sealed documents: put back as sealed, in whatever order their events arrive."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import main
from ratchet.govern.roles import person
from ratchet.kernel.seal import Sealed, is_sealed, sealed
from ratchet.policies.activate import rollback
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.approve import reject_approval
from ratchet.rollouts.hand_edits import guard_sealed
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.meant import made_anew, meant
from ratchet.rollouts.replay_document import StoredReplay
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import AsOf, Judged, Verdict
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import console_of
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    alerts,
    assert_agreement,
    entries,
    head_of,
    statuses,
)
from tests.support.on_road import ask_for, sealed_console, start_canary

HOUR = timedelta(hours=1)
BOB = person("bob")
ABORT = "ratchet rollout abort {id} --reason ..."


def rollout_console(store: Store) -> tuple[Console, str]:
    """Return a console on a running canary that was advanced, and its id."""
    console_of(store)
    rollout = start_canary(store)
    advance_rollout(store, KEYS, ADA, rollout.id, reason="test", now=NOON + HOUR)
    return sealed_console(store, Rollout), rollout.id


def truth(store: Store, collection: str, key: str) -> dict[str, Any]:
    found = store.get(Ref(collection, key))
    assert found is not None
    return found.data


EDITS: dict[str, tuple[Callable[[Console, str], None], str]] = {
    "held": (
        lambda c, i: c.edit(i, held=True),
        "ratchet rollout hold {id} --reason ...",
    ),
    "a step": (
        lambda c, i: c.edit(i, step=0),
        "ratchet rollout advance {id} --reason ...",
    ),
    "shares": (lambda c, i: c.edit(i, steps=[{"tried": 0.5}]), ABORT),
    "ended": (lambda c, i: c.edit(i, state="ended", outcome="aborted"), ABORT),
    "promoted": (
        lambda c, i: c.edit(i, state="ended", outcome="promoted"),
        "ratchet rollout override {id} PROMOTE --reason ...",
    ),
    "rolled back": (
        lambda c, i: c.edit(i, state="ended", outcome="rolled_back"),
        "ratchet rollout override {id} ROLL_BACK --reason ...",
    ),
    "a seal": (lambda c, i: c.edit(i, seal="é"), ABORT),
    "another field": (lambda c, i: c.edit(i, note="mine"), ABORT),
    "whole": (lambda c, i: c.write(i, {"x": 1}), ABORT),
    "deleted": (lambda c, i: c.write(i, None), ABORT),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_running_rollout_is_put_back_and_the_command_that_was_meant_is_named(
    embedded: Store, edit: str
) -> None:
    console, key = rollout_console(embedded)
    before, chain = truth(embedded, "ops_rollouts", key), len(entries(embedded))
    act, command = EDITS[edit]
    act(console, key)
    console.deliver(console.events * 2)
    assert truth(embedded, "ops_rollouts", key) == before
    assert console.decisions == ["put_back", "seen", "consistent"]
    (alert,) = alerts(embedded)
    assert (alert.subject, alert.count) == (f"ops_rollouts/{key}", 1)
    assert alert.command == command.format(id=key)
    assert alert.evidence["by"] == "ada@example.com"
    (entry,) = entries(embedded)[chain:]
    assert (entry.action, entry.actor, entry.id) == ("put_back", "hand_edits", key)
    assert_agreement(embedded)


def verbs(c: Console, key: str) -> None:
    """Hold and release: of the two states that are sealed the last is the truth."""
    for release in (False, True):
        c.watch(
            lambda now, r=release: hold_rollout(  # type: ignore[misc]
                c.store, KEYS, ADA, key, release=r, reason="test", now=now
            )
        )


def test_an_older_sealed_state_gives_way_to_the_newest_in_every_order_of_events() -> None:
    for order in permutations(range(3)):
        store = SqliteStore()
        console, key = rollout_console(store)
        verbs(console, key)
        last = console.read(key)
        console.write(key, console.events[0].after)
        assert console.read(key)["held"] is True
        console.deliver([console.events[i] for i in (*order, *order)])
        assert console.read(key) == last
        assert last["seal"] == head_of(store).rollout_seal
        assert [a.subject for a in alerts(store)] == [f"ops_rollouts/{key}"]
        assert_agreement(store)
        store.close()


def test_what_verbs_write_is_left_alone_in_whatever_order_it_is_told() -> None:
    for order in permutations(range(4)):
        store = SqliteStore()
        console_of(store)
        console = sealed_console(store, Rollout)
        console.watch(lambda now, s=store: start_canary(s, now=now))  # type: ignore[misc]
        (key,) = (event.document_id for event in console.events)
        verbs(console, key)
        abort(console, key)
        chain = entries(store)
        console.deliver([console.events[i] for i in order])
        assert set(console.decisions) == {"consistent"}
        assert (entries(store), alerts(store)) == (chain, [])
        store.close()


def test_a_rollout_that_has_ended_does_not_run_again(store: Store) -> None:
    console, key = rollout_console(store)
    abort_rollout(store, KEYS, ADA, key, reason="test", now=NOON + 2 * HOUR)
    ended = console.read(key)
    console.edit(key, state="running", outcome=None, endedAt=None)
    console.deliver(console.events)
    assert console.read(key) == ended
    assert alerts(store)[0].command == f"ratchet rollout show {key}"


def test_a_rollout_that_a_rollback_left_behind_is_as_true_as_one_that_ended(
    embedded: Store,
) -> None:
    console, key = rollout_console(embedded)
    rollback(embedded, KEYS, ADA, POLICY, now=NOON + HOUR)
    left = console.read(key)
    assert left["state"] == "running"
    console.edit(key, held=True)
    console.deliver(console.events)
    assert console.read(key) == left


def test_a_document_that_was_aborted_as_it_was_found_is_not_told_of_again(embedded: Store) -> None:
    console, key = rollout_console(embedded)
    console.write(key, {"policy": POLICY, "x": 1})
    console.events.clear()
    abort(console, key)
    console.deliver(console.events)
    assert (console.decisions, alerts(embedded)) == (["consistent"], [])


def test_what_no_event_tells_any_more_is_lost_and_the_abort_is_named(embedded: Store) -> None:
    console, key = rollout_console(embedded)
    verbs(console, key)
    held = console.events[0].after
    console.events.clear()
    console.edit(key, note="mine")
    console.write(key, held)
    console.deliver(console.events[1:] * 2)
    assert console.decisions == ["lost", "seen"]
    (alert,) = alerts(embedded)
    assert alert.command == ABORT.format(id=key)
    assert "does not say what was" in alert.text


def test_an_event_that_was_overtaken_leaves_it_to_that_of_what_is_stored(embedded: Store) -> None:
    console_of(embedded)
    console = sealed_console(embedded, Rollout)
    console.watch(lambda now: start_canary(embedded, now=now))
    (started,) = console.events
    key = started.document_id
    console.watch(
        lambda now: hold_rollout(embedded, KEYS, ADA, key, release=False, reason="test", now=now)
    )
    console.edit(key, note="mine")
    console.deliver([started])
    assert (console.decisions, alerts(embedded)) == (["consistent"], [])


@pytest.mark.parametrize("name", [f"{POLICY}-r99", "nobody-r1", "Nonsense", "a~b", "x" * 1500])
def test_what_was_created_by_hand_is_removed(embedded: Store, name: str) -> None:
    console, key = rollout_console(embedded)
    chain = len(entries(embedded))
    console.write(name, truth(embedded, "ops_rollouts", key))
    console.edit(name, state="ended")
    console.deliver(console.events[::-1])
    assert console.read(name) == {}
    (alert,) = alerts(embedded)
    assert alert.command.startswith("ratchet rollout start ")
    ours = name.startswith(POLICY)
    assert [e.to for e in entries(embedded)[chain:]] == (["removed"] if ours else [])
    assert [s.ref.id for s in embedded.query(Query("ops_policy_heads"))] == ["config", POLICY]


def test_an_edit_of_a_policy_whose_head_is_gone_changes_nothing(embedded: Store) -> None:
    console, key = rollout_console(embedded)
    console.edit(key, held=True)
    console.write("router-core-r99", {"x": 1})
    embedded.delete(Ref("ops_policy_heads", POLICY))
    console.deliver(console.events)
    assert console.decisions == ["lost", "lost"]
    assert console.read(key)["held"] is True
    assert {a.command for a in alerts(embedded)} == {
        f"restore ops_policy_heads/{POLICY} from a backup"
    }


def test_an_approval_is_not_given_by_hand(store: Store) -> None:
    console_of(store)
    asked = ask_for(store)
    console = sealed_console(store, Approval)
    before = console.read(asked.id)
    console.edit(asked.id, state="approved", decidedBy="ada@example.com")
    console.deliver(console.events)
    assert console.read(asked.id) == before
    (alert,) = alerts(store)
    assert alert.command == f"ratchet approvals approve {asked.id} --reason ..."
    assert head_of(store).active == "1.0.2"


def test_an_approval_that_was_decided_does_not_wait_again_under_its_old_seal() -> None:
    for order in permutations(range(2)):
        store = SqliteStore()
        console_of(store)
        asked = ask_for(store)
        console = sealed_console(store, Approval)
        console.watch(
            lambda now, s=store, k=asked.id: reject_approval(s, KEYS, BOB, k, reason="no", now=now)  # type: ignore[misc]
        )
        console.write(asked.id, asked.to_map())
        console.deliver([console.events[i] for i in order])
        assert console.read(asked.id)["state"] == "rejected"
        assert statuses(store)["1.0.3"] == "rejected"
        assert alerts(store)[0].command.startswith(f"ratchet approvals ask {POLICY} 1.0.3")
        store.close()


def verdict(decision: str = "HOLD") -> Verdict:
    """Return a verdict of little content, sealed."""
    key = f"{POLICY}-r7"
    judged = Judged.parse(
        {
            "rollout": key,
            "policy": POLICY,
            "mode": "canary",
            "purpose": "trial",
            "profile": "significance",
            "decision": decision,
            "scope": "step",
            "reasons": ("too few",),
            "arms": (),
            "start": NOON,
            "until": NOON,
            "at": NOON,
            "as_of": AsOf(step=0, opened=(NOON,)),
            "code": "1",
        }
    )
    return sealed(
        KEYS,
        Verdict(
            id=f"{key}~20260101T12",
            rollout=key,
            policy=POLICY,
            at=NOON,
            decision=judged.decision,
            judged=judged,
        ),
    )


def test_a_verdict_is_not_changed_by_hand(store: Store) -> None:
    console_of(store)
    store.set(Ref("ops_verdicts", verdict().id), verdict().to_map())
    console = sealed_console(store, Verdict)
    before = console.read(verdict().id)
    console.edit(verdict().id, decision="PROMOTE")
    console.write(verdict().id, None)
    console.deliver(console.events[::-1])
    assert console.read(verdict().id) == before
    assert meant("ops_verdicts", verdict().id, verdict().to_map(), verdict("PROMOTE").to_map()) == (
        f"ratchet rollout override {POLICY}-r7 PROMOTE --reason ..."
    )


# No edit of these is put back: their seal is checked wherever they are used, and what was changed
# is named by `ratchet golden verify`; what was measured is measured anew.
CHECKED = {"ops_golden_sets", "ops_golden_exposures", "ops_golden_standings", "ops_checkpoints"}


@pytest.mark.parametrize("kind", [Rollout, Verdict, Approval, StoredReplay])
def test_every_kind_of_sealed_document_has_a_guard_and_its_commands(kind: type[Sealed]) -> None:
    listening = {
        found.__firebase_endpoint__.eventTrigger["eventFilterPathPatterns"]["document"]
        for found in vars(main).values()
        if hasattr(found, "__firebase_endpoint__") and found.__firebase_endpoint__.eventTrigger
    }
    assert kind.collection in {str(path).partition("/")[0] for path in listening}
    assert meant(kind.collection, "p-r1", {}, {}).startswith("ratchet ")
    assert made_anew(kind.collection, "p").startswith("ratchet ")
    ours = {kind for kind in Sealed.__subclasses__() if kind.__module__.startswith("ratchet.")}
    assert {k for k in ours if k.collection not in CHECKED} == {
        Rollout,
        Verdict,
        Approval,
        StoredReplay,
    }


ACTS: list[Callable[[Console, str], None]] = [
    lambda c, i: c.edit(i, held=True),
    lambda c, i: c.write(i, {"x": 1}),
    lambda c, i: c.write(i, None),
    lambda c, i: c.write(i, c.events[0].after if c.events else None),
    lambda c, i: verbs(c, i) if runs(c, i) else None,
    lambda c, i: abort(c, i) if head_of(c.store).rollout == i else None,
]
STEPS = st.lists(st.one_of(st.sampled_from(ACTS), st.integers(0, 30)), max_size=9)


def abort(c: Console, key: str) -> None:
    c.watch(lambda now: abort_rollout(c.store, KEYS, ADA, key, reason="test", now=now))


def runs(c: Console, key: str) -> bool:
    """Say whether verbs take the rollout as it is."""
    data = c.read(key)
    own = is_sealed(KEYS, Rollout, key, data)
    return own and data["seal"] == head_of(c.store).rollout_seal


@settings(max_examples=40)
@given(STEPS)
def test_whatever_is_edited_and_judged_between_a_running_rollout_ends_as_its_head_knows_it(
    steps: list[Callable[[Console, str], None] | int],
) -> None:
    console, key = rollout_console(SqliteStore())
    for step in steps:
        if not isinstance(step, int):
            step(console, key)
        elif console.events:
            event = console.events[step % len(console.events)]
            console.watch(
                lambda now, e=event: guard_sealed(console.store, KEYS, e, now=now, kind=Rollout)  # type: ignore[misc]
            )
    console.deliver(console.events)
    head, data = head_of(console.store), console.read(key)
    assert_agreement(console.store)
    if head.rollout == key:
        assert data["seal"] == head.rollout_seal
        assert is_sealed(KEYS, Rollout, key, data)
    console.store.close()

"""Hand edits of policies, one by one: what is audited, what is put back, and what is told."""

from itertools import islice, permutations

import pytest

from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import (
    ACTIVE,
    FIRST,
    FORMER,
    activate_archive,
    console_of,
    content_of_the_active,
    draft_to_active,
    of,
    overtaken,
)
from tests.support.governed import (
    POLICY,
    alerts,
    assert_agreement,
    entries,
    head_of,
    machine_draft,
    promote,
    statuses,
    stored,
    switch_flags,
)


def test_a_rollback_by_hand_is_audited_with_who_did_it(store: Store) -> None:
    console = console_of(store)
    activate_archive(console)
    console.deliver(console.events)
    entry = entries(store)[-1]
    assert (entry.action, entry.actor, entry.actor_kind) == (
        "rollback",
        "ada@example.com",
        "console",
    )
    assert (entry.was, entry.to) == ("1.0.2", "1.0.1")
    assert head_of(store).previous == "1.0.2"
    assert alerts(store) == []


def test_an_edit_judged_before_its_other_half_is_put_back_and_then_carried_through(
    embedded: Store,
) -> None:
    console = console_of(embedded)
    console.edit(ACTIVE, status="archived")
    console.deliver([console.events.pop()])
    assert statuses(embedded)["1.0.2"] == "active"
    console.edit(FORMER, status="active")
    console.deliver([console.events.pop()])
    assert_agreement(embedded)
    assert head_of(embedded).active == "1.0.1"


def test_the_latest_of_two_bursts_wins_though_a_command_came_between(embedded: Store) -> None:
    console = console_of(embedded)
    console.edit(FIRST, status="active")
    console.watch(lambda now: promote(embedded, "1.0.3", now=now))
    console.edit(FORMER, status="active")
    console.deliver(console.events[::-1])
    assert_agreement(embedded)
    assert head_of(embedded).active == "1.0.1"


def test_an_alert_names_the_command_that_was_meant(embedded: Store) -> None:
    console = console_of(embedded)
    console.edit(ACTIVE, notes="mine")
    console.write(of("3.0.0"), {"x": 1})
    overtaken(console)
    console.deliver(console.events)
    assert {a.subject: a.command for a in alerts(embedded)} == {
        FORMER: f"ratchet policy rollback {POLICY} 1.0.1",
        ACTIVE: f"ratchet policy propose {POLICY} --params FILE --reason ...",
        of("3.0.0"): f"ratchet policy propose {POLICY} --params FILE --reason ...",
    }


def test_a_draft_set_active_by_hand_is_told_how_to_be_activated(embedded: Store) -> None:
    console = console_of(embedded)
    draft_to_active(console)
    console.deliver(console.events)
    (alert,) = alerts(embedded)
    assert alert.command == f"ratchet policy activate {POLICY} 1.0.3 --reason ..."
    assert entries(embedded)[-1].action == "put_back"


def test_our_own_writes_change_nothing_in_whatever_order_they_are_told(embedded: Store) -> None:
    def commands(c: Console) -> None:
        c.watch(lambda _: switch_flags(c.store))
        for first in (0.45, 0.46):
            c.watch(lambda now, w=first: machine_draft(c.store, w, now=now))  # type: ignore[misc]
        c.watch(lambda now: promote(c.store, "1.0.5", now=now))

    probe = console_of(embedded)
    commands(probe)
    told = len(probe.events)
    assert told == 5
    for order in islice(permutations(range(told)), 0, None, 5):
        console = console_of(SqliteStore())
        commands(console)
        before = entries(console.store)
        console.deliver([console.events[i] for i in order])
        assert set(console.decisions) == {"consistent"}
        assert entries(console.store) == before
        assert alerts(console.store) == []
        console.store.close()


def test_an_event_is_judged_once(embedded: Store) -> None:
    console = console_of(embedded)
    content_of_the_active(console)
    console.deliver(console.events * 3)
    assert console.decisions == ["put_back", "seen", "seen", "consistent"]
    assert [a.count for a in alerts(embedded)] == [1]


def test_what_can_no_longer_be_restored_is_told(embedded: Store) -> None:
    console = console_of(embedded)
    console.edit(ACTIVE, notes="a")
    console.edit(ACTIVE, notes="b")
    console.deliver(console.events[1:])
    assert console.decisions == ["lost"]
    assert stored(embedded, "1.0.2")["notes"] == "b"
    (alert,) = alerts(embedded)
    assert "does not say what was" in alert.text
    assert alert.command == f"ratchet policy rollback {POLICY}"


@pytest.mark.parametrize("name", ["config@1.0.0", "Nonsense", "a~b@1.0.0", "nobody@1.0.0"])
def test_a_document_of_no_policy_is_removed_and_starts_no_chain(store: Store, name: str) -> None:
    console = console_of(store)
    before = {s.ref.id: s.data for s in store.query(Query("ops_policy_heads"))}
    console.write(name, {"status": "active", "params": {}})
    console.deliver(console.events * 2)
    assert console.read(name) == {}
    assert [a.subject for a in alerts(store)] == [name]
    assert {s.ref.id: s.data for s in store.query(Query("ops_policy_heads"))} == before


def test_a_large_document_is_kept_in_the_alert_as_its_hash(embedded: Store) -> None:
    console = console_of(embedded)
    console.edit(ACTIVE, notes="x" * 300_000)
    console.write(of("9.0.0"), {"x": "y"})
    console.deliver(console.events)
    evidence = {a.subject: a.evidence["document"] for a in alerts(embedded)}
    assert set(evidence[ACTIVE]) == {"sha256"}
    assert evidence[of("9.0.0")] == {"x": "y"}

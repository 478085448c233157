"""The kill switch: off unless a person said on, and every change on the chain."""

from collections.abc import Callable
from typing import Any

import pytest

from ratchet.govern.audit import ConfigHead, verify_audit
from ratchet.govern.flags import FLAGS, Flags, describe, flags_in, require_learning, set_flags
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import ChainBroken, InvalidInput, LearningOff, Refused
from ratchet.store.port import Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ADA, KEYS, NOON, TUNER, alerts, entries, switch_flags

HEAD = Ref(ConfigHead.collection, "config")
NO_AUTO = {"auto_activate": False}


def present(store: Store) -> Flags:
    return store.transact(flags_in)


def test_what_is_seeded_is_enabled_and_does_not_activate_by_itself(store: Store) -> None:
    switch_flags(store, enabled=True)
    assert present(store).to_map() == {
        "v": 1,
        "learning": {"enabled": True, "autoActivatePolicies": False},
    }


def test_a_missing_document_means_off(store: Store) -> None:
    assert describe(present(store)) == "learning off, auto-activate off"


@pytest.mark.parametrize(
    "broken",
    [
        {"learning": {"enabled": True, "autoActivatePolicies": "yes please"}},
        {"learning": {"enabled": "true"}},
        {"learning": {"enabled": 1}},
        {"learning": {"enabled": True, "autoActivate": True}},
        {"learning": True},
        {"learning": {"enabled": True}, "note": "on again"},
        {"v": 99, "learning": {"enabled": True}},
        {"v": "one", "learning": {"enabled": True}},
    ],
)
def test_a_broken_document_means_off(embedded: Store, broken: dict[str, Any]) -> None:
    switch_flags(embedded, enabled=True, auto=True)
    embedded.set(FLAGS, broken)
    assert describe(present(embedded)) == "learning off, auto-activate off"


def test_only_what_is_named_changes(store: Store) -> None:
    switch_flags(store, enabled=True, auto=True)
    set_flags(store, KEYS, ADA, enabled=False, reason="stop", now=NOON)
    assert describe(present(store)) == "learning off, auto-activate on"


@pytest.mark.parametrize("actor", [machine("tuner"), Actor(name="root", kind="machine")])
def test_the_machine_cannot_turn_itself_on(embedded: Store, actor: Actor) -> None:
    with pytest.raises(Refused):
        set_flags(embedded, KEYS, actor, enabled=True, reason="because", now=NOON)
    assert embedded.get(FLAGS) is None
    assert entries(embedded, "config") == []


def test_a_person_without_the_role_cannot(embedded: Store) -> None:
    eve = Actor(name="eve", kind="person", role="service")
    with pytest.raises(Refused, match="role admin"):
        set_flags(embedded, KEYS, eve, enabled=True, reason="because", now=NOON)


def test_a_change_wants_a_reason(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match="wants a reason"):
        set_flags(embedded, KEYS, ADA, enabled=True, reason=" ", now=NOON)
    assert embedded.get(FLAGS) is None


def test_a_change_is_audited_with_who_what_and_why(store: Store) -> None:
    switch_flags(store, enabled=True)
    set_flags(store, KEYS, ADA, enabled=False, reason="it went mad", now=NOON)
    last = entries(store, "config")[-1]
    assert (last.actor, last.action, last.id) == ("ada", "set_config", "config/flags")
    assert (last.was, last.to) == (
        "learning on, auto-activate off",
        "learning off, auto-activate off",
    )
    assert last.reason == "it went mad"
    assert verify_audit(store, KEYS, "config").entries == 2


def spoil_head(store: Store) -> None:
    store.set(HEAD, {"id": "config", "auditSequence": "many"})


def lose_head(store: Store) -> None:
    store.delete(HEAD)


@pytest.mark.parametrize("spoil", [lose_head, spoil_head])
@pytest.mark.parametrize(
    "switches", [{"enabled": False}, {"auto_activate": False}, {"enabled": False} | NO_AUTO]
)
def test_whoever_only_switches_off_needs_no_chain_and_an_alert_stands_for_the_entry(
    store: Store, spoil: Callable[[Store], None], switches: dict[str, bool]
) -> None:
    switch_flags(store, enabled=True, auto=True)
    chain = entries(store, "config")
    spoil(store)
    spoilt = store.get(HEAD)
    new = set_flags(store, KEYS, ADA, **switches, reason="it went mad", now=NOON)
    assert describe(new) == describe(present(store)) == "learning off, auto-activate off"
    (alert,) = alerts(store)
    assert (alert.what, alert.severity) == ("config-unaudited", "critical")
    assert "ada switched learning off; no audit entry tells of it" in alert.text
    assert alert.command.startswith("restore ops_policy_heads/config from a backup")
    assert alert.evidence == {
        "by": "ada",
        "reason": "it went mad",
        "was": "learning on, auto-activate on",
    }
    assert entries(store, "config") == chain
    left = store.get(HEAD)
    assert (left and left.data) == (spoilt and spoilt.data)


@pytest.mark.parametrize(
    "switches",
    [{"enabled": True}, {"auto_activate": True}, {"enabled": False, "auto_activate": True}, {}],
)
def test_without_the_chains_head_nothing_is_switched_on(
    store: Store, switches: dict[str, bool]
) -> None:
    switch_flags(store, enabled=False)
    lose_head(store)
    before = store.get(FLAGS)
    with pytest.raises(ChainBroken, match="the head of config is gone") as caught:
        set_flags(store, KEYS, ADA, **switches, reason="go on", now=NOON)
    assert "ratchet flags set --disabled" in caught.value.mend
    assert store.get(FLAGS) == before
    assert alerts(store) == []


@pytest.mark.parametrize(
    ("actor", "reason"),
    [(machine("tuner"), "x"), (Actor(name="eve", kind="person", role="service"), "x"), (ADA, " ")],
)
def test_without_the_chains_head_the_same_people_may_switch_off_and_say_why(
    embedded: Store, actor: Actor, reason: str
) -> None:
    switch_flags(embedded, enabled=True)
    lose_head(embedded)
    with pytest.raises((Refused, InvalidInput)):
        set_flags(embedded, KEYS, actor, enabled=False, reason=reason, now=NOON)
    assert present(embedded).learning.enabled


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_leaves_flags_and_audit_in_agreement(store: Store, when: Any) -> None:
    switch_flags(store, enabled=True)
    counted = FaultyStore(store)
    set_flags(counted, KEYS, ADA, enabled=True, reason="count", now=NOON)
    for call in range(1, counted.calls + 1):
        before = present(store).learning.enabled
        with pytest.raises(Died):
            set_flags(
                FaultyStore(store, call, when),
                KEYS,
                ADA,
                enabled=not before,
                reason="x",
                now=NOON,
            )
        assert entries(store, "config")[-1].to == describe(present(store))
        assert verify_audit(store, KEYS, "config").valid


def test_while_it_is_off_the_machine_stops_and_a_person_acts() -> None:
    require_learning(Flags(), ADA, "propose")
    with pytest.raises(LearningOff, match="propose: learning is switched off") as caught:
        require_learning(Flags(), TUNER, "propose")
    assert "ratchet flags set --enabled" in caught.value.mend

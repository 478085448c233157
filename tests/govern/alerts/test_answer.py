"""What a person says of an alert: by name, with a reason, on the chain."""

import pytest

from ratchet.govern.alerts import raise_alert
from ratchet.govern.alerts.answer import ack_alert, resolve_alert
from ratchet.govern.alerts.read import list_alerts, read_alert
from ratchet.govern.audit import verify_audit
from ratchet.govern.roles import machine
from ratchet.kernel.errors import Forbidden, IllegalTransition, InvalidInput, NotFound
from ratchet.store.port import Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ADA, KEYS, NOON, ROBOT, alerts, entries
from tests.support.sinks import MINUTE, full

ID = "full~disk"


def ack(store: Store, named: str = ID) -> None:
    ack_alert(store, KEYS, ADA, named, note="on it", now=NOON + MINUTE)


def resolve(store: Store, named: str = ID) -> None:
    resolve_alert(store, KEYS, ADA, named, reason="made room", now=NOON + 2 * MINUTE)


def test_who_saw_to_it_and_why_it_is_over_stand_on_it_and_on_the_chain(store: Store) -> None:
    raise_alert(store, full())
    ack(store)
    resolve(store)
    (found,) = alerts(store)
    assert found.state == "resolved"
    assert found.acknowledged is not None
    assert found.resolved is not None
    assert (found.acknowledged.by, found.acknowledged.note) == ("ada", "on it")
    assert (found.resolved.by, found.resolved.at) == ("ada", NOON + 2 * MINUTE)
    assert [(e.action, e.id, e.was, e.to, e.reason) for e in entries(store, "config")] == [
        ("acknowledge_alert", f"ops_alerts/{ID}", "open", "acknowledged", "on it"),
        ("resolve_alert", f"ops_alerts/{ID}", "acknowledged", "resolved", "made room"),
    ]
    assert verify_audit(store, KEYS, "config").valid


def test_what_does_not_stand_so_is_refused_and_says_who_was_first(embedded: Store) -> None:
    raise_alert(embedded, full())
    ack(embedded)
    with pytest.raises(IllegalTransition, match="acknowledged by ada"):
        ack(embedded)
    resolve(embedded)
    for answer in (ack, resolve):
        with pytest.raises(IllegalTransition, match="resolved by ada"):
            answer(embedded)
    assert len(entries(embedded, "config")) == 2


@pytest.mark.parametrize("actor", [machine("watch"), ROBOT])
def test_a_machine_answers_nothing(embedded: Store, actor: object) -> None:
    raise_alert(embedded, full())
    with pytest.raises(Forbidden):
        ack_alert(embedded, KEYS, actor, ID, note="me", now=NOON)  # type: ignore[arg-type]
    assert [a.state for a in alerts(embedded)] == ["open"]


def test_a_reason_is_wanted(embedded: Store) -> None:
    raise_alert(embedded, full())
    with pytest.raises(InvalidInput, match="reason"):
        resolve_alert(embedded, KEYS, ADA, ID, reason=" ", now=NOON)


@pytest.mark.parametrize("named", ["full~tape", "full", "", "../x~y", "a/b"])
def test_what_does_not_exist_is_not_found(store: Store, named: str) -> None:
    raise_alert(store, full())
    for answer in (ack, resolve, read_alert):
        with pytest.raises(NotFound) as caught:
            answer(store, named)
        assert caught.value.mend == "ratchet alerts list --all"


@pytest.mark.parametrize("subject", ["config/flags", "a~b", "ü", "u" * 1600])
def test_a_subject_may_be_typed_as_it_is_or_as_it_stands_in_the_id(
    embedded: Store, subject: str
) -> None:
    raised = raise_alert(embedded, full(subject))
    assert read_alert(embedded, f"full~{subject}") == raised
    assert read_alert(embedded, raised.key()) == raised
    ack(embedded, f"full~{subject}")
    assert [a.state for a in alerts(embedded)] == ["acknowledged"]


def test_the_list_has_what_stands_newest_first_and_leaves_out_what_is_broken(store: Store) -> None:
    for minutes, subject in enumerate(("a", "b", "c")):
        raise_alert(store, full(subject, minutes=minutes))
    resolve(store, "full~b")
    ack(store, "full~a")
    store.set(Ref("ops_alerts", "bad"), {"v": 1, "what": 7})
    spoiled: list[Exception] = []
    assert [a.subject for a in list_alerts(store, tell=spoiled.append)] == ["c", "a"]
    everything = list_alerts(store, everything=True, tell=spoiled.append)
    assert [a.subject for a in everything] == ["c", "b", "a"]
    assert len(spoiled) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_leaves_the_alert_and_the_chain_agreeing(embedded: Store, when: str) -> None:
    raise_alert(embedded, full())
    for call in range(1, 9):
        try:
            faulty = FaultyStore(embedded, die_at=call, when=when)  # type: ignore[arg-type]
            ack(faulty)
        except Died:
            (found,) = alerts(embedded)
            acted = [e.action for e in entries(embedded, "config")]
            assert acted == (["acknowledge_alert"] if found.state == "acknowledged" else [])
        except IllegalTransition:
            break
        else:
            break
    assert [a.state for a in alerts(embedded)] == ["acknowledged"]
    assert len(entries(embedded, "config")) == 1

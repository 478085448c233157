"""The audit chain: whatever is done to it afterwards is found, and the entry named."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ratchet.govern.audit import (
    AuditEntry,
    ChainHead,
    audit_log,
    audit_streams,
    link,
    require_valid,
    verify_audit,
)
from ratchet.kernel.errors import ChainBroken
from ratchet.kernel.keys import derive_keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction
from tests.support.governed import ADA, KEYS, NOON, SECOND

STREAM = "router-core"
AUDIT = AuditEntry.collection


def append(store: Store, n: int = 1, stream: str = STREAM) -> None:
    def body(tx: Transaction) -> None:
        head = tx.find(ChainHead, stream) or ChainHead(id=stream)
        evidence = {"gain": 0.25, "of": ["a", "b"], "at": NOON, "whole": 1.0}
        now = NOON + head.audit_sequence * SECOND
        said: dict[str, Any] = {"payload": {"x": 1}, "reason": "why", "evidence": evidence}
        entry = link(KEYS, head, ADA, "activate", "x", now=now, **said)
        tx.put(entry)
        tx.put(head.after(entry))

    for _ in range(n):
        store.transact(body)


def at(sequence: int, stream: str = STREAM) -> Ref:
    return Ref(AUDIT, f"{stream}~{sequence:09d}")


def read(store: Store, ref: Ref) -> dict[str, Any]:
    found = store.get(ref)
    assert found is not None
    return found.data


def fault(store: Store) -> tuple[str, str]:
    report = verify_audit(store, KEYS, STREAM)
    assert not report.valid
    assert report.entry in report.text
    return report.entry, report.fault


@pytest.fixture
def chain(store: Store) -> Store:
    append(store, 5)
    return store


def test_a_whole_chain_verifies(chain: Store) -> None:
    report = verify_audit(chain, KEYS, STREAM)
    assert (report.valid, report.entries) == (True, 5)
    require_valid(report)


def test_a_stream_without_entries_verifies(embedded: Store) -> None:
    assert verify_audit(embedded, KEYS, "nobody").valid


@pytest.mark.parametrize(
    "change",
    [{"actor": "eve"}, {"reason": ""}, {"to": "2.0.0"}, {"evidence": {}}, {"override": True}],
)
def test_a_changed_entry_is_named(chain: Store, change: dict[str, Any]) -> None:
    chain.set(at(3), read(chain, at(3)) | change)
    assert fault(chain) == (at(3).id, "changed")


def test_a_changed_hash_is_named(chain: Store) -> None:
    chain.set(at(3), read(chain, at(3)) | {"hash": "0" * 64})
    assert fault(chain) == (at(3).id, "changed")


def test_a_field_added_to_an_entry_is_a_change(chain: Store) -> None:
    chain.set(at(2), read(chain, at(2)) | {"approvedBy": "ada"})
    assert fault(chain) == (at(2).id, "changed")


def test_a_value_that_has_no_canonical_form_is_a_change(chain: Store) -> None:
    chain.set(at(2), read(chain, at(2)) | {"evidence": {"x": b"bytes"}})
    assert fault(chain) == (at(2).id, "changed")


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_removed_entry_is_named(chain: Store, sequence: int) -> None:
    chain.delete(at(sequence))
    assert fault(chain) == (at(sequence).id, "removed")


def test_a_chain_cut_off_at_its_end_names_the_first_entry_missing(chain: Store) -> None:
    chain.delete(at(4))
    chain.delete(at(5))
    assert fault(chain) == (at(4).id, "removed")


def test_a_chain_that_was_removed_whole_names_its_first_entry(chain: Store) -> None:
    for sequence in range(1, 6):
        chain.delete(at(sequence))
    assert fault(chain) == (at(1).id, "removed")


def test_an_entry_inserted_in_the_middle_is_named(chain: Store) -> None:
    forged = Ref(AUDIT, at(2).id + "5")
    chain.set(forged, read(chain, at(2)) | {"actor": "eve"})
    assert fault(chain) == (forged.id, "inserted")


def test_an_entry_inserted_before_the_first_is_named(chain: Store) -> None:
    chain.set(at(0), read(chain, at(1)) | {"sequence": 0})
    assert fault(chain) == (at(0).id, "inserted")


def test_an_entry_forged_behind_the_last_is_named(chain: Store) -> None:
    chain.set(at(6), read(chain, at(5)) | {"sequence": 6})
    assert fault(chain) == (at(6).id, "inserted")


def test_an_entry_of_another_stream_does_not_pass_for_ours(chain: Store) -> None:
    append(chain, 3, "other")
    chain.set(at(3), read(chain, at(3, "other")))
    assert fault(chain)[0] == at(3).id


def test_reordered_entries_are_named(chain: Store) -> None:
    second, third = read(chain, at(2)), read(chain, at(3))
    chain.set(at(2), third)
    chain.set(at(3), second)
    assert fault(chain) == (at(2).id, "reordered")


def test_reordered_entries_whose_numbers_were_mended_are_found(chain: Store) -> None:
    second, third = read(chain, at(2)), read(chain, at(3))
    chain.set(at(2), third | {"sequence": 2})
    chain.set(at(3), second | {"sequence": 3})
    assert fault(chain) == (at(2).id, "changed")


def test_an_entry_of_another_history_is_found_where_the_chain_breaks(chain: Store) -> None:
    """A true entry, signed when the store had been set back to a backup, takes another's place."""
    second = read(chain, at(2))
    head = ChainHead(id=STREAM, audit_sequence=2, audit_hash=second["hash"])
    other = link(KEYS, head, ADA, "rollback", "x", now=NOON, payload={})
    chain.set(at(3), other.to_map())
    assert fault(chain) == (at(4).id, "changed")


def test_a_chain_written_anew_under_another_key_is_found(chain: Store) -> None:
    report = verify_audit(chain, derive_keys("some other secret of 32 bytes..."), STREAM)
    assert (report.entry, report.fault) == (at(1).id, "changed")


def test_a_head_that_was_set_back_is_found(chain: Store) -> None:
    head = Ref(ChainHead.collection, STREAM)
    before = read(chain, head)
    chain.set(head, before | {"auditSequence": 3, "auditHash": read(chain, at(3))["hash"]})
    assert fault(chain) == (at(4).id, "inserted")
    chain.set(head, before | {"auditHash": "0" * 64})
    assert fault(chain) == (at(5).id, "changed")


def test_a_broken_chain_is_an_error_that_names_the_entry(embedded: Store) -> None:
    append(embedded, 2)
    embedded.delete(at(1))
    with pytest.raises(ChainBroken, match="router-core is broken") as caught:
        require_valid(verify_audit(embedded, KEYS, STREAM))
    assert caught.value.field == at(1).id


def test_streams_do_not_see_each_other(chain: Store) -> None:
    for name in ("router", "router-core-2", "router-cord"):
        append(chain, 2, name)
    assert verify_audit(chain, KEYS, STREAM).entries == 5
    assert [e.sequence for e in audit_log(chain, "router")] == [1, 2]
    assert audit_streams(chain) == ["router", "router-cord", STREAM, "router-core-2"]


def test_a_chain_verifies_while_entries_are_appended(chain: Store) -> None:
    done = threading.Event()

    def write() -> None:
        append(chain, 30)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reports = [verify_audit(chain, KEYS, STREAM)]
    while not done.is_set():
        reports.append(verify_audit(chain, KEYS, STREAM))
    writer.join()
    assert [report.text for report in reports if not report.valid] == []
    assert verify_audit(chain, KEYS, STREAM).entries == 35


def test_an_entry_appended_between_head_and_entries_is_no_forgery(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(embedded, 2)
    stream: Callable[..., Any] = embedded.stream
    late = iter([1])

    def overtaken(query: Any) -> Any:
        for _ in late:
            append(embedded)
        return stream(query)

    monkeypatch.setattr(embedded, "stream", overtaken)
    assert verify_audit(embedded, KEYS, STREAM).entries == 3


def test_the_head_says_where_a_stream_ends(embedded: Store) -> None:
    append(embedded, 2)
    head = read(embedded, Ref(ChainHead.collection, STREAM))
    assert (head["auditSequence"], head["auditHash"]) == (2, read(embedded, at(2))["hash"])

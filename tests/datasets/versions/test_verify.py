"""Verify: every kind of meddling with a version is named, and an untouched one has no fault."""

import json
from collections.abc import Callable

import pytest

from ratchet.datasets.freeze import freeze_golden, of_lines
from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.load import entries_of, ledger_of, load_version, signed
from ratchet.datasets.versions.manifest import manifest_bytes
from ratchet.datasets.versions.verify import verify_version
from ratchet.datasets.versions.version import DatasetVersion, Entry
from ratchet.kernel.errors import BadSignature
from ratchet.rollouts.golden.golden_set import GoldenTerms
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, content, fill, reader_of

Meddle = Callable[[MemoryBlobs, DatasetVersion], DatasetVersion]
KEY = "default@1.0.0"


def built(store: SqliteStore, blobs: MemoryBlobs) -> DatasetVersion:
    fill(store, blobs, range(30))
    build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON)
    return load_version(store, KEYS, KEY)


def put_version(store: SqliteStore, version: DatasetVersion) -> None:
    """Write a version as one would who has the key and makes a mistake."""
    store.set(Ref(version.collection, version.key()), signed(KEYS, version).to_map())


def test_a_version_as_it_was_built_has_no_fault(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    found = verify_version(embedded, blobs, KEYS, KEY)
    assert (found.valid, found.faults, found.golden) == (True, (), ())
    assert (found.examples, found.hash) == (30, version.hash)


def lost(part: Callable[[DatasetVersion], str]) -> Meddle:
    def meddle(blobs: MemoryBlobs, version: DatasetVersion) -> DatasetVersion:
        blobs.delete(part(version))
        return version

    return meddle


def entries(change: Callable[[list[Entry]], list[Entry]]) -> Meddle:
    def meddle(blobs: MemoryBlobs, version: DatasetVersion) -> DatasetVersion:
        rows = change(list(entries_of(blobs, version)))
        return version.model_copy(update={"manifest": blobs.put(manifest_bytes(rows))})

    return meddle


def ledger_without_one(blobs: MemoryBlobs, version: DatasetVersion) -> DatasetVersion:
    lines = sorted(ledger_of(blobs, version).lines.values())[1:]
    return version.model_copy(update={"ledger": blobs.put(Ledger.of(lines).to_bytes())})


def one_task(blobs: MemoryBlobs, version: DatasetVersion) -> DatasetVersion:
    lines = [line._replace(task="t") for line in ledger_of(blobs, version).lines.values()]
    return version.model_copy(update={"ledger": blobs.put(Ledger.of(lines).to_bytes())})


def other_words(blobs: MemoryBlobs, version: DatasetVersion) -> DatasetVersion:
    first, *rest = version.chunks
    data = blobs.get(first.sha256).replace(b"Answer ", b"Answers", 1)
    changed = first.model_copy(update={"sha256": blobs.put(data)})
    return version.model_copy(update={"chunks": (changed, *rest)})


@pytest.mark.parametrize(
    ("meddle", "where"),
    [
        (lost(lambda v: v.manifest), "manifest"),
        (lost(lambda v: v.ledger), "ledger"),
        (lost(lambda v: v.left_out_list), "leftOutList"),
        (lost(lambda v: v.chunks[0].sha256), "chunks.0"),
        (entries(lambda rows: rows[1:]), "statistics.examples"),
        (entries(lambda rows: [*rows, rows[0]]), "manifest"),
        (ledger_without_one, "id"),
        (one_task, "t"),
        (other_words, "id"),
        (lambda _, v: v.model_copy(update={"hash": "0" * 64}), "hash"),
        (lambda _, v: v.model_copy(update={"read": 31}), "read"),
        (lambda _, v: v.model_copy(update={"left_out": {"withdrawn": 1}}), "leftOut"),
        (lambda _, v: v.model_copy(update={"chunks": v.chunks[1:]}), "chunks"),
    ],
)
def test_what_is_lost_or_changed_is_named(
    meddle: Meddle, where: str, embedded: SqliteStore
) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    ids = {entry.id for entry in entries_of(blobs, version)}
    put_version(embedded, meddle(blobs, version))
    found = verify_version(embedded, blobs, KEYS, KEY)
    assert not found.valid
    places = {"id" if fault.where in ids else fault.where for fault in found.faults}
    assert where in places


def test_a_blob_that_holds_other_bytes_than_its_address_says_is_named(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    held = blobs._held[version.ledger]
    blobs._held[version.ledger] = (held[0] + b"\n", held[1])
    (fault,) = [f for f in verify_version(embedded, blobs, KEYS, KEY).faults if f.where == "ledger"]
    assert version.ledger in fault.text


def test_a_document_that_was_changed_by_hand_is_refused(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    embedded.set(Ref(version.collection, KEY), version.to_map() | {"read": 31})
    with pytest.raises(BadSignature):
        verify_version(embedded, blobs, KEYS, KEY)


def test_what_a_later_golden_set_holds_is_told_and_the_next_version_is_without_it(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    near = next(e for e in entries_of(blobs, version) if e.split == "validation")
    i = int(near.source_id.removeprefix("trace-"))
    rows = [content(i).to_map() | {"output": content(i).output + " And on."}, content(99).to_map()]
    lines = of_lines(json.dumps(row).encode() for row in rows)
    terms = GoldenTerms(metric="accuracy", budget=3)
    freeze_golden(embedded, blobs, KEYS, ADA, "gold", lines, terms, reason="test", now=NOON)
    found = verify_version(embedded, blobs, KEYS, KEY)
    assert (found.valid, found.golden, found.measured) == (True, (), (near.id,))
    after = build_dataset(embedded, blobs, KEYS, reader_of(embedded), ADA, "default", now=NOON)
    assert after.left_out == {"golden-overlap": 1}
    assert verify_version(embedded, blobs, KEYS, after.version).measured == ()


def test_of_very_many_faults_so_many_are_shown_and_the_others_counted(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    version = built(embedded, blobs)
    # Each of 30 examples stands there three times, without a line in the ledger, and with words
    # that it has not.
    rows = [e.model_copy(update={"content": "0" * 64}) for e in entries_of(blobs, version)]
    rows = [e.model_copy(update={"group": f"{n:064x}"}) for n in range(3) for e in rows]
    lists = {"ledger": blobs.put(b""), "manifest": blobs.put(manifest_bytes(rows))}
    put_version(embedded, version.model_copy(update=lists))
    found = verify_version(embedded, blobs, KEYS, KEY)
    assert len(found.faults) == 100
    assert found.more > 0

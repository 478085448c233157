"""Faults of a build: death after any call, two at once; one version, the same, and never a half."""

import threading
from typing import Any, Literal

import pytest

from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.load import list_versions, load_head
from ratchet.datasets.versions.progress import read_progress
from ratchet.datasets.versions.verify import verify_version
from ratchet.datasets.versions.version import dataset_stream
from ratchet.govern.audit import audit_log, verify_audit
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.silver import ADA, KEYS, NOON, content, fill, put_example, reader_of

When = Literal["before", "after"]


def build(store: Store, blobs: Blobs) -> Any:
    return build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON)


def silver() -> tuple[SqliteStore, MemoryBlobs]:
    """Return examples that are kept, doubled, in doubt, or have words that are not redacted."""
    store, blobs = SqliteStore(), MemoryBlobs()
    fill(store, blobs, range(6))
    put_example(store, blobs, 7, content(1))
    put_example(store, blobs, 8, quality=60.0)
    put_example(store, blobs, 9, redaction=None)
    return store, blobs


def undisturbed() -> tuple[str, int, int]:
    """Return the hash of an undisturbed build, and how often it calls the store and the blobs."""
    store, blobs = silver()
    faulty, counted = FaultyStore(store), FaultyBlobs(blobs)
    built = build(faulty, counted)
    store.close()
    return built.hash, faulty.calls, counted.calls


def check(store: Store, blobs: Blobs, wanted: str) -> None:
    """Check that there is one version, whole, with its head and one entry, or none of these."""
    versions, head = list_versions(store, KEYS, "default"), load_head(store, "default")
    entries = list(audit_log(store, dataset_stream("default")))
    assert len(versions) == len(entries) == (1 if head else 0)
    for version in versions:
        assert head is not None
        assert (head.latest, head.hash, version.hash) == (version.version, wanted, wanted)
        assert verify_version(store, blobs, KEYS, version.key()).faults == ()
    assert verify_audit(store, KEYS, dataset_stream("default")).valid


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["store", "blobs"])
def test_a_build_that_dies_at_any_call_leaves_nothing_half_and_is_done_again_to_the_same_end(
    what: str, when: When
) -> None:
    wanted, store_calls, blob_calls = undisturbed()
    for die_at in range(1, (store_calls if what == "store" else blob_calls) + 1):
        store, blobs = silver()
        dying: Store = FaultyStore(store, die_at, when) if what == "store" else store
        losing: Blobs = FaultyBlobs(blobs, die_at, when) if what == "blobs" else blobs
        with pytest.raises(Died):
            build(dying, losing)
        check(store, blobs, wanted)
        built = build(store, blobs)
        assert built.hash == wanted
        assert (built.read, sum(built.left_out.values())) == (9, 2)
        assert load_head(store, "default") is not None
        check(store, blobs, wanted)
        assert read_progress(store, "default") is None
        store.close()


def test_a_build_takes_up_what_one_that_died_had_measured() -> None:
    store, blobs = silver()

    def die(stage: str, done: int, total: int) -> None:
        if stage == "assemble":
            raise Died

    with pytest.raises(Died):
        build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON, tell=die)
    left = read_progress(store, "default")
    assert left is not None
    assert (left.stage, left.total, len(left.parts)) == ("assemble", 9, 1)
    counted, gets = FaultyBlobs(blobs), list[int]()

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "prepare":
            gets.append(counted.log.count("get"))

    build_dataset(store, counted, KEYS, reader_of(store), ADA, "default", now=NOON, tell=tell)
    assert gets == [1 + 1]  # what was measured, and the words that silver has not redacted


def test_two_builders_at_once_make_one_version(store: Store) -> None:
    blobs = MemoryBlobs()
    fill(store, blobs, range(12))
    start, built = threading.Barrier(2), list[Any]()

    def run() -> None:
        start.wait()
        built.append(build(store, blobs))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.version for one in built} == {"default@1.0.0"}
    assert sorted(one.new for one in built) == [False, True]
    check(store, blobs, built[0].hash)

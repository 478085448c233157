"""Overlap: what equals or nearly equals a golden or test example is found, and nothing is lost."""

import pytest

from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.dedupe.signature import signature_of
from ratchet.datasets.example import Content
from ratchet.datasets.guard.guarded_set import GuardedSet, Probe
from ratchet.datasets.guard.overlap import Guarded, MeasuredSet, guarded_of
from ratchet.kernel.errors import BadSignature, NotFound, NotWhole
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS, GoldenEntry, GoldenTerms
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.curated import id_of
from tests.support.governed import ADA, KEYS, NOON
from tests.support.repeated import edited, text
from tests.support.small_version import said, small_version

WORDS = {f"g{i}": Content(input=text(i), output="It is so.") for i in range(3)}


def freeze(store: Store, blobs: MemoryBlobs, name: str = "airline") -> None:
    entries = [
        GoldenEntry(id=key, content=blobs.put(words.to_bytes()), normal=normal_hash(words))
        for key, words in WORDS.items()
    ]
    create_golden(
        store,
        blobs,
        KEYS,
        ADA,
        name,
        entries,
        GoldenTerms(metric="success", budget=3),
        source="of the tests",
        dedupe="1",
        reason="test",
        now=NOON,
    )


def overlaps(guarded: Guarded, new: dict[str, Content]) -> dict[str, str]:
    probes = [Probe(k, normal_hash(c), signature_of(normal_text(c))) for k, c in new.items()]
    found = guarded.overlaps(probes, lambda name: normal_text(new[name]), 0.8)
    return {name: str(reason) for name, reason in found.items()}


def near(words: Content, changes: int = 2) -> Content:
    return Content(input=edited(words.input, changes), output=words.output)


NEW = {
    "equal": Content(input=WORDS["g0"].input.upper(), output="It  is so."),
    "near": near(WORDS["g1"]),
    "g2": Content(input="another text by now", output="of the same example"),
    "edited": near(WORDS["g1"], 15),
    "other": Content(input=text(50), output="It is so."),
    "in-test": said("of-others"),
    "in-train": said("learnt"),
    "in-own-test": said("own"),
}


def test_equal_near_and_same_examples_of_golden_sets_and_others_tests_overlap(
    store: Store,
) -> None:
    blobs = MemoryBlobs()
    freeze(store, blobs)
    small_version(store, blobs, {"of-others": "test", "learnt": "train"}, dataset="others")
    small_version(store, blobs, {"own": "test"}, dataset="default")
    known = {
        "equal": "golden-overlap",
        "near": "golden-overlap",
        "g2": "golden-overlap",
        "in-test": "test-overlap",
    }
    assert overlaps(guarded_of(store, blobs, KEYS, "default"), NEW) == known
    assert overlaps(guarded_of(store, blobs, KEYS, "default"), NEW) == known  # from what is kept


def test_only_the_latest_version_of_another_dataset_counts(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    small_version(embedded, blobs, {"of-others": "test"}, dataset="others")
    small_version(embedded, blobs, {"later": "test"}, dataset="others", number="1.0.1")
    new = {"old": said("of-others"), "new": said("later")}
    assert overlaps(guarded_of(embedded, blobs, KEYS, "d"), new) == {"new": "test-overlap"}


def test_nothing_is_guarded_where_there_is_nothing(embedded: SqliteStore) -> None:
    assert guarded_of(embedded, MemoryBlobs(), KEYS, "default") == Guarded()
    assert overlaps(Guarded(), NEW) == {}


def test_words_are_read_once_and_again_where_what_was_measured_is_gone_or_changed(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    freeze(embedded, blobs)
    guarded_of(embedded, blobs, KEYS, "default")
    (kept,) = embedded.query(Query(MeasuredSet.collection))
    one = blobs.put(WORDS["g0"].to_bytes())
    words = blobs.get(one)
    blobs.delete(one)
    assert overlaps(guarded_of(embedded, blobs, KEYS, "default"), NEW)["equal"] == "golden-overlap"
    # Nobody swaps it by hand for one that guards nothing: it is under a seal.
    empty = blobs.put(GuardedSet.of([]).to_bytes())
    embedded.set(kept.ref, kept.data | {"blob": empty})
    with pytest.raises(NotFound):
        guarded_of(embedded, blobs, KEYS, "default")
    blobs.put(words)
    blobs.delete(kept.data["blob"])
    assert overlaps(guarded_of(embedded, blobs, KEYS, "default"), NEW)["near"] == "golden-overlap"
    assert embedded.query(Query(MeasuredSet.collection)) == [embedded.get(kept.ref)]
    assert blobs.has(kept.data["blob"])


def test_a_test_example_whose_words_silver_let_go_is_read_from_its_version(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    version = small_version(embedded, blobs, {"a": "test", "b": "test"}, dataset="others")
    blobs.delete(blobs.put(said("b").to_bytes()))
    new = {"near": Content(input=said("b").input + "?", output=said("b").output)}
    assert version.key() == "others@1.0.0"
    assert overlaps(guarded_of(embedded, blobs, KEYS, "d"), new) == {"near": "test-overlap"}


def test_a_golden_set_that_was_changed_stops_the_build(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    freeze(embedded, blobs)
    found = embedded.get(Ref(GOLDEN_SETS, "airline"))
    assert found is not None
    embedded.set(found.ref, found.data | {"examples": 2})
    with pytest.raises(BadSignature):
        guarded_of(embedded, blobs, KEYS, "default")


def test_a_guarded_set_is_the_same_from_its_bytes_and_other_bytes_are_none() -> None:
    made = GuardedSet.of((key, id_of(key), words) for key, words in WORDS.items())
    again = GuardedSet.from_bytes(made.to_bytes())
    assert (again.rows, again.index.ids) == (made.rows, tuple(WORDS))
    assert again.to_bytes() == made.to_bytes()
    for broken in (b"", b"{\n", b"[1]\n", made.to_bytes()[:-8]):
        with pytest.raises(NotWhole):
            GuardedSet.from_bytes(broken)

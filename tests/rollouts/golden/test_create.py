"""Freezing a golden set: once, by a person, with no example twice."""

import pytest

from ratchet.kernel.errors import (
    AlreadyExists,
    BadSignature,
    ChainBroken,
    Forbidden,
    InvalidInput,
)
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS, GoldenTerms, golden_stream
from ratchet.rollouts.golden.read import entries_of, get_golden
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from tests.support import golden_sets
from tests.support.golden_sets import NAME, example_ids, frozen_set
from tests.support.governed import ADA, KEYS, NOON, ROBOT, TUNER, entries


def test_a_set_is_frozen_with_its_examples_and_audited(store: Store) -> None:
    blobs = MemoryBlobs()
    golden = frozen_set(store, blobs)
    assert get_golden(store, KEYS, NAME) == golden
    assert [entry.id for entry in entries_of(blobs, golden)] == example_ids(4)
    (entry,) = entries(store, golden_stream(NAME))
    assert (entry.action, entry.id, entry.to, entry.reason) == (
        "freeze",
        NAME,
        golden.entries,
        "test",
    )


def test_the_same_again_changes_nothing_and_anything_else_is_refused(embedded: Store) -> None:
    blobs = MemoryBlobs()
    golden = frozen_set(embedded, blobs)
    assert frozen_set(embedded, blobs) == golden
    for change in ({"n": 5}, {"budget": 4}, {"direction": "lower"}):
        with pytest.raises(AlreadyExists, match="is frozen"):
            frozen_set(embedded, blobs, **change)
    assert len(entries(embedded, golden_stream(NAME))) == 1


def test_no_example_is_there_twice_by_name_or_by_words(embedded: Store) -> None:
    blobs = MemoryBlobs()
    first, second, *_ = golden_sets.entries_of(blobs, 4)
    terms = GoldenTerms(metric="success", budget=1)
    for twin, field in (
        (second.model_copy(update={"id": first.id}), "examples.id"),
        (second.model_copy(update={"normal": first.normal}), "examples.normal"),
    ):
        with pytest.raises(InvalidInput, match="are the same") as caught:
            create_golden(
                embedded,
                blobs,
                KEYS,
                ADA,
                NAME,
                [first, twin],
                terms,
                source="",
                dedupe="1",
                reason="test",
                now=NOON,
            )
        assert caught.value.field == field


def test_one_example_is_no_set(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match="2 to 20000 examples, not 1"):
        frozen_set(embedded, MemoryBlobs(), 1)


def test_no_machine_freezes_a_set(embedded: Store) -> None:
    for actor in (TUNER, ROBOT):
        with pytest.raises(Forbidden):
            frozen_set(embedded, MemoryBlobs(), actor=actor)
    assert embedded.query(Query(GOLDEN_SETS)) == []


def test_a_name_that_would_be_another_key_is_refused(embedded: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        frozen_set(embedded, MemoryBlobs(), name="a~b")
    assert caught.value.field == "name"


def test_a_set_changed_by_hand_is_refused(embedded: Store) -> None:
    blobs = MemoryBlobs()
    golden = frozen_set(embedded, blobs)
    easier = golden.to_map()
    easier["terms"] = easier["terms"] | {"budget": 1000}
    embedded.set(Ref(GOLDEN_SETS, NAME), easier)
    with pytest.raises(BadSignature, match="changed by hand"):
        get_golden(embedded, KEYS, NAME)
    with pytest.raises(BadSignature):
        frozen_set(embedded, blobs)


def test_a_deleted_set_does_not_begin_anew_over_its_chain(embedded: Store) -> None:
    blobs = MemoryBlobs()
    frozen_set(embedded, blobs)
    embedded.delete(Ref(GOLDEN_SETS, NAME))
    embedded.delete(Ref("ops_policy_heads", golden_stream(NAME)))
    with pytest.raises(ChainBroken):
        frozen_set(embedded, blobs)

"""Verifying a golden set: whatever was taken out, added or changed is named."""

from collections.abc import Callable

import pytest

from ratchet.kernel.errors import NotWhole
from ratchet.rollouts.golden.exposure import EXPOSURES, GoldenStanding
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS, GoldenSet
from ratchet.rollouts.golden.read import entries_of, get_golden, golden_sets, latest_exposure
from ratchet.rollouts.golden.show import golden_head
from ratchet.rollouts.golden.verify import verify_golden
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from tests.support.golden_sets import NAME, TRIED, expose, frozen_set, scores
from tests.support.governed import KEYS
from tests.support.turns import drafted

SECOND = Ref(EXPOSURES, "airline~000002")


def looked_at(store: Store, blobs: MemoryBlobs) -> GoldenSet:
    """Freeze a set, and look at it twice."""
    drafted(store)
    golden = frozen_set(store, blobs)
    expose(store, blobs, scores(4))
    expose(store, blobs, scores(4, 1))
    return golden


def better(store: Store) -> None:
    found = store.get(SECOND)
    assert found is not None
    found.data["result"]["scores"]["mean"] = 1.0
    store.set(SECOND, found.data)


def fewer(store: Store) -> None:
    head = golden_head(store, NAME).model_copy(update={"exposures": 1})
    store.set(Ref(head.collection, head.id), head.to_map())


def test_a_set_that_nobody_touched_holds(store: Store) -> None:
    blobs = MemoryBlobs()
    looked_at(store, blobs)
    found = verify_golden(store, blobs, KEYS, NAME)
    assert found.valid
    assert (found.examples, found.exposures, found.budget) == (4, 2, 3)


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (better, "ops_golden_exposures/airline~000002 is not what was sealed"),
        (lambda store: store.delete(SECOND), "airline~000002 is missing, or not counted"),
        (fewer, "airline~000002 is missing, or not counted"),
        (lambda store: store.delete(Ref("ops_audit", "golden:airline~000000002")), "was removed"),
    ],
)
def test_a_look_that_was_changed_or_taken_out_is_named(
    embedded: Store, tamper: Callable[[Store], None], told: str
) -> None:
    blobs = MemoryBlobs()
    looked_at(embedded, blobs)
    tamper(embedded)
    found = verify_golden(embedded, blobs, KEYS, NAME)
    assert not found.valid
    assert any(told in fault for fault in found.faults)


def test_examples_and_scores_that_are_gone_are_named(embedded: Store) -> None:
    blobs = MemoryBlobs()
    golden = looked_at(embedded, blobs)
    blobs.delete(entries_of(blobs, golden)[2].content)
    look = latest_exposure(embedded, KEYS, NAME, TRIED)
    assert look is not None
    blobs.delete(look.scores)
    faults = verify_golden(embedded, blobs, KEYS, NAME).faults
    assert [fault.partition(":")[0] for fault in faults] == ["e00002", "airline~000002"]
    blobs.delete(golden.entries)
    assert golden.entries in verify_golden(embedded, blobs, KEYS, NAME).faults[0]


def test_a_list_of_other_length_than_was_frozen_is_refused(embedded: Store) -> None:
    blobs = MemoryBlobs()
    golden = frozen_set(embedded, blobs)
    other = golden.model_copy(update={"entries": blobs.put(b"{}\n")})
    with pytest.raises(NotWhole, match="has 4 examples, its list 1"):
        entries_of(blobs, other)


def test_a_broken_set_is_told_beside_those_that_hold(embedded: Store) -> None:
    blobs = MemoryBlobs()
    frozen_set(embedded, blobs)
    other = frozen_set(embedded, blobs, name="bookings")
    spoiled = get_golden(embedded, KEYS, NAME).to_map() | {"source": "elsewhere"}
    embedded.set(Ref(GOLDEN_SETS, NAME), spoiled)
    told: list[str] = []
    assert golden_sets(embedded, KEYS, lambda error: told.append(str(error))) == [other]
    assert NAME in told[0]


def test_a_standing_moved_to_another_version_is_refused(embedded: Store) -> None:
    blobs = MemoryBlobs()
    looked_at(embedded, blobs)
    found = embedded.get(Ref(GoldenStanding.collection, f"{NAME}~{TRIED}"))
    assert found is not None
    embedded.set(Ref(GoldenStanding.collection, f"{NAME}~router-core@1.0.0"), found.data)
    with pytest.raises(Exception, match="changed by hand"):
        latest_exposure(embedded, KEYS, NAME, "router-core@1.0.0")

"""The fence: what is withdrawn or frozen while a build runs is in no version that comes later."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from ratchet.datasets.freeze import Source, freeze_golden, of_examples
from ratchet.datasets.versions.build import Built, build_dataset
from ratchet.datasets.versions.load import list_versions
from ratchet.datasets.versions.withdraw import withdraw_examples
from ratchet.kernel.errors import Conflict, Contaminated
from ratchet.labels.withdraw import withdraw_label
from ratchet.rollouts.golden.golden_set import GoldenTerms
from ratchet.rollouts.golden.read import golden_sets
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from ratchet.store.transact import Transaction
from tests.support.collecting import World
from tests.support.silver import ADA, KEYS, NOON, fill, reader_of

T = TypeVar("T")
TERMS = GoldenTerms(metric="success", budget=5)


def build(store: Store, blobs: MemoryBlobs, meanwhile: Callable[[], object] | None = None) -> Built:
    """Build; what happens meanwhile happens once all examples were read."""
    waiting = [meanwhile] if meanwhile else []

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "write" and waiting:
            waiting.pop()()

    return build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON, tell=tell)


def freeze(store: Store, blobs: MemoryBlobs, source: Source) -> None:
    freeze_golden(store, blobs, KEYS, ADA, "airline", source, TERMS, reason="test", now=NOON)


def test_an_example_whose_label_is_withdrawn_during_a_build_is_in_no_version(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    world = World(embedded, blobs)
    fill(embedded, blobs, range(3))
    embedded.set(Ref("tickets", "t1"), {"text": "My flight is late, what can I do?"})
    said = world.label("t1", features_ref="tickets/t1")
    world.collect()

    def withdrawn() -> None:
        withdraw_label(embedded, KEYS, ADA, said.key(), reason="wrong", now=world.clock())
        assert world.collect().sources["labels"].withdrawn == 1

    with pytest.raises(Conflict):
        build(embedded, blobs, withdrawn)
    assert list_versions(embedded, KEYS, "default") == []
    assert build(embedded, blobs).read == 4


def test_what_is_frozen_during_a_build_is_in_no_version(store: Store) -> None:
    blobs = MemoryBlobs()
    ids = [one.id for one in fill(store, blobs, range(6))]
    with pytest.raises(Conflict):
        build(store, blobs, lambda: freeze(store, blobs, of_examples(store, blobs, ids[:2])))
    assert list_versions(store, KEYS, "default") == []
    assert build(store, blobs).left_out == {"golden-overlap": 2}


class Late(SqliteStore):
    """A store in which something happens after each look of the first transaction in turn."""

    def __init__(self, look: int) -> None:
        super().__init__()
        self.look = look
        self.meanwhile: Callable[[], object] | None = None
        self.inside = False

    def transact(self, body: Callable[[Transaction], T], *, self_checking: bool = False) -> T:
        self.inside = self.meanwhile is not None
        return super().transact(body, self_checking=self_checking)

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        found = super().get_many(refs)
        self._looked()
        return found

    def query(self, query: Query) -> list[Snapshot]:
        found = super().query(query)
        self._looked()
        return found

    def _looked(self) -> None:
        self.look -= self.inside
        if self.look == 0 and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()


@pytest.mark.parametrize("look", [1, 2, 3])
def test_a_version_committed_while_versions_are_looked_at_is_named_by_the_withdrawal(
    look: int,
) -> None:
    store, blobs = Late(look), MemoryBlobs()
    made = fill(store, blobs, range(3))
    store.meanwhile = lambda: build(store, blobs)
    told = withdraw_examples(store, blobs, KEYS, ADA, [made[0].id], reason="asked", now=NOON)
    assert store.look <= 0
    assert told.versions == {"default@1.0.0": (made[0].id,)}
    store.close()


def test_what_a_version_began_to_train_on_while_it_was_frozen_is_not_frozen(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = MemoryBlobs()
    ids = [one.id for one in fill(embedded, blobs, range(6))]
    source, transact = of_examples(embedded, blobs, ids), embedded.transact
    waiting = [lambda: build(embedded, blobs)]

    def late(body: object, **options: bool) -> object:
        if waiting:
            waiting.pop()()
        return transact(body, **options)  # type: ignore[arg-type]  # whatever the body is

    monkeypatch.setattr(embedded, "transact", late)
    with pytest.raises(Conflict):
        freeze(embedded, blobs, source)
    assert golden_sets(embedded, KEYS) == []
    with pytest.raises(Contaminated):
        freeze(embedded, blobs, source)

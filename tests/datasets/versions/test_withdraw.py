"""Withdraw: all or nothing, audited, and every version that holds an example is named."""

from typing import Literal

import pytest

from ratchet.datasets.example import Example
from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.load import load_version
from ratchet.datasets.versions.version import dataset_stream
from ratchet.datasets.versions.withdraw import (
    MOST,
    WITHDRAWN,
    Withdrawn,
    withdraw_examples,
    withdrawn_of,
)
from ratchet.govern.audit import audit_log, verify_audit
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.silver import ADA, KEYS, NOON, fill, put_example, reader_of, set_specs


def withdraw(
    store: Store, blobs: MemoryBlobs, *ids: str, actor: Actor = ADA, reason: str = "they asked"
) -> Withdrawn:
    return withdraw_examples(store, blobs, KEYS, actor, ids, reason=reason, now=NOON)


def build(store: Store, blobs: MemoryBlobs, dataset: str) -> None:
    build_dataset(store, blobs, KEYS, reader_of(store), ADA, dataset, now=NOON)


def stored(store: Store, key: str) -> Example:
    found = store.get(Ref(Example.collection, key))
    assert found is not None
    return Example.from_store(found.data)


def test_who_withdrew_what_and_why_is_marked_and_stands_on_the_chains_of_its_holders(
    store: Store,
) -> None:
    blobs = MemoryBlobs()
    made = fill(store, blobs, range(10))
    set_specs(store, all=DatasetSpec(), trips=DatasetSpec(domains=("travel",)))
    build(store, blobs, "all")
    build(store, blobs, "trips")
    fill(store, blobs, [10])
    build(store, blobs, "all")
    told = withdraw(store, blobs, made[1].id, made[0].id)
    assert told.withdrawn == (made[1].id, made[0].id)
    assert set(told.versions) >= {"all@1.0.0", "all@1.0.1"}
    assert set(told.versions["all@1.0.0"]) == {made[0].id, made[1].id}
    marked = stored(store, made[0].id)
    assert (marked.withdrawn_by, marked.withdrawn_reason, marked.withdrawn_at) == (
        "ada",
        "they asked",
        NOON,
    )
    assert not marked.kept
    for stream in (WITHDRAWN, dataset_stream("all")):
        *_, entry = audit_log(store, stream)
        assert (entry.action, entry.actor, entry.reason) == ("withdraw", "ada", "they asked")
        assert entry.evidence["examples"] == sorted([made[0].id, made[1].id])
        assert verify_audit(store, KEYS, stream).valid


def test_a_version_is_asked_for_what_was_withdrawn_of_it_by_a_person_or_by_its_label(
    store: Store,
) -> None:
    blobs = MemoryBlobs()
    made = fill(store, blobs, range(6))
    build(store, blobs, "default")
    version = load_version(store, KEYS, "default@1.0.0")
    assert withdrawn_of(store, blobs, version) == []
    withdraw(store, blobs, made[0].id)
    store.delete(Ref(Example.collection, made[0].id))  # it expired
    unlabelled = made[3].model_copy(update={"withdrawn_at": NOON})
    store.set(Ref(Example.collection, made[3].id), unlabelled.to_map())
    put_example(store, blobs, 9, withdrawn_at=NOON)  # in no version
    assert set(withdrawn_of(store, blobs, version)) == {made[0].id, made[3].id}


def test_an_unknown_id_is_named_and_nothing_is_withdrawn(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(2))
    with pytest.raises(NotFound, match="no-such, nor-this"):
        withdraw(embedded, blobs, made[0].id, "no-such", "nor-this")
    assert stored(embedded, made[0].id).kept
    assert list(audit_log(embedded, WITHDRAWN)) == []


def test_what_no_version_holds_is_audited_too_and_twice_changes_nothing(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    (made,) = fill(embedded, blobs, [1])
    assert withdraw(embedded, blobs, made.id, made.id).withdrawn == (made.id,)
    again = withdraw(embedded, blobs, made.id, reason="again")
    assert (again.withdrawn, again.already) == ((), (made.id,))
    assert stored(embedded, made.id).withdrawn_reason == "they asked"
    assert len(list(audit_log(embedded, WITHDRAWN))) == 1


def test_what_silver_no_longer_has_is_still_found_in_versions(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(3))
    build(embedded, blobs, "default")
    embedded.delete(Ref(Example.collection, made[0].id))
    told = withdraw(embedded, blobs, made[0].id)
    assert (told.withdrawn, told.expired) == ((), (made[0].id,))
    assert told.versions == {"default@1.0.0": (made[0].id,)}


def test_a_version_that_comes_while_examples_are_withdrawn_is_named(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(3))
    transact = embedded.transact
    datasets = iter(["default"])

    def late(body: object, **options: bool) -> object:
        for dataset in datasets:
            build(embedded, blobs, dataset)
        return transact(body, **options)  # type: ignore[arg-type]  # whatever the body is

    monkeypatch.setattr(embedded, "transact", late)
    assert withdraw(embedded, blobs, made[0].id).versions == {"default@1.0.0": (made[0].id,)}


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_dies_while_withdrawing_leaves_all_of_it_or_nothing(
    when: Literal["before", "after"],
) -> None:
    def silver() -> tuple[SqliteStore, MemoryBlobs, list[str]]:
        store, blobs = SqliteStore(), MemoryBlobs()
        ids = [one.id for one in fill(store, blobs, range(3))]
        build(store, blobs, "default")
        return store, blobs, ids[:2]

    store, blobs, ids = silver()
    counting = FaultyStore(store)
    withdraw(counting, blobs, *ids)
    for die_at in range(1, counting.calls + 1):
        store, blobs, ids = silver()
        with pytest.raises(Died):
            withdraw(FaultyStore(store, die_at, when), blobs, *ids)
        done = [not stored(store, key).kept for key in ids]
        entries = [
            [e.action for e in audit_log(store, name)].count("withdraw")
            for name in (WITHDRAWN, dataset_stream("default"))
        ]
        assert (done, entries) in (([False] * 2, [0, 0]), ([True] * 2, [1, 1]))
        told = withdraw(store, blobs, *ids)
        assert {*told.withdrawn, *told.already} == set(ids)
        assert verify_audit(store, KEYS, WITHDRAWN).valid
        store.close()


def test_an_admin_with_a_reason_withdraws_so_many_at_once(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    (made,) = fill(embedded, blobs, [1])
    with pytest.raises(Forbidden):
        withdraw(embedded, blobs, made.id, actor=Actor(name="eve", kind="person", role="service"))
    with pytest.raises(InvalidInput) as why:
        withdraw(embedded, blobs, made.id, reason=" ")
    assert why.value.field == "reason"
    for ids in ([], [f"e{i}" for i in range(MOST + 1)]):
        with pytest.raises(InvalidInput) as many:
            withdraw(embedded, blobs, *ids)
        assert many.value.field == "ids"
    assert stored(embedded, made.id).kept


def test_what_was_withdrawn_stays_so_when_silver_has_forgotten_it_and_it_is_sent_again(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(4))
    build(embedded, blobs, "default")
    withdraw(embedded, blobs, made[0].id)
    for one in made[:2]:
        embedded.delete(Ref(Example.collection, one.id))
    assert withdraw(embedded, blobs, made[1].id).expired == (made[1].id,)
    assert withdraw(embedded, blobs, made[1].id).expired == (made[1].id,)
    assert len(list(audit_log(embedded, WITHDRAWN))) == 2
    fill(embedded, blobs, range(4))
    build(embedded, blobs, "default")
    version = load_version(embedded, KEYS, "default@1.0.1")
    assert version.left_out == {"withdrawn": 2}
    assert verify_audit(embedded, KEYS, dataset_stream("default")).valid


def test_an_example_that_was_broken_by_hand_is_withdrawn_as_well(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(3))
    embedded.set(Ref(Example.collection, made[0].id), made[0].to_map() | {"quality": "high"})
    assert withdraw(embedded, blobs, made[0].id).withdrawn == (made[0].id,)
    assert withdraw(embedded, blobs, made[0].id).already == (made[0].id,)
    fill(embedded, blobs, [0])
    build(embedded, blobs, "default")
    assert load_version(embedded, KEYS, "default@1.0.0").left_out == {"withdrawn": 1}

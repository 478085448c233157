"""Diff: what came, what went and why, whose words changed, and that nothing moved."""

from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.diff import diff_versions
from ratchet.datasets.versions.withdraw import withdraw_examples
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, content, fill, put_example, reader_of, set_specs


def test_a_diff_names_every_change_by_example_and_counts_reasons(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(10))

    def build() -> str:
        reader = reader_of(embedded)
        return build_dataset(embedded, blobs, KEYS, reader, ADA, "default", now=NOON).version

    was = build()
    (new,) = fill(embedded, blobs, [20])
    put_example(embedded, blobs, 2, content(77))
    withdraw_examples(embedded, blobs, KEYS, ADA, [made[3].id], reason="no", now=NOON)
    embedded.delete(Ref(made[4].collection, made[4].id))
    now = build()
    found = diff_versions(embedded, blobs, KEYS, was, now)
    assert (found.was, found.now) == ("default@1.0.0", "default@1.0.1")
    assert found.added == (new.id,)
    assert found.changed == (made[2].id,)
    assert {one.id: one.reason for one in found.removed} == {
        made[3].id: "withdrawn",
        made[4].id: "gone",
    }
    assert found.reasons == {"gone": 1, "withdrawn": 1}
    assert (found.same, found.moved, found.spec, found.codes) == (7, (), False, False)
    back = diff_versions(embedded, blobs, KEYS, now, was)
    assert set(back.added) == {made[3].id, made[4].id}
    set_specs(embedded, default=DatasetSpec(size=9))
    assert diff_versions(embedded, blobs, KEYS, now, build()).spec
    nothing = diff_versions(embedded, blobs, KEYS, now, now)
    assert (nothing.added, nothing.removed, nothing.changed, nothing.same) == ((), (), (), 9)

"""Read: ranges of ids together are all that the collector kept, each once."""

from ratchet.datasets.versions.read import PAGE_BYTES, kept_between, pages_of
from ratchet.kernel.errors import RatchetError
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from tests.support.silver import fill


def test_an_id_on_a_border_lies_in_one_range(store: Store) -> None:
    (one,) = fill(store, MemoryBlobs(), [1])
    for key in ("3", "30", "7f", "80", "80a", "zz"):
        store.set(Ref(one.collection, key), one.to_map())
    store.delete(Ref(one.collection, one.id))
    store.set(Ref(one.collection, "81"), one.to_map() | {"reason": "low-quality"})
    ranges = [("", "30"), ("30", "80"), ("80", "")]
    found = [[s.ref.id for s in kept_between(store, *bounds)] for bounds in ranges]
    assert found == [["3", "30"], ["7f", "80"], ["80a", "zz"]]


def test_a_page_holds_as_many_examples_as_memory_has_room_for_their_words(store: Store) -> None:
    fill(store, MemoryBlobs(), range(5), content_bytes=PAGE_BYTES // 2)
    pages = pages_of(kept_between(store, "", ""), {})
    assert [len(page) for page in pages] == [2, 2, 1]


def test_a_document_that_does_not_parse_is_named_and_the_others_are_given(store: Store) -> None:
    made = sorted(fill(store, MemoryBlobs(), [1, 2, 3]), key=lambda one: one.id)
    store.set(Ref(made[1].collection, made[1].id), made[1].to_map() | {"difficulty": 7})
    unreadable: dict[str, RatchetError] = {}
    (page,) = pages_of(kept_between(store, "", ""), unreadable)
    assert page == [made[0], made[2]]
    assert unreadable.keys() == {made[1].id}

"""Prepare: one example at a time; kept measures are those that were made, to the bit."""

import numpy as np

from ratchet.datasets.example import Content, Redaction
from ratchet.datasets.versions.index import index_bytes, known_key, read_index, write_index
from ratchet.datasets.versions.prepare import MEASURES, PreparedAll, mapped, prepare_page
from ratchet.datasets.versions.prepared import Prepared
from ratchet.kernel.errors import NotFound
from ratchet.store.memory_blobs import MemoryBlobs
from tests.support.silver import content, example, words


def page(blobs: MemoryBlobs, *made: object, known: object = None) -> PreparedAll:
    with mapped(1) as measured:
        return prepare_page(blobs, made, known or {}, measured)  # type: ignore[arg-type]  # examples


def same(one: Prepared, other: Prepared) -> bool:
    arrays = ("signature", "vector")
    plain = ("example", "content", "normal", "redactions", "tokens")
    return all(getattr(one, n) == getattr(other, n) for n in plain) and all(
        np.array_equal(getattr(one, n), getattr(other, n))
        and getattr(one, n).dtype == getattr(other, n).dtype
        for n in arrays
    )


def test_measures_read_back_to_the_bit_and_only_by_the_same_code() -> None:
    blobs = MemoryBlobs()
    made = [example(i, content(i)) for i in range(5)]
    for i in range(5):
        blobs.put(content(i).to_bytes())
    first = page(blobs, *made)
    parts = write_index(blobs, first.prepared, MEASURES)
    known = read_index(blobs, parts, MEASURES)
    again = page(blobs, *made, known=known)
    assert again.fresh == []
    assert all(same(a, b) for a, b in zip(again.prepared, first.prepared, strict=True))
    assert read_index(blobs, parts, "other code") == {}
    assert read_index(blobs, ["0" * 64, *parts], MEASURES).keys() == known.keys()


def test_an_example_that_changed_is_measured_again() -> None:
    blobs = MemoryBlobs()
    blobs.put(content(1).to_bytes())
    made = example(1, content(1))
    first = page(blobs, made).prepared
    known = read_index(blobs, [blobs.put(index_bytes(first, MEASURES))], MEASURES)
    later = made.model_copy(update={"changed_at": made.expire_at})
    assert known_key(later) not in known
    assert [one.example for one in page(blobs, later, known=known).fresh] == [later]


def test_words_whose_redaction_is_old_are_redacted_and_put_each_time() -> None:
    blobs = MemoryBlobs()
    said = Content(input=f"Call ada@example.org, {words(1)}", output=words(2))
    blobs.put(said.to_bytes())
    old = example(1, said, redaction=Redaction(version="0", content="0" * 64))
    first = page(blobs, old)
    (one,) = first.prepared
    assert one.redactions == {"EMAIL": 1}
    assert "ada@" not in blobs.get(one.content).decode()
    known = read_index(blobs, [blobs.put(index_bytes(first.fresh, MEASURES))], MEASURES)
    blobs.delete(one.content)
    assert len(page(blobs, old, known=known).fresh) == 1
    assert blobs.has(one.content)


def test_who_cannot_be_read_is_named_and_the_others_are_prepared() -> None:
    blobs = MemoryBlobs()
    blobs.put(content(1).to_bytes())
    there, gone = example(1, content(1)), example(2, content(2))
    found = page(blobs, gone, there)
    assert [one.example for one in found.prepared] == [there]
    assert isinstance(found.unreadable[gone.id], NotFound)


def test_no_examples_are_no_parts() -> None:
    assert write_index(MemoryBlobs(), [], MEASURES) == ()

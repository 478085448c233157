"""The files of a version: written once, the same in any order, and refused where they are torn."""

from typing import Any

import pytest

from ratchet.datasets.example import Content
from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.chunks import read_chunk, write_chunks
from ratchet.datasets.versions.load import (
    entries_of,
    examples_of,
    latest_version,
    list_versions,
    load_head,
    load_version,
)
from ratchet.datasets.versions.manifest import (
    left_out_bytes,
    manifest_bytes,
    read_left_out,
    read_manifest,
)
from ratchet.datasets.versions.version import Entry
from ratchet.kernel.errors import NotWhole
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, content, fill, reader_of


def entry(i: int, said: Content, **changes: Any) -> Entry:
    known: dict[str, Any] = {
        "id": f"{i:064x}",
        "content": MemoryBlobs().put(said.to_bytes()),
        "split": "train",
        "group": "a" * 64,
        "domain": "qa",
        "task_type": "planning",
        "band": "easy",
        "quality": 80.5,
        "tokens": 12,
        "source": "events",
        "source_id": f"s/{i}",
    }
    return Entry(**(known | changes))


def test_a_manifest_is_sorted_by_split_and_id_and_reads_back() -> None:
    rows = [
        entry(2, content(2), split="test"),
        entry(3, content(3)),
        entry(1, content(1), quality=None),
    ]
    data = manifest_bytes(rows)
    assert data == manifest_bytes(reversed(rows))
    assert list(read_manifest(data)) == [rows[2], rows[1], rows[0]]


def test_left_out_reasons_read_back_in_order_of_id() -> None:
    data = left_out_bytes({"b": "withdrawn", "a": "rejected"})
    assert data.index(b'"a"') < data.index(b'"b"')
    assert read_left_out(data) == {"a": "rejected", "b": "withdrawn"}


def test_chunks_hold_the_very_bytes_of_one_split_each_up_to_their_size() -> None:
    blobs = MemoryBlobs()
    said = [Content(input='\u2028 "id":"\n', output=f'{"x" * 500}","id":"{i}') for i in range(5)]
    rows = [entry(i, one, split="train" if i < 3 else "test") for i, one in enumerate(said)]
    for one in said:
        blobs.put(one.to_bytes())
    told = list[int]()
    chunks = write_chunks(blobs, rows, size=1000, tell=told.append)
    # A line has 672 bytes: two of them are over 1,000, and the third begins another chunk.
    assert [(chunk.split, chunk.count) for chunk in chunks] == [
        ("train", 2),
        ("train", 1),
        ("test", 2),
    ]
    assert told == [2, 3, 5]
    assert all(len(blobs.get(chunk.sha256)) == chunk.bytes for chunk in chunks)
    found = [row for chunk in chunks for row in read_chunk(blobs, chunk)]
    assert found == [(row.id, one.to_bytes()) for row, one in zip(rows, said, strict=True)]


def test_words_that_are_gone_name_their_example() -> None:
    row = entry(7, content(7))
    with pytest.raises(NotWhole) as gone:
        write_chunks(MemoryBlobs(), [row])
    assert gone.value.field == row.id


def test_no_words_make_no_chunk() -> None:
    assert write_chunks(MemoryBlobs(), []) == ()


def test_a_chunk_that_holds_another_example_than_the_manifest_is_refused(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(6))
    build_dataset(embedded, blobs, KEYS, reader_of(embedded), ADA, "default", now=NOON)
    version = load_version(embedded, KEYS, "default@1.0.0")
    rows = list(entries_of(blobs, version))
    fewer = version.model_copy(update={"manifest": blobs.put(manifest_bytes(rows[1:]))})
    more = version.model_copy(update={"chunks": version.chunks[:-1]})
    for torn in (fewer, more):
        with pytest.raises(NotWhole, match="its chunks do not hold"):
            list(examples_of(blobs, torn))
    assert len(list(examples_of(blobs, version))) == 6


def test_a_dataset_without_a_version_has_none(embedded: SqliteStore) -> None:
    assert load_head(embedded, "default") is None
    assert latest_version(embedded, KEYS, "default") is None
    assert list_versions(embedded, KEYS, "default") == []

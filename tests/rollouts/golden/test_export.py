"""Exporting a golden set: what is scored has the ids that scores are taken by."""

import json

import pytest

from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import NotFound
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.export import golden_lines
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenTerms
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Store
from tests.support.golden_sets import NAME
from tests.support.governed import ADA, KEYS, NOON


def entry(blobs: MemoryBlobs, name: str) -> GoldenEntry:
    words = {"input": f"What is {name}?", "output": "It is \u00fc.", "steps": []}
    address = blobs.put(json.dumps(words).encode())
    return GoldenEntry(id=name, content=address, normal=content_hash(name))


def test_each_line_is_an_example_with_its_id_and_lost_words_are_told(embedded: Store) -> None:
    blobs = MemoryBlobs()
    entries = [entry(blobs, name) for name in ("two", "one")]
    terms = GoldenTerms(metric="success", budget=2)
    where = embedded, blobs, KEYS, ADA, NAME, entries, terms
    create_golden(*where, source="a file", dedupe="1", reason="test", now=NOON)
    lines = list(golden_lines(embedded, blobs, KEYS, NAME))
    assert [json.loads(line) for line in lines] == [
        {"id": "one", "input": "What is one?", "output": "It is \u00fc.", "steps": []},
        {"id": "two", "input": "What is two?", "output": "It is \u00fc.", "steps": []},
    ]
    assert all(line.count("\n") == 1 for line in lines)
    blobs.delete(entries[0].content)
    with pytest.raises(NotFound):
        list(golden_lines(embedded, blobs, KEYS, NAME))

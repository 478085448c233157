"""Empty: whoever built nothing learns what to do about it."""

import pytest

from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.build import build_dataset
from ratchet.kernel.errors import Refused
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, fill, reader_of, set_specs


def refusal(store: SqliteStore, blobs: MemoryBlobs, **spec: tuple[str, ...]) -> Refused:
    set_specs(store, default=DatasetSpec.parse(spec))
    with pytest.raises(Refused) as refused:
        build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON)
    return refused.value


def test_a_mistyped_name_is_told_with_those_there_are(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(2))
    fill(embedded, blobs, [2], component="agent")
    found = refusal(embedded, blobs, components=("planer", "agents"))
    assert found.message == (
        "nothing would be in default: of 3 examples are left out 3 not-wanted;"
        " no example is of planer, agents; there are agent, planner"
    )
    assert "config/datasets" in found.mend
    both = refusal(embedded, blobs, components=("agent",), domains=("coding",))
    assert "there are" not in both.message  # each is there, and no example is of both


def test_many_names_are_not_all_told(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    for i in range(12):
        fill(embedded, blobs, [i], component=f"part-{i:02}")
    message = refusal(embedded, blobs, components=("whole",)).message
    assert message.endswith(
        "there are " + ", ".join(f"part-{i:02}" for i in range(10)) + " and 2 more"
    )


def test_examples_in_doubt_want_answers(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(3), quality=50.0)
    assert refusal(embedded, blobs).mend == "answer the questions: ratchet review next"

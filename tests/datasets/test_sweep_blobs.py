"""The sweep of blobs: what a document names stays, and so does what was put lately."""

import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ratchet
from ratchet.datasets import sweep_blobs as module
from ratchet.datasets.sweep_blobs import CURSOR, NAMING, Swept, addresses_in, sweep_blobs
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.document import Document
from ratchet.kernel.errors import NotFound
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.observing import NOON

WEEK = timedelta(days=7)
OLD = NOON + timedelta(days=8)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def blobs(clock: ManualClock) -> MemoryBlobs:
    return MemoryBlobs(clock)


NAMED: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
    ("ops_traces", lambda a: {"raw": a}),
    ("ops_dead_traces", lambda a: {"raw": a}),
    ("ops_examples", lambda a: {"content": a}),
    ("ops_examples", lambda a: {"redaction": {"content": a}}),
    ("ops_datasets", lambda a: {"chunks": [{"sha256": a}]}),
    ("ops_datasets", lambda a: {"ledger": a, "broken": 1}),
    ("ops_golden_exposures", lambda a: {"scores": a}),
    ("ops_retained", lambda a: {"parts": [{"sha256": a}]}),
    ("ops_checkpoints", lambda a: {"blob": a}),
    ("ops_runs", lambda a: {"report": {"references": {"input": f"blob:{a}"}}}),
]


@pytest.mark.parametrize(("collection", "naming"), NAMED)
def test_what_a_document_names_stays_and_the_rest_goes(
    embedded: SqliteStore, blobs: MemoryBlobs, collection: str, naming: Callable[[str], Any]
) -> None:
    kept, lost = blobs.put(b"kept"), blobs.put(b"lost")
    embedded.set(Ref(collection, "one"), naming(kept))
    swept = sweep_blobs(embedded, blobs, now=OLD)
    assert swept == Swept(blobs=2, old=2, removed=1, bytes=4)
    assert (blobs.has(kept), blobs.has(lost)) == (True, False)


def test_the_words_that_a_golden_set_lists_stay(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    words = blobs.put(b"words")
    listed = blobs.put(json.dumps({"id": "a", "content": words}).encode())
    embedded.set(Ref("ops_golden_sets", "airline"), {"entries": listed})
    assert sweep_blobs(embedded, blobs, now=OLD).removed == 0
    blobs.delete(listed)
    with pytest.raises(NotFound, match=listed):  # what it listed is not known, and not removed
        sweep_blobs(embedded, blobs, now=OLD)
    assert blobs.has(words)


def test_what_was_put_within_seven_days_stays(
    embedded: SqliteStore, blobs: MemoryBlobs, clock: ManualClock
) -> None:
    blobs.put(b"first")
    clock.advance(timedelta(days=6))
    blobs.put(b"later")
    assert sweep_blobs(embedded, blobs, now=NOON + WEEK).removed == 0
    assert sweep_blobs(embedded, blobs, now=OLD) == Swept(blobs=2, old=1, removed=1, bytes=5)


def test_what_a_build_puts_again_while_the_sweep_runs_stays(
    embedded: SqliteStore, blobs: MemoryBlobs, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, lost = blobs.put(b"again"), blobs.put(b"lost")
    clock.advance(OLD - NOON)
    stream = embedded.stream

    def building(query: Any) -> Any:
        blobs.put(b"again")  # its version comes after the documents were read
        return stream(query)

    monkeypatch.setattr(embedded, "stream", building)
    assert sweep_blobs(embedded, blobs, now=OLD).removed == 1
    assert (blobs.has(again), blobs.has(lost)) == (True, False)


def test_a_sweep_that_died_goes_on_where_it_was(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    for n in range(10):
        blobs.put(bytes([n]))
    with pytest.raises(Died):  # in its third page
        sweep_blobs(embedded, FaultyBlobs(blobs, 8, "after"), now=OLD, page=3)
    assert len(list(blobs.listed())) == 3
    found = embedded.get(CURSOR)
    assert found
    rest = sweep_blobs(embedded, blobs, now=OLD, page=3)
    assert (rest.blobs, rest.removed) == (3, 3)
    assert list(blobs.listed()) == []
    assert embedded.get(CURSOR) is None


def test_texts_that_only_look_like_an_address_are_none() -> None:
    a, b = "a" * 64, "b" * 64
    assert list(addresses_in({"x": [a, {"y": f"gs://bucket/{b}"}], "n": 1})) == [a, b]
    assert list(addresses_in(["a" * 63, "a" * 65, "A" * 64, None])) == []


def test_every_document_of_datasets_that_names_a_blob_is_looked_at() -> None:
    """A document with a field of 64 hexadecimal digits may name one."""
    root = Path(ratchet.__path__[0])
    for folder in ("datasets", "rollouts/golden"):
        for path in sorted((root / folder).rglob("*.py")):
            named = path.relative_to(root.parent).with_suffix("").as_posix().replace("/", ".")
            import_module(named.removesuffix(".__init__"))
    naming = {
        kind.collection
        for kind in _below(Document)
        if kind.__module__.startswith(("ratchet.datasets", "ratchet.rollouts.golden"))
        and "[0-9a-f]{64}" in json.dumps(kind.model_json_schema())
    }
    assert {"ops_examples", "ops_datasets", "ops_traces"} < naming
    assert naming <= set(NAMING)
    assert module.SPARED == WEEK


def _below(kind: type[Any]) -> set[type[Any]]:
    found = {sub for sub in kind.__subclasses__() if hasattr(sub, "collection")}
    return found.union(*(_below(sub) for sub in kind.__subclasses__()))

"""Blobs: a probe is put, comes back and is gone; a folder is made by no examination."""

from pathlib import Path

import pytest

from ratchet.entry.doctor.case import Case
from ratchet.entry.wiring import wire
from ratchet.kernel.errors import NotWhole, Unavailable
from ratchet.store.blobs import Blobs
from ratchet.store.folder_blobs import FolderBlobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.no_blobs import NoBlobs
from ratchet.store.sqlite import SqliteStore
from tests.support.examined import EMBEDDED, found
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.google import NOON
from tests.support.governed import KEYS


def about(store: SqliteStore, blobs: Blobs) -> Case:
    return Case(EMBEDDED, wire(store, KEYS, lambda: NOON, blobs), lambda: NOON)


def test_a_probe_comes_back_and_is_gone(embedded: SqliteStore) -> None:
    blobs = FaultyBlobs(MemoryBlobs())
    ((severity, text, _),) = found("blobs", about(embedded, blobs))
    assert (severity, "comes back" in text) == ("ok", True)
    assert blobs.log == ["put", "get", "delete"]
    assert list(blobs.listed()) == []


def test_a_folder_that_is_not_there_yet_is_not_made(embedded: SqliteStore, tmp_path: Path) -> None:
    path = tmp_path / "blobs"
    ((severity, text, _),) = found("blobs", about(embedded, FolderBlobs(path)))
    assert (severity, str(path) in text) == ("ok", True)
    assert not path.exists()
    FolderBlobs(path).put(b"first")
    ((severity, text, _),) = found("blobs", about(embedded, FolderBlobs(path)))
    assert (severity, "comes back" in text) == ("ok", True)


def test_a_deployment_that_named_no_place_is_told_the_variable(embedded: SqliteStore) -> None:
    ((severity, _, mend),) = found("blobs", about(embedded, NoBlobs()))
    assert (severity, "RATCHET_BLOBS" in mend) == ("warning", True)


@pytest.mark.parametrize("error", [Unavailable("no answer"), NotWhole("not what was put")])
def test_what_is_wrong_is_raised_with_its_mend(embedded: SqliteStore, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        found("blobs", about(embedded, FaultyBlobs(MemoryBlobs(), 2, error=error)))

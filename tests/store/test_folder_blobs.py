"""Blobs in a folder: whole or not there, whatever dies, and their owner's alone."""

import fcntl
import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from ratchet.kernel.errors import NotFound, NotWhole, Unavailable
from ratchet.store.blobs import address_of
from ratchet.store.folder_blobs import FolderBlobs

TEXT = b"the same words again and again, " * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "blobs"


def file_of(path: Path, data: bytes) -> Path:
    return path / address_of(data)[:2] / address_of(data)


def drafts(path: Path) -> list[Path]:
    return list((path / "drafts").iterdir())


def test_reading_makes_no_folder(path: Path) -> None:
    blobs = FolderBlobs(path)
    assert list(blobs.listed()) == []
    assert not blobs.has(address_of(TEXT))
    assert blobs.delete(address_of(TEXT))
    with pytest.raises(NotFound, match=f"in {path}, a folder that does not exist") as told:
        blobs.get(address_of(TEXT))
    assert "RATCHET_BLOBS" in told.value.mend
    assert not path.exists()
    blobs.put(b"other")
    with pytest.raises(NotFound, match=f"there is no blob {address_of(TEXT)} in {path} "):
        blobs.get(address_of(TEXT))


def test_words_lie_deflated_and_for_their_owner_alone(path: Path) -> None:
    FolderBlobs(path).put(TEXT)
    file = file_of(path, TEXT)
    assert file.stat().st_size < len(TEXT) / 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("spoiled", [b"", b"no zlib", None])
def test_a_file_that_is_not_what_its_name_says_is_refused_and_mended_by_the_next_put(
    path: Path, spoiled: bytes | None
) -> None:
    blobs = FolderBlobs(path)
    blobs.put(TEXT)
    blobs.put(b"other")
    other = file_of(path, b"other").read_bytes()
    file_of(path, TEXT).write_bytes(other if spoiled is None else spoiled)
    with pytest.raises(NotWhole, match="not what its address says"):
        blobs.get(address_of(TEXT))
    blobs.put(TEXT)
    assert blobs.get(address_of(TEXT)) == TEXT


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_death_while_putting_leaves_nothing_under_the_address(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    FolderBlobs(path).put(b"first")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os if call == "fsync" else Path, call, die)
        with pytest.raises(KeyboardInterrupt):
            FolderBlobs(path).put(TEXT)
    assert len(drafts(path)) == 1
    assert not FolderBlobs(path).has(address_of(TEXT))
    FolderBlobs(path).put(b"second")  # another process: it clears what the dead one left
    assert drafts(path) == []


def test_the_drafts_of_a_living_process_are_left_alone(path: Path) -> None:
    FolderBlobs(path).put(b"first")
    draft = path / "drafts" / "of another"
    draft.write_bytes(b"half")
    with (path / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)  # the other one is in the middle of its put
        FolderBlobs(path).put(b"second")
        assert drafts(path) == [draft]


def test_a_delete_waits_for_those_who_put(path: Path) -> None:
    blobs = FolderBlobs(path)
    blobs.put(TEXT)
    deleting = Thread(target=blobs.delete, args=(address_of(TEXT),))
    with (path / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        deleting.start()
        deleting.join(0.05)
        assert blobs.has(address_of(TEXT))
    deleting.join()
    assert not blobs.has(address_of(TEXT))


def test_a_full_disk_is_unavailable_and_leaves_no_draft(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobs(path)
    blobs.put(b"first")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="No space left") as told:
            blobs.put(TEXT)
    assert told.value.field == "RATCHET_BLOBS"
    assert drafts(path) == []


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is in the way")
    with pytest.raises(Unavailable, match="file"):
        FolderBlobs(tmp_path / "file").put(TEXT)


def test_what_else_lies_in_the_folder_is_no_blob(path: Path) -> None:
    blobs = FolderBlobs(path)
    address = blobs.put(TEXT)
    (path / "README").write_text("mine")
    (path / address[:2] / f"{address}.bak").write_text("mine")
    assert [found.sha256 for found in blobs.listed()] == [address]

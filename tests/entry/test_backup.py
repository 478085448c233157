"""Backing up: one moment of a store that lives on, and what becomes of a backup that died."""

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest

from ratchet.entry.archive import read_manifest
from ratchet.entry.backup import BackupReport, back_up
from ratchet.entry.wiring import FINGERPRINT, App, open_app
from ratchet.kernel.errors import Conflict, InvalidInput, RatchetError, Refused
from ratchet.kernel.keys import derive_keys
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.backups import everything, files, held, lived, wired
from tests.support.faults import Died, FaultyStore

X = Ref("ops_examples", "x")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "first"


def change_everything(store: Store) -> None:
    """Write to every collection: add, change and remove."""
    for name in store.collections():
        found = store.query(Query(name))
        store.set(Ref(name, "~added"), {"n": 1})
        store.set(found[0].ref, {"changed": True})
        if len(found) > 1:
            store.delete(found[-1].ref)
    store.set(Ref("ops_later", "x"), {})


def die_at_the_end(app: App, folder: Path) -> None:
    """Leave a backup behind that wrote every line and no manifest."""
    log = FaultyStore(app.store)
    back_up(wired(log), folder)
    shutil.rmtree(folder)
    with pytest.raises(Died):
        back_up(wired(FaultyStore(app.store, die_at=log.calls, when="after")), folder)
    assert {p.name for p in folder.iterdir()} == {*files(folder), "unfinished.json"}


def test_a_backup_holds_every_document_with_its_types(store: Store, folder: Path) -> None:
    app = lived(store)
    report = back_up(app, folder)
    assert held(folder) == everything(store)
    assert report.documents == len(everything(store)) == sum(report.collections.values())
    assert report.collections["ops_observations"] == 12
    assert report.begun == "new"
    assert report.taken_at == app.clock()
    assert oct(folder.stat().st_mode)[-3:] == "700"


def test_the_fingerprint_stays_in_the_manifest_alone(embedded: SqliteStore, folder: Path) -> None:
    app = lived(embedded)
    embedded.set(FINGERPRINT, {"v": 1, "fingerprint": "f"})
    back_up(app, folder)
    assert str(FINGERPRINT) not in held(folder)
    assert len(read_manifest(folder).fingerprint) == 16


def test_a_store_that_is_written_to_meanwhile_is_backed_up_as_it_was(
    store: Store, folder: Path
) -> None:
    app = lived(store)
    before = everything(store)
    meddled: list[int] = []

    def meddle(done: int, _: int) -> None:
        if not meddled:
            change_everything(store)
        meddled.append(done)

    back_up(app, folder, meddle)
    assert meddled
    assert everything(store) != before
    assert held(folder) == before


def test_progress_ends_at_its_total(embedded: SqliteStore, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    app = lived(embedded)
    back_up(app, folder, lambda done, total: told.append((done, total)))
    count = len(everything(embedded))
    assert told[-1] == (count, count)
    assert told == sorted(told)


def test_collections_of_an_application_are_left_out_and_named(
    embedded: SqliteStore, folder: Path
) -> None:
    app = lived(embedded)
    before = everything(embedded)
    embedded.set(Ref("users", "x"), {})
    embedded.set(Ref("orders", "x"), {})
    assert back_up(app, folder).left_out == ("orders", "users")
    assert held(folder) == before


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_backup_that_died_at_any_call_goes_on_and_becomes_the_same(
    embedded: SqliteStore, tmp_path: Path, when: Literal["before", "after"]
) -> None:
    app = lived(embedded)
    log = FaultyStore(embedded)
    back_up(wired(log), tmp_path / "whole")
    begun = []
    for call in range(1, log.calls + 1):
        folder = tmp_path / f"died-{call}"
        with pytest.raises(Died):
            back_up(wired(FaultyStore(embedded, die_at=call, when=when)), folder)
        assert not (folder / "manifest.json").exists()
        begun.append(back_up(app, folder).begun)
        assert files(folder) == files(tmp_path / "whole")
    assert begun == ["new"] + ["went on"] * (log.calls - 1)


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 64, b'{"id": "zz", "da'], ids=["", "0", "half"])
def test_a_file_torn_at_any_byte_is_mended(
    embedded: SqliteStore, tmp_path: Path, garbage: bytes
) -> None:
    app = lived(embedded)
    back_up(app, tmp_path / "whole")
    whole = files(tmp_path / "whole")
    die_at_the_end(app, tmp_path / "died")
    torn = whole["ops_audit.jsonl"]
    for end in range(0, len(torn), 97):
        folder = shutil.copytree(tmp_path / "died", tmp_path / str(end))
        (folder / "ops_audit.jsonl").write_bytes(torn[:end] + garbage)
        assert back_up(app, folder).begun == "went on"
        assert files(folder) == whole


def test_after_a_write_an_embedded_backup_begins_anew_and_firestores_goes_on(
    store: Store, folder: Path
) -> None:
    app = lived(store)
    store.set(Ref("ops_zzz", "x"), {"n": 1})
    before = everything(store)
    die_at_the_end(app, folder)
    change_everything(store)
    store.delete(Ref("ops_zzz", "x"))
    store.delete(Ref("ops_zzz", "~added"))
    after = everything(store)
    report = back_up(app, folder)
    if isinstance(store, SqliteStore):
        assert (report.begun, held(folder)) == ("anew", after)
        assert not (folder / "ops_zzz.jsonl").exists()
    else:
        assert (report.begun, held(folder)) == ("went on", before)


def test_an_unfinished_backup_of_another_store_is_not_gone_on_with(
    embedded: SqliteStore, folder: Path
) -> None:
    die_at_the_end(lived(embedded), folder)
    other = SqliteStore()
    other.set(X, {"n": 1})
    report = back_up(wired(other), folder)
    assert (report.begun, held(folder)) == ("anew", everything(other))
    other.close()


def test_an_unfinished_backup_with_another_key_begins_anew(
    embedded: SqliteStore, folder: Path
) -> None:
    app = lived(embedded)
    die_at_the_end(app, folder)
    rekeyed = App(app.store, derive_keys("another secret of the tests!"), app.clock, app.reader)
    assert back_up(rekeyed, folder).begun == "anew"
    assert read_manifest(folder).is_signed(rekeyed.keys)


def test_an_empty_store_makes_an_empty_backup(embedded: SqliteStore, folder: Path) -> None:
    assert back_up(wired(embedded), folder).documents == 0
    assert held(folder) == {}


def test_more_documents_than_a_page_are_backed_up(embedded: SqliteStore, folder: Path) -> None:
    refs = [Ref("ops_examples", f"{i:04}") for i in range(1203)]
    embedded.commit([Write("set", ref, {"n": i}) for i, ref in enumerate(refs)])
    assert back_up(wired(embedded), folder).documents == 1203
    assert held(folder) == everything(embedded)


def refused(app: App, folder: Path) -> RatchetError:
    with pytest.raises(RatchetError) as error:
        back_up(app, folder)
    assert error.value.mend
    return error.value


def test_a_folder_that_holds_a_backup_is_refused(embedded: SqliteStore, folder: Path) -> None:
    app = lived(embedded)
    back_up(app, folder)
    before = files(folder)
    embedded.set(X, {"n": 2})
    error = refused(app, folder)
    assert (type(error), error.field) == (Refused, "folder")
    assert "holds a whole backup already" in error.message
    assert files(folder) == before


def test_a_folder_that_holds_other_things_is_refused_and_left_alone(
    embedded: SqliteStore, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "ops_audit.jsonl").write_text("mine")
    error = refused(lived(embedded), folder)
    assert (type(error), error.field) == (Refused, "folder")
    assert "ops_audit.jsonl" in error.message
    assert [p.name for p in folder.iterdir()] == ["ops_audit.jsonl"]


def test_an_empty_folder_will_do_even_with_the_draft_of_one_that_died(
    embedded: SqliteStore, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "unfinished.json.new").write_text('{"form')
    report = back_up(lived(embedded), folder)
    assert report.begun == "new"
    assert {p.name for p in folder.iterdir()} == {*files(folder), "manifest.json"}


@pytest.mark.parametrize("text", ["", "{}", '{"format": "ratchet-backup", "version": 1}'])
def test_a_note_of_the_moment_that_does_not_parse_is_refused(
    embedded: SqliteStore, folder: Path, text: str
) -> None:
    folder.mkdir(parents=True)
    (folder / "unfinished.json").write_text(text)
    error = refused(lived(embedded), folder)
    assert (type(error), error.field) == (InvalidInput, "unfinished.json")


@pytest.mark.parametrize("name", ["file", "file/inside", "a" * 300])
def test_a_folder_that_cannot_be_made_is_refused(
    embedded: SqliteStore, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("mine")
    error = refused(wired(embedded), tmp_path / name)
    assert (type(error), error.field) == (InvalidInput, "folder")
    assert "cannot write the backup" in error.message
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_is_told_and_the_backup_goes_on_when_there_is_room(
    embedded: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, synced = lived(embedded), []

    def full(fd: int) -> None:
        synced.append(fd)
        if len(synced) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    error = refused(app, folder)
    assert (type(error), error.field) == (InvalidInput, "folder")
    assert "No space left on device" in error.message
    assert back_up(app, folder).begun == "went on"
    assert held(folder) == everything(embedded)


def test_two_backups_never_write_into_one_folder(embedded: SqliteStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    error = refused(lived(embedded), folder)
    assert (type(error), error.field) == (Conflict, "folder")
    assert list(folder.iterdir()) == []
    os.close(other)
    assert back_up(wired(embedded), folder).begun == "new"


def test_a_document_that_could_not_be_restored_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = open_app("sqlite:///a.db")
    app.store.set(X, {"n": 7})
    by_hand: Any = app.store
    by_hand._db.execute("UPDATE ops_examples SET data = '{\"n\": NaN}'")
    error = refused(app, tmp_path / "b")
    assert (type(error), error.field) == (InvalidInput, "ops_examples/x")
    app.store.set(X, {"n": 7})
    report: BackupReport = back_up(app, tmp_path / "b")
    assert report.documents == 1
    app.store.close()

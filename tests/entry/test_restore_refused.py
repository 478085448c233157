"""Restores that are refused: a store in use, half of one, another key, somebody who meddles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry import restore as module
from ratchet.entry.archive import read_manifest
from ratchet.entry.backup import back_up
from ratchet.entry.wiring import FINGERPRINT, RESTORING, App, open_app, open_target
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Conflict, RatchetError, Refused
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.backups import LATER, everything, fill, lived
from tests.support.faults import Died
from tests.support.governed import KEYS


@pytest.fixture
def source() -> App:
    return lived(SqliteStore())


@pytest.fixture
def folder(source: App, tmp_path: Path) -> Path:
    back_up(source, tmp_path / "backup")
    return tmp_path / "backup"


def half(store: Store, folder: Path) -> None:
    """Leave a store behind that is half restored."""

    def stop(done: int, total: int) -> None:
        raise Died

    with pytest.raises(Died):
        fill(store, folder, stop)


def refused(store: Store, folder: Path) -> RatchetError:
    before = everything(store)
    with pytest.raises(RatchetError) as error:
        fill(store, folder)
    assert error.value.mend
    assert error.value.field == "store"
    assert everything(store) == before
    return error.value


@pytest.mark.parametrize("ref", [Ref("config", "flags"), Ref("ops_checkpoints", "score~0")])
def test_a_store_that_is_not_empty_is_refused_and_left_alone(
    store: Store, folder: Path, ref: Ref
) -> None:
    store.set(ref, {"n": 1})
    error = refused(store, folder)
    assert isinstance(error, Refused)
    assert f"not empty: it holds {ref}" in error.message


def test_an_ended_restore_is_not_begun_again(embedded: SqliteStore, folder: Path) -> None:
    fill(embedded, folder)
    assert isinstance(refused(embedded, folder), Refused)


def test_an_applications_collections_do_not_make_a_store_full(
    embedded: SqliteStore, source: App, folder: Path
) -> None:
    embedded.set(Ref("users", "x"), {"n": 1})
    fill(embedded, folder)
    assert {k for k in everything(embedded) if k not in everything(source.store)} == {"users/x"}


def test_half_of_another_backup_is_refused(
    embedded: SqliteStore, source: App, folder: Path, tmp_path: Path
) -> None:
    half(embedded, folder)
    source.store.set(Ref("ops_examples", "z"), {})
    back_up(source, tmp_path / "second")
    error = refused(embedded, tmp_path / "second")
    assert "half of another backup" in error.message
    assert fill(embedded, folder).went_on


def test_a_half_restored_store_opens_for_nothing_else(
    source: App, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_KEY", "a secret of the tests, 32 bytes.")
    monkeypatch.setattr(module, "_WRITES", 9)
    url = f"sqlite:///{tmp_path}/target.db"
    app = open_target(url, KEYS, clock=ManualClock(LATER))
    half(app.store, folder)
    with pytest.raises(Refused, match="a restore of this store has not ended") as error:
        open_app(url)
    assert "ratchet restore" in error.value.mend
    fill(app.store, folder)
    app.store.close()
    again = open_app(url)
    assert everything(again.store) == everything(source.store)
    again.store.close()


def test_an_empty_store_that_was_opened_with_another_key_takes_the_backups(
    embedded: SqliteStore, folder: Path
) -> None:
    embedded.set(FINGERPRINT, {"v": 1, "fingerprint": "another's"})
    fill(embedded, folder)
    found = embedded.get(FINGERPRINT)
    assert found is not None
    assert found.data["fingerprint"] == read_manifest(folder).fingerprint


MEDDLING: dict[str, Callable[[Store], Any]] = {
    "a document of the backup": lambda s: s.set(Ref("config", "ingest"), {"n": 1}),
    "one more": lambda s: s.set(Ref("ops_audit", "~"), {"n": 1}),
    "one less": lambda s: s.delete(s.query(Query("ops_audit", limit=1))[0].ref),
    "a collection": lambda s: s.set(Ref("ops_new", "x"), {}),
    "the marker": lambda s: s.set(RESTORING, {"v": 1, "backup": "another", "done": 9}),
    "no marker": lambda s: s.delete(RESTORING),
}


@pytest.mark.parametrize("name", MEDDLING)
def test_somebody_else_who_writes_meanwhile_is_noticed(
    embedded: SqliteStore, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITES", 9)
    meddled: list[int] = []

    def meddle(done: int, _: int) -> None:
        if not meddled:
            MEDDLING[name](embedded)
        meddled.append(done)

    with pytest.raises(RatchetError) as error:
        fill(embedded, folder, meddle)
    assert isinstance(error.value, Conflict)
    assert "somebody else writes to the store" in error.value.message
    assert (error.value.field, bool(error.value.mend)) == ("store", True)


def test_expired_documents_may_be_removed_while_a_restore_runs_and_no_others(
    embedded: SqliteStore, folder: Path
) -> None:
    def expire(done: int, total: int) -> None:
        if done == total:
            embedded.delete(Ref("ops_examples", "y"))  # as the TTL service would

    fill(embedded, folder, expire)
    assert embedded.get(Ref("ops_examples", "x")) is not None


def test_what_has_not_expired_may_not_be_removed(embedded: SqliteStore, folder: Path) -> None:
    def remove(done: int, total: int) -> None:
        if done == total:
            embedded.delete(Ref("ops_examples", "y"))
            embedded.delete(Ref("ops_examples", "x"))

    with pytest.raises(Conflict, match="ops_examples holds 0 documents, the backup 2"):
        fill(embedded, folder, remove)

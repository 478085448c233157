"""Opening an app: where the project's key comes from, and what is refused."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.entry import wiring
from ratchet.entry.wiring import direct_transport, load_keys, open_app, wire
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidInput, NotFound, Unavailable
from ratchet.kernel.keys import Keys, derive_keys
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON

SECRET = "a secret of the tests, 32 bytes."


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("STORE", "KEY", "BLOBS")
    for name in ("FIRESTORE_EMULATOR_HOST", "K_SERVICE", *(f"RATCHET_{n}" for n in names)):
        monkeypatch.delenv(name, raising=False)


def test_the_default_store_gets_a_key_file_that_its_owner_alone_can_read() -> None:
    open_app().store.close()
    assert stat.S_IMODE(Path(".ratchet/key").stat().st_mode) == 0o600
    assert sorted(p.name for p in Path(".ratchet").iterdir() if "key" in p.name) == ["key"]


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///.ratchet/ratchet.db", ".ratchet/key"),
        ("sqlite:///mine.db", "mine.db.key"),
        ("sqlite:///folder/mine.db", "folder/mine.db.key"),
    ],
)
def test_a_key_is_made_once_beside_its_database(url: str, file: str) -> None:
    first = load_keys(url)
    written = Path(file).read_text()
    assert len(bytes.fromhex(written)) == 32
    assert load_keys(url) == first == derive_keys(written)


def test_two_databases_have_two_keys() -> None:
    assert load_keys("sqlite:///a.db") != load_keys("sqlite:///b.db")


def test_a_process_that_comes_second_takes_the_key_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link, rivals = os.link, "f" * 64

    def overtaken(draft: Path, path: Path) -> None:
        assert len(draft.read_text()) == 64, "a key is whole before it has its name"
        path.write_text(rivals)
        link(draft, path)

    monkeypatch.setattr(os, "link", overtaken)
    assert load_keys("sqlite:///x.db") == derive_keys(rivals)
    assert [p.name for p in Path().iterdir()] == ["x.db.key"]


def test_the_environments_key_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_KEY", SECRET)
    for url in ("sqlite:///x.db", "memory:", "firestore://project"):
        assert load_keys(url) == derive_keys(SECRET)
    assert not list(Path().iterdir())


def test_memory_gets_a_fresh_key_and_leaves_no_file() -> None:
    assert load_keys("memory:") != load_keys("memory:")
    assert not list(Path().iterdir())


def test_production_without_a_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match="RATCHET_KEY is not set") as caught:
        load_keys("firestore://project")
    assert caught.value.field == "RATCHET_KEY"
    assert not list(Path().iterdir())


def test_the_emulator_may_use_a_key_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert load_keys("firestore://project") == load_keys("firestore://project")
    assert Path(".ratchet/key").exists()


def _short_variable(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("RATCHET_KEY", "short")


def _short_file(patch: pytest.MonkeyPatch) -> None:
    Path("x.db.key").write_text("short")


def _empty_file(patch: pytest.MonkeyPatch) -> None:
    Path("x.db.key").touch()


def _binary_file(patch: pytest.MonkeyPatch) -> None:
    Path("x.db.key").write_bytes(b"\xff" * 32)


def _folder(patch: pytest.MonkeyPatch) -> None:
    Path("x.db.key").mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_short_variable, "key is too short"),
        (_short_file, "x.db.key holds no key"),
        (_empty_file, "x.db.key holds no key"),
        (_binary_file, "x.db.key: it is no text"),
        (_folder, "x.db.key: Is a directory"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_the_store_is_let_go(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None], told: str
) -> None:
    opened: list[SqliteStore] = []

    def open_store(url: str) -> SqliteStore:
        opened.append(SqliteStore(url.removeprefix("sqlite:///")))
        return opened[-1]

    monkeypatch.setattr(wiring, "open_store", open_store)
    spoil(monkeypatch)
    with pytest.raises(InvalidInput, match=told) as caught:
        open_app("sqlite:///x.db")
    assert caught.value.field == "RATCHET_KEY"
    with pytest.raises(Unavailable):  # it is closed
        opened[0].expire("ops_audit", NOON)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    Path("file").touch()
    with pytest.raises(InvalidInput, match=r"file/x\.db\.key"):
        load_keys("sqlite:///file/x.db")


def test_an_app_has_the_store_of_the_environment_and_the_clock_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RATCHET_STORE", "sqlite:///mine.db")
    app = open_app(clock=ManualClock(NOON))
    assert app.clock() == NOON
    assert isinstance(app.keys, Keys)
    app.store.close()
    assert Path("mine.db").exists()


def test_a_direct_transport_asks_the_store_that_it_names() -> None:
    with pytest.raises(NotFound, match="router-core"):
        direct_transport("memory:").resolve("router-core", None)


def test_an_app_has_the_blobs_that_lie_beside_its_database() -> None:
    app = open_app("sqlite:///mine.db")
    address = app.blobs.put(b"abc")
    app.store.close()
    again = open_app("sqlite:///mine.db", making=False)
    assert again.blobs.get(address) == b"abc"
    again.store.close()
    assert Path("mine.db.blobs").is_dir()


def test_a_wrong_place_for_blobs_is_refused_before_a_store_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RATCHET_BLOBS", "s3://bucket")
    with pytest.raises(InvalidInput, match="names no place for blobs"):
        open_app("sqlite:///mine.db")
    assert list(Path().iterdir()) == []


def test_an_app_that_is_put_together_by_hand_has_its_own_blobs_in_memory(
    embedded: SqliteStore,
) -> None:
    keys = derive_keys(SECRET)
    first, second = wire(embedded, keys), wire(embedded, keys)
    address = first.blobs.put(b"abc")
    assert (first.blobs.has(address), second.blobs.has(address)) == (True, False)

"""A URL names which store it is, and where its blobs lie."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ratchet.kernel.errors import InvalidInput, Misconfigured, Refused, Unavailable
from ratchet.store.blobs import address_of
from ratchet.store.cloud_blobs import CloudBlobs
from ratchet.store.opening import open_blobs, open_store
from ratchet.store.port import Ref

REF = Ref("things", "one")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_BLOBS", "K_SERVICE"):
        monkeypatch.delenv(name, raising=False)


def keeps(url: str | None) -> bool:
    """Say whether what one opening wrote the next one reads."""
    first = open_store(url)
    first.set(REF, {"n": 1})
    first.close()
    second = open_store(url)
    kept = second.get(REF) is not None
    second.close()
    return kept


def test_memory_is_forgotten() -> None:
    assert not keeps("memory:")
    assert list(Path().iterdir()) == []


def test_three_slashes_are_a_path_from_here() -> None:
    assert keeps("sqlite:///file.db")
    assert Path("file.db").is_file()


def test_four_slashes_are_a_path_from_the_root(tmp_path: Path) -> None:
    assert keeps(f"sqlite:///{tmp_path}/deep.db")
    assert (tmp_path / "deep.db").is_file()


def test_without_a_url_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_STORE", "sqlite:///named.db")
    assert keeps(None)
    assert Path("named.db").is_file()


def test_without_anything_it_is_a_file_in_a_folder_of_its_own() -> None:
    assert keeps(None)
    assert Path(".ratchet/ratchet.db").is_file()


@pytest.mark.parametrize(
    "url", ["sqlite://file.db", "sqlite:///", "postgres://x", "firestore://", "firestore://a/b/c"]
)
def test_another_url_is_refused_with_the_forms_there_are(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"memory:.*sqlite:///.*firestore://"):
        open_store(url)


def test_a_path_that_cannot_be_is_named() -> None:
    with pytest.raises(Unavailable, match="no/such/folder"):
        open_store("sqlite:///no/such/folder/file.db")


def test_an_emulator_in_production_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K_SERVICE", "function")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    with pytest.raises(Refused, match="FIRESTORE_EMULATOR_HOST is set in production"):
        open_store("memory:")


@pytest.mark.emulator
@pytest.mark.parametrize("url", ["firestore://demo-ratchet", "firestore://demo-ratchet/other"])
def test_firestore_is_opened_by_project_and_database(url: str, emulator_host: str) -> None:
    assert keeps(url)
    store = open_store(url)
    store.delete(REF)
    store.close()


@pytest.mark.emulator
def test_named_databases_are_apart(emulator_host: str) -> None:
    stores = [open_store(f"firestore://demo-ratchet{name}") for name in ("", "/first", "/second")]
    for n, store in enumerate(stores):
        store.set(REF, {"n": n})
    found = [store.get(REF) for store in stores]
    assert [f.data["n"] for f in found if f] == [0, 1, 2]
    for store in stores:
        store.delete(REF)
        store.close()


def test_opening_an_embedded_store_imports_nothing_of_google() -> None:
    program = (
        "import sys; from ratchet.store.opening import open_store; open_store('memory:').close();"
        "sys.exit('google.cloud.firestore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_firestore_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.firestore", None)
    monkeypatch.delitem(sys.modules, "ratchet.store.firestore", raising=False)
    with pytest.raises(InvalidInput, match=r"ratchet\[server\]"):
        open_store("firestore://demo-ratchet")


def test_a_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/own.db").close()
    assert stat.S_IMODE((tmp_path / "own.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("again", [False, True])
def test_a_database_that_is_gone_takes_and_gives_nothing(tmp_path: Path, again: bool) -> None:
    path = tmp_path / "gone.db"
    store = open_store(f"sqlite:///{path}")
    store.set(Ref("things", "a"), {"n": 1})
    for file in tmp_path.glob("gone.db*"):
        file.rename(file.with_suffix(".old"))
    if again:
        open_store(f"sqlite:///{path}").close()
    with pytest.raises(Unavailable, match="was moved or removed"):
        store.set(Ref("things", "b"), {"n": 2})
    with pytest.raises(Unavailable):
        store.get(Ref("things", "a"))
    store.close()


def kept_in(store: str, url: str | None = None) -> list[str]:
    """Return the files that a blob makes here."""
    open_blobs(store, url).put(b"abc")
    return [str(path.parent.parent) for path in Path().rglob(address_of(b"abc"))]


def test_blobs_lie_beside_the_database() -> None:
    assert kept_in("sqlite:///file.db") == ["file.db.blobs"]


def test_the_default_store_has_its_blobs_in_its_own_folder() -> None:
    assert kept_in("sqlite:///.ratchet/ratchet.db") == [".ratchet/blobs"]


def test_memory_forgets_its_blobs() -> None:
    assert kept_in("memory:") == []


def test_a_folder_of_blobs_is_named_from_here_or_from_the_root(tmp_path: Path) -> None:
    assert kept_in("memory:", "folder://named") == ["named"]
    assert kept_in("memory:", f"folder://{tmp_path}/named") == ["named"]


def test_the_environment_names_the_blobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_BLOBS", "folder://set")
    assert kept_in("sqlite:///file.db") == ["set"]


def test_a_bucket_is_not_asked_before_it_is_used() -> None:
    blobs = open_blobs("firestore://p-1", "gs://some.bucket/a/prefix/")
    assert isinstance(blobs, CloudBlobs)
    assert (blobs.name, blobs.prefix) == ("some.bucket", "a/prefix/")


@pytest.mark.parametrize(
    "url", ["gs://", "gs://Bucket", "s3://bucket", "folder://", "gs://bucket/../x", "none"]
)
def test_a_place_for_blobs_of_no_known_form_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="names no place for blobs") as told:
        open_blobs("memory:", url)
    assert told.value.field == "RATCHET_BLOBS"


def test_firestore_without_a_place_for_blobs_opens_and_refuses_what_needs_one() -> None:
    blobs = open_blobs("firestore://p-1")
    for call in (
        lambda: blobs.put(b"abc"),
        lambda: blobs.get(address_of(b"abc")),
        lambda: blobs.has(address_of(b"abc")),
        lambda: blobs.delete(address_of(b"abc")),
    ):
        with pytest.raises(Misconfigured, match="no place for blobs is named") as told:
            call()
        assert "gs://BUCKET" in told.value.mend
    assert list(blobs.listed()) == []

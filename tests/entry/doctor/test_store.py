"""The store: it opens, with its own key; an examination makes nothing and waits for nothing."""

from pathlib import Path

import pytest

from ratchet.entry.doctor import opened_case
from ratchet.entry.wiring import FINGERPRINT, open_app
from ratchet.kernel.errors import RatchetError
from ratchet.store.sqlite import SqliteStore
from tests.support.examined import CLOUD, found

FILE = "sqlite:///folder/file.db"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RATCHET_KEY", raising=False)


def trouble(url: str) -> RatchetError:
    """Return what keeps a store shut."""
    with opened_case(url) as about:
        assert isinstance(about.opened, RatchetError)
        with pytest.raises(type(about.opened)):
            found("store", about)
        return about.opened


def test_a_store_that_opens_is_well() -> None:
    open_app(FILE).store.close()
    with opened_case(FILE) as about:
        ((severity, text, _),) = found("store", about)
    assert (severity, FILE in text) == ("ok", True)


def test_a_store_that_is_not_there_is_not_made() -> None:
    assert trouble(FILE).mend == "ratchet seed"
    with opened_case(None) as about:
        assert about.url == "sqlite:///.ratchet/ratchet.db"
    assert list(Path().iterdir()) == []


def test_an_examination_pins_no_key_so_that_the_right_one_may_still_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("folder").mkdir()
    SqliteStore("folder/file.db").close()
    monkeypatch.setenv("RATCHET_KEY", "a wrong key of thirty-two bytes.")
    with opened_case(FILE) as about:
        ((severity, text, _),) = found("store", about)
        assert (severity, "no key is pinned yet" in text) == ("ok", True)
        assert about.store.get(FINGERPRINT) is None
    monkeypatch.setenv("RATCHET_KEY", "the right key of thirty-two byte")
    open_app(FILE).store.close()
    with opened_case(FILE) as about:
        ((severity, text, _),) = found("store", about)
    assert (severity, "the key is its own" in text) == ("ok", True)


def test_a_key_file_that_is_gone_is_found_and_no_other_made() -> None:
    open_app(FILE).store.close()
    key = Path("folder/file.db.key")
    key.unlink()
    assert trouble(FILE).field == "RATCHET_KEY"
    assert "restore the file" in trouble(FILE).mend
    assert not key.exists()


def test_another_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    open_app(FILE).store.close()
    monkeypatch.setenv("RATCHET_KEY", "another key of thirty-two bytes.")
    assert trouble(FILE).field == "RATCHET_KEY"


def test_a_missing_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ratchet.entry.wiring.open_store", lambda url: SqliteStore())
    assert trouble(CLOUD).field == "RATCHET_KEY"


def test_an_emulator_that_is_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr("ratchet.entry.doctor.open_app", pytest.fail)
    assert "127.0.0.1:1 does not answer" in trouble(CLOUD).message


def test_an_emulator_in_production_keeps_the_store_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K_SERVICE", "record")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert trouble(CLOUD).field == "FIRESTORE_EMULATOR_HOST"

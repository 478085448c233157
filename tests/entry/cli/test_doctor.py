"""The examination on the command line: what it prints, and the status that it ends with."""

from pathlib import Path

import pytest

from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.emulator.server import PROJECT, clear
from tests.support.commands import Ratchet


@pytest.fixture(autouse=True)
def _undeployed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("K_SERVICE", "K_CONFIGURATION", "FIREBASE_AUTH_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_a_store_that_was_seeded_and_ticked_is_well(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    assert ratchet("tick").status == 0
    ran = ratchet("doctor", "--json")
    assert ran.status == 0
    told = {line["check"]: line["severity"] for line in ran.lines}
    assert {told[name] for name in ("store", "seeds", "clock", "schedules", "lag")} == {"ok"}
    ran = ratchet("doctor")
    assert (ran.status, "learning on" in ran.out) == (0, True)


def test_an_error_is_shown_with_its_mend_and_the_status_is_1(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    store.delete(Ref("config", "flags"))
    store.close()
    ran = ratchet("doctor", "--json")
    (wrong,) = [line for line in ran.lines if line["severity"] == "error"]
    assert (ran.status, wrong["check"]) == (1, "seeds")
    assert wrong["mend"] == "ratchet flags set --enabled --reason ..."
    ran = ratchet("doctor")
    assert (ran.status, wrong["mend"] in ran.out) == (1, True)


def test_a_warning_alone_leaves_the_status_0(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    ran = ratchet("doctor", "--json")
    warned = {line["check"] for line in ran.lines if line["severity"] == "warning"}
    assert (ran.status, warned - {"java"}) == (0, {"schedules"})


def test_an_examination_of_nothing_makes_nothing(ratchet: Ratchet) -> None:
    ran = ratchet("doctor", "--store", "sqlite:///new.db", "--json")
    assert ran.status == 1
    assert list(Path().iterdir()) == []


def test_a_store_that_has_no_name_is_a_finding_not_a_crash(ratchet: Ratchet) -> None:
    ran = ratchet("doctor", "--store", "mysql://x", "--json")
    (wrong,) = [line for line in ran.lines if line["severity"] == "error"]
    assert (ran.status, wrong["check"]) == (1, "store")
    assert "firestore://project" in wrong["mend"]


@pytest.mark.emulator
def test_a_store_on_the_emulator_needs_nothing_of_google(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, emulator_host: str
) -> None:
    clear(emulator_host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    monkeypatch.setenv("RATCHET_STORE", f"firestore://{PROJECT}")
    monkeypatch.setenv("RATCHET_BLOBS", "memory:")
    assert ratchet("seed").status == 0
    assert ratchet("tick").status == 0
    ran = ratchet("doctor", "--json")
    assert ran.status == 0
    told = {line["check"]: line["severity"] for line in ran.lines}
    skipped = {"credentials", "project", "indexes", "rules", "roles"}
    assert {name for name, severity in told.items() if severity == "skipped"} == skipped
    assert {told[name] for name in set(told) - skipped - {"java"}} == {"ok"}

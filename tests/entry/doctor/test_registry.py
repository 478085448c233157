"""The registry of checks: nothing is left out, a failure hides nothing, reasons are told."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from ratchet.entry import doctor
from ratchet.entry.doctor import CHECKS, examine
from ratchet.entry.doctor.case import Case
from ratchet.entry.seed import seed
from ratchet.entry.ticks import run_due
from ratchet.entry.wiring import wire
from ratchet.kernel.errors import Refused
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.examined import CLOUD, case, google
from tests.support.governed import KEYS, NOON

NOT_CHECKS = {"__init__", "case", "deployed"}
CLOUDY = {"credentials", "project", "indexes", "rules"}


def test_every_file_that_checks_is_registered() -> None:
    files = {path.stem for path in Path(doctor.__path__[0]).glob("*.py")} - NOT_CHECKS
    checks = {
        function
        for name in files
        for function in vars(import_module(f"ratchet.entry.doctor.{name}")).values()
        if inspect.isfunction(function) and list(inspect.signature(function).parameters) == ["case"]
        if function.__module__.startswith("ratchet.entry.doctor.")
        if not function.__name__.startswith("_") and inspect.isgeneratorfunction(function)
    }
    assert {check.run for check in CHECKS.values()} == checks
    assert {check.run.__module__.rpartition(".")[2] for check in CHECKS.values()} == files


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_a_test_of_its_own(name: str) -> None:
    folder = Path(__file__).parent
    module = CHECKS[name].run.__module__.rpartition(".")[2]
    assert (folder / f"test_{module}.py").is_file()


def test_a_seeded_embedded_store_is_well_and_asks_google_nothing(embedded: SqliteStore) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an embedded store was looked for in the cloud")

    side = google()
    for name in ("session", "scheduler", "indexes", "accounts"):
        object.__setattr__(side, name, refuse)
    app = wire(embedded, KEYS, lambda: NOON)
    seed(app, now=NOON)
    run_due(app, now=NOON)
    findings = examine(case(embedded, side=side))
    assert [f.check for f in findings] == list(CHECKS)
    assert {f.severity for f in findings if f.check != "java"} == {"ok", "skipped"}
    assert {f.check for f in findings if f.severity == "skipped"} == {*CLOUDY, "emulator", "roles"}


def test_an_examination_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a write")

    for name in ("create", "set", "replace", "delete", "commit", "transact"):
        monkeypatch.setattr(store, name, refuse)
    assert len(examine(case(store))) >= len(CHECKS)


def test_a_store_that_did_not_open_is_one_error_and_skips_what_needs_it() -> None:
    findings = {f.check: f for f in examine(case(None))}
    assert findings["store"].severity == "error"
    assert findings["store"].mend == "ratchet seed"
    skipped = {name for name, f in findings.items() if f.severity == "skipped"}
    assert skipped == set(CHECKS) - {"python", "java", "store"}
    assert "did not open" in findings["lag"].text


def test_a_check_that_fails_hides_no_other(embedded: SqliteStore) -> None:
    side = google(session=Refused("no credentials", mend="log in"))
    findings = examine(case(embedded, url=CLOUD, side=side))
    (told,) = [f for f in findings if f.text == "no credentials"]
    assert (told.check, told.severity, told.mend) == ("credentials", "error", "log in")
    again = {f.check for f in findings if f.text == "not done, for the reason of credentials"}
    assert again == {"project", "rules", "clock"}
    assert {f.severity for f in findings if f.check in again} == {"skipped"}
    assert {f.check for f in findings} == set(CHECKS)


def test_whatever_is_no_matter_of_ours_has_no_mend_and_all_else_has(embedded: SqliteStore) -> None:
    findings = examine(case(embedded)) + examine(case(None)) + examine(_in_cloud(embedded))
    assert {"ok", "skipped", "warning", "error"} == {f.severity for f in findings}
    for f in findings:
        assert bool(f.mend) == (f.severity in ("warning", "error")), f


def _in_cloud(store: SqliteStore) -> Case:
    return case(store, url=CLOUD, side=google(session=Refused("no credentials", mend="log in")))

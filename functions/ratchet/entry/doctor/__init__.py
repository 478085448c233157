"""What can be wrong with an installation, and what mends it.

To add a check: write its file, add its line here, add its test.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ratchet.entry.cloud import store_place
from ratchet.entry.doctor import (
    alerts,
    blobs,
    clock,
    credentials,
    emulator,
    indexes,
    lag,
    machine,
    project,
    roles,
    rollouts,
    rules,
    schedules,
    seeds,
    store,
    versions,
)
from ratchet.entry.doctor.case import Case, Check, Finding, Google, error, skipped
from ratchet.entry.wiring import App, open_app
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.errors import NotFound, RatchetError, Unavailable
from ratchet.store.opening import DEFAULT, in_production

CHECKS: Mapping[str, Check] = {
    "python": Check(machine.python),
    "java": Check(machine.java),
    "emulator": Check(emulator.check),
    "credentials": Check(credentials.check, "cloud"),
    "project": Check(project.check, "cloud"),
    "store": Check(store.check),
    "blobs": Check(blobs.check, "store"),
    "indexes": Check(indexes.check, "cloud"),
    "rules": Check(rules.check, "cloud"),
    "seeds": Check(seeds.check, "store"),
    "clock": Check(clock.check, "either"),
    "roles": Check(roles.check, "store"),
    "schedules": Check(schedules.check, "either"),
    "lag": Check(lag.check, "store"),
    "versions": Check(versions.check, "store"),
    "rollouts": Check(rollouts.check, "store"),
    "alerts": Check(alerts.check, "store"),
}


def examine(case: Case) -> list[Finding]:
    """Run every check; one that cannot be done is a finding too."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        findings += [_unless_told(finding, findings) for finding in _run(name, check, case)]
    return findings


@contextmanager
def opened_case(
    url: str | None, *, clock: Clock = system_clock, google: Google | None = None
) -> Iterator[Case]:
    """Open a store for examination; what keeps it shut is kept instead."""
    named = url or os.environ.get("RATCHET_STORE") or DEFAULT
    opened = _open(named, clock)
    try:
        yield Case(named, opened, clock, google or Google())
    finally:
        if isinstance(opened, App):
            opened.store.close()


def _open(url: str, clock: Clock) -> App | RatchetError:
    """Open a store that is there: an examination makes no file, and waits for no dead emulator."""
    host = os.environ.get("FIRESTORE_EMULATOR_HOST")
    path = url.removeprefix("sqlite:///")
    if path not in (url, "") and not Path(path).exists():
        return NotFound(f"there is no store {path} yet", field="store", mend="ratchet seed")
    if host and store_place(url) and not in_production() and not emulator.answers(host):
        return Unavailable(f"the emulator {host} does not answer", mend="start it")
    try:
        return open_app(url, clock=clock, making=False)
    except RatchetError as trouble:
        return trouble


def _unless_told(found: Finding, before: Sequence[Finding]) -> Finding:
    """Return a finding; one that an earlier check told already only names that check."""
    first = next((f for f in before if f.severity == "error" and f.text == found.text), None)
    if first is None or found.severity != "error":
        return found
    return skipped(f"not done, for the reason of {first.check}").model_copy(
        update={"check": found.check}
    )


def _run(name: str, check: Check, case: Case) -> list[Finding]:
    reason = case.lacks(check.needs)
    if reason:
        found = [skipped(reason)]
    else:
        try:
            found = list(check.run(case))
        except RatchetError as trouble:
            found = [error(trouble.message, trouble.mend)]
    return [finding.model_copy(update={"check": name}) for finding in found]

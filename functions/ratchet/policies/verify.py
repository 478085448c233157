"""Verify that what every policy's head calls active is there, as it was signed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.audit import is_policy
from ratchet.kernel.document import Model
from ratchet.kernel.errors import (
    BadSignature,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Unavailable,
)
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.resolve import resolve
from ratchet.policies.version import COLLECTION, SemVer, version_key
from ratchet.store.port import Query, Ref, Store

RESTORE = "restore a backup into an empty store: ratchet restore FOLDER --store URL"


class VersionReport(Model):
    """What became of an active version; a fault of its status stops no `resolve`."""

    policy: str
    version: str
    valid: bool
    fault: Literal["", "content", "status"] = ""
    text: str = ""
    mend: str = ""


def verify_versions(store: Store, keys: Keys, *, now: datetime) -> list[VersionReport]:
    """Check the active version of every policy, and alert to what is spoilt."""
    reports = check_versions(store, keys)
    alert_to_spoilt(store, reports, now=now)
    return reports


def check_versions(store: Store, keys: Keys) -> list[VersionReport]:
    """Check the active version of every policy that has one; writes nothing."""
    heads = [found.ref.id for found in store.stream(Query(PolicyHead.collection))]
    return [r for name in heads if is_policy(name) for r in check_active(store, keys, name)]


def check_active(store: Store, keys: Keys, policy_id: str) -> list[VersionReport]:
    """Return the report of a policy's active version, or nothing where none is active."""
    ref = Ref(PolicyHead.collection, policy_id)
    while True:  # until the head stands still
        head = store.get(ref)
        if head is None or head.data.get("active") is None:
            return []
        report = _judge(store, keys, policy_id, head.data)
        if report.valid or store.get(ref) == head:
            return [report]


def alert_to_spoilt(store: Store, reports: Iterable[VersionReport], *, now: datetime) -> None:
    """Raise an alert for each active version that is spoilt; critical where nobody gets it."""
    for report in reports:
        if not report.valid:
            about = alert(
                "version-spoilt",
                report.version,
                "critical" if report.fault == "content" else "warning",
                report.text,
                now=now,
                command=report.mend,
                evidence={"fault": report.fault},
            )
            raise_alert(store, about)


def require_sound(report: VersionReport) -> None:
    """Stop at an active version that is spoilt.

    Raises: Refused.
    """
    if not report.valid:
        raise Refused(report.text, field=report.version, mend=report.mend)


def _judge(store: Store, keys: Keys, policy_id: str, head: Mapping[str, Any]) -> VersionReport:
    active = str(head["active"])
    key = version_key(policy_id, active)
    sound = VersionReport(policy=policy_id, version=key, valid=True)
    try:
        resolve(store, keys, policy_id)
    except Unavailable:
        raise
    except RatchetError as error:
        told = f"{key} is active and no component gets it: {error.message}"
        return _fault(sound, "content", told, _mend(store, keys, policy_id, head))
    found = store.get(Ref(COLLECTION, key))
    status = found.data.get("status") if found else None
    if status == "active":
        return sound
    before = _sound_before(store, keys, policy_id, head)
    there_and_back = (_rollback(policy_id, version) for version in (before, active))
    mend = ", then ".join(there_and_back) if before else f"set it in the console, in {COLLECTION}"
    return _fault(sound, "status", f"{key} is active, and its status says {status}", mend)


def _fault(
    sound: VersionReport, fault: Literal["content", "status"], text: str, mend: str
) -> VersionReport:
    return sound.model_copy(update={"valid": False, "fault": fault, "text": text, "mend": mend})


def _mend(store: Store, keys: Keys, policy_id: str, head: Mapping[str, Any]) -> str:
    before = _sound_before(store, keys, policy_id, head)
    return _rollback(policy_id, before) if before else RESTORE


def _rollback(policy_id: str, version: str | None) -> str:
    return f"ratchet policy rollback {policy_id} {version}"


def _sound_before(store: Store, keys: Keys, policy_id: str, data: Mapping[str, Any]) -> str | None:
    """Return the newest version, by number, that was active before and that a rollback takes."""
    try:
        head = PolicyHead.from_store(data)
        numbers = {SemVer.of(version) for version in head.activated if version != head.active}
    except InvalidInput:
        return None
    for number in sorted(numbers, reverse=True):
        with suppress(NotFound, BadSignature, InvalidInput):
            return get_version(store, keys, policy_id, str(number)).version
    return None

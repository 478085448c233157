"""Policies under test: who acts, how versions come about, and what must agree afterwards."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.govern.alerts import Alert
from ratchet.govern.audit import AuditEntry, audit_log, verify_audit
from ratchet.govern.flags import set_flags
from ratchet.govern.roles import Actor, machine, person
from ratchet.kernel.keys import derive_keys
from ratchet.policies.activate import activate
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import propose
from ratchet.policies.version import COLLECTION, PolicyVersion, Proposal
from ratchet.store.port import Filter, Query, Ref, Store

KEYS = derive_keys("a secret of the tests, 32 bytes.")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ADA, TUNER = person("ada"), machine("tuner")
ROBOT = Actor(name="ci", kind="machine", role="admin")
POLICY = "router-core"
WEIGHTS = {"gpt-5": 0.6, "gemini": 0.25, "claude": 0.15}
PARAMS: dict[str, Any] = {
    "modelWeights": WEIGHTS,
    "latencyTargetMs": 2500,
    "maxCostUsd": 0.09,
    "fallbackOn": ["timeout", "rate_limit"],
    "cooldownMs": 30000,
}
SPACE: dict[str, Any] = {
    "modelWeights": {"kind": "simplex", "floor": 0.05, "cap": 0.9, "maxStep": 0.2},
    "latencyTargetMs": {"kind": "float", "low": 500, "high": 10000, "maxStep": 500},
}
WHY = Proposal(tuner="weights", reasons=("gemini does better",))


def switch_flags(store: Store, *, enabled: bool = True, auto: bool = False) -> None:
    """Let a person set the switches."""
    set_flags(store, KEYS, ADA, enabled=enabled, auto_activate=auto, reason="test", now=NOON)


def weights(first: float) -> dict[str, Any]:
    """Return the params with another weight of the first arm; what is left goes to gemini."""
    shares = {"gpt-5": first, "gemini": round(0.85 - first, 6), "claude": 0.15}
    return PARAMS | {"modelWeights": shares}


def draft(store: Store, params: Mapping[str, Any] = PARAMS, **options: Any) -> PolicyVersion:
    """Let a person propose a version."""
    actor = options.pop("actor", ADA)
    given: dict[str, Any] = {"reason": "test", "now": NOON, "tuning_space": SPACE} | options
    return propose(store, KEYS, actor, POLICY, params, **given)


def machine_draft(store: Store, first: float, **options: Any) -> PolicyVersion:
    """Let the tuner propose other weights."""
    given: dict[str, Any] = {"now": NOON, "proposal": WHY} | options
    return propose(store, KEYS, TUNER, POLICY, weights(first), **given)


def promote(store: Store, version: str, *, now: datetime = NOON) -> PolicyHead:
    """Let a person activate a version."""
    return activate(store, KEYS, ADA, POLICY, version, now=now, reason="test")


def lineage_of(store: Store, count: int) -> list[str]:
    """Make versions 1.0.0 and on, one active after the other; the last one stays."""
    versions = []
    for i in range(count):
        version = draft(store, weights(0.6 - i / 100)).version
        promote(store, version, now=NOON + i * SECOND)
        versions.append(version)
    return versions


def head_of(store: Store) -> PolicyHead:
    """Return the policy's head."""
    found = store.get(Ref(PolicyHead.collection, POLICY))
    assert found is not None
    return PolicyHead.from_store(found.data)


def stored(store: Store, version: str) -> dict[str, Any]:
    """Return a version's document as it is stored."""
    found = store.get(Ref(COLLECTION, f"{POLICY}@{version}"))
    assert found is not None
    return found.data


def statuses(store: Store) -> dict[str, Any]:
    """Return the status of every version, as it is stored."""
    found = store.query(Query(COLLECTION, (Filter("id", "==", POLICY),)))
    return {s.data["version"]: s.data["status"] for s in found}


def entries(store: Store, stream: str = POLICY) -> list[AuditEntry]:
    """Return a stream of the audit chain."""
    return list(audit_log(store, stream))


def alerts(store: Store) -> list[Alert]:
    """Return every alert."""
    return [Alert.from_store(s.data) for s in store.query(Query(Alert.collection))]


def assert_agreement(store: Store) -> None:
    """Hold head, statuses and audit against each other."""
    report = verify_audit(store, KEYS, POLICY)
    assert report.valid, report.text
    if store.get(Ref(PolicyHead.collection, POLICY)) is None:
        assert statuses(store) == {}
        return
    head, log, found = head_of(store), entries(store), statuses(store)
    assert [v for v, s in found.items() if s == "active"] == ([head.active] if head.active else [])
    assert found == {version: head.status_of(version) for version in found}
    moves = [e.to for e in log if e.action in ("activate", "rollback")]
    assert (moves[-1] if moves else None) == head.active
    assert len(log) == head.audit_sequence == report.entries
    proposed = [e.to for e in log if e.action == "propose"]
    assert sorted(proposed) == sorted(f"{POLICY}@{version}" for version in found)

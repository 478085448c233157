"""The active version of every policy: there, as it was signed, and a mend where it is not."""

import pytest

from ratchet.kernel.errors import BadSignature, NotFound, RatchetError, Refused
from ratchet.policies.activate import rollback
from ratchet.policies.resolve import resolve
from ratchet.policies.verify import check_active, check_versions, require_sound, verify_versions
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    alerts,
    assert_agreement,
    draft,
    head_of,
    lineage_of,
    promote,
    stored,
    switch_flags,
    weights,
)


def spoil(store: Store, version: str) -> None:
    """Change a version's content behind Ratchet's back."""
    ref = Ref(COLLECTION, f"{POLICY}@{version}")
    store.set(ref, stored(store, version) | {"params": {"cooldownMs": 1}})


def lose(store: Store, version: str) -> None:
    """Remove a version behind Ratchet's back."""
    store.delete(Ref(COLLECTION, f"{POLICY}@{version}"))


def test_sound_versions_raise_no_alert(store: Store) -> None:
    switch_flags(store)  # the configuration has a head too, and no version
    lineage_of(store, 2)
    (report,) = verify_versions(store, KEYS, now=NOON)
    assert (report.version, report.valid) == (f"{POLICY}@1.0.1", True)
    require_sound(report)
    assert alerts(store) == []


def test_a_policy_without_an_active_version_is_no_fault(store: Store) -> None:
    draft(store)
    assert verify_versions(store, KEYS, now=NOON) == []
    assert check_active(store, KEYS, "no-such-policy") == []


@pytest.mark.parametrize(("harm", "error"), [(spoil, BadSignature), (lose, NotFound)])
def test_a_spoilt_or_missing_version_raises_an_alert_whose_command_mends_it(
    store: Store, harm: object, error: type[RatchetError]
) -> None:
    lineage_of(store, 3)
    assert callable(harm)
    harm(store, "1.0.2")
    with pytest.raises(error):
        resolve(store, KEYS, POLICY)
    (report,) = verify_versions(store, KEYS, now=NOON)
    assert (report.valid, report.fault) == (False, "content")
    (alert,) = alerts(store)
    assert (alert.what, alert.subject) == ("version-spoilt", f"{POLICY}@1.0.2")
    assert alert.severity == "critical"
    assert alert.command == f"ratchet policy rollback {POLICY} 1.0.1"
    rollback(store, KEYS, ADA, POLICY, version="1.0.1", now=NOON)
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@1.0.1"
    assert [r.valid for r in check_versions(store, KEYS)] == [True]
    if error is BadSignature:
        assert_agreement(store)


def test_the_mend_names_the_newest_sound_version_by_number(store: Store) -> None:
    versions = ["1.0.2", "1.0.9", "1.0.10", "1.0.11", "1.0.12"]
    for i, version in enumerate(versions):
        draft(store, weights(0.6 - i / 100), version=version)
        promote(store, version)
    draft(store, weights(0.3), version="1.0.13")  # never active: no rollback goes there
    spoil(store, "1.0.12")
    lose(store, "1.0.11")
    (report,) = check_versions(store, KEYS)
    assert report.mend == f"ratchet policy rollback {POLICY} 1.0.10"


def test_without_a_sound_version_before_only_a_backup_helps(store: Store) -> None:
    lineage_of(store, 2)
    spoil(store, "1.0.0")
    spoil(store, "1.0.1")
    (report,) = check_versions(store, KEYS)
    assert report.mend.startswith("restore a backup into an empty store: ratchet restore")
    with pytest.raises(Refused, match=r"1\.0\.1 is active and no component gets it") as caught:
        require_sound(report)
    assert (caught.value.field, caught.value.mend) == (f"{POLICY}@1.0.1", report.mend)


def test_a_status_that_is_wrong_is_a_warning_and_stops_no_component(store: Store) -> None:
    lineage_of(store, 2)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.1")
    store.set(ref, stored(store, "1.0.1") | {"status": "archived"})
    (report,) = verify_versions(store, KEYS, now=NOON)
    assert (report.fault, resolve(store, KEYS, POLICY).version) == ("status", f"{POLICY}@1.0.1")
    (alert,) = alerts(store)
    assert (alert.severity, alert.text) == (
        "warning",
        f"{POLICY}@1.0.1 is active, and its status says archived",
    )
    back, forth = "1.0.0", "1.0.1"
    assert alert.command == (
        f"ratchet policy rollback {POLICY} {back}, then ratchet policy rollback {POLICY} {forth}"
    )
    for version in (back, forth):
        rollback(store, KEYS, ADA, POLICY, version=version, now=NOON)
    assert [r.valid for r in check_versions(store, KEYS)] == [True]
    assert_agreement(store)


def test_a_head_that_names_what_was_never_active_is_told_with_what_was(store: Store) -> None:
    lineage_of(store, 1)
    draft(store, weights(0.3), version="1.0.1")
    head = head_of(store)
    store.set(Ref("ops_policy_heads", POLICY), head.to_map() | {"active": "1.0.1"})
    (report,) = check_versions(store, KEYS)
    assert (report.fault, report.mend) == ("content", f"ratchet policy rollback {POLICY} 1.0.0")


def test_a_spoilt_policy_hides_no_other(store: Store) -> None:
    lineage_of(store, 1)
    spoil(store, "1.0.0")
    store.set(
        Ref("ops_policy_heads", "other"),
        {"v": 1, "id": "other", "auditSequence": 0, "auditHash": "", "active": 5},
    )
    found = {r.policy: r.valid for r in check_versions(store, KEYS)}
    assert found == {POLICY: False, "other": False}


def test_looking_at_a_version_while_another_becomes_active_is_no_fault(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head was read, and the version behind it was archived before it was looked at."""
    lineage_of(embedded, 2)
    whole, turned = embedded.get, False

    def get(ref: Ref) -> object:
        nonlocal turned
        found = whole(ref)
        if ref.collection == "ops_policy_heads" and not turned:
            turned = True
            rollback(embedded, KEYS, ADA, POLICY, now=NOON)
        return found

    monkeypatch.setattr(embedded, "get", get)
    (report,) = check_active(embedded, KEYS, POLICY)
    assert (report.version, report.valid, turned) == (f"{POLICY}@1.0.0", True, True)

"""Resolve: what a component should run now."""

from typing import Any

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.kernel.errors import BadSignature, NotFound, Refused
from ratchet.policies.activate import reject, rollback
from ratchet.policies.head import PolicyHead
from ratchet.policies.resolve import resolve
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Ref, Store
from tests.support.faults import FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    assert_agreement,
    draft,
    head_of,
    lineage_of,
    promote,
    stored,
    switch_flags,
    weights,
)


def rewrite(store: Store, version: str, **changes: Any) -> None:
    store.set(Ref(COLLECTION, f"{POLICY}@{version}"), stored(store, version) | changes)


def test_the_active_version_is_the_answer(store: Store) -> None:
    lineage_of(store, 1)
    draft(store, weights(0.5))
    answer = resolve(store, KEYS, POLICY)
    assert (answer.policy, answer.version) == (POLICY, f"{POLICY}@1.0.0")
    assert answer.params == PARAMS


def test_an_answer_costs_two_reads(embedded: Store) -> None:
    lineage_of(embedded, 1)
    counted = FaultyStore(embedded)
    resolve(counted, KEYS, POLICY)
    assert counted.log == ["get", "get"]


def test_the_tag_changes_exactly_when_the_answer_does(embedded: Store) -> None:
    lineage_of(embedded, 1)
    first = resolve(embedded, KEYS, POLICY).etag
    rewrite(embedded, "1.0.0", updatedAt=NOON.replace(hour=13))
    assert resolve(embedded, KEYS, POLICY).etag == first
    promote(embedded, draft(embedded, weights(0.5)).version)
    assert resolve(embedded, KEYS, POLICY).etag != first
    rollback(embedded, KEYS, ADA, POLICY, now=NOON)
    assert resolve(embedded, KEYS, POLICY).etag == first


def test_a_policy_without_an_active_version_is_not_found(embedded: Store) -> None:
    with pytest.raises(NotFound, match="router-core has no active version"):
        resolve(embedded, KEYS, POLICY)
    draft(embedded)
    with pytest.raises(NotFound, match="router-core has no active version"):
        resolve(embedded, KEYS, POLICY)


def test_an_active_version_that_is_gone_is_named(embedded: Store) -> None:
    lineage_of(embedded, 1)
    embedded.delete(Ref(COLLECTION, f"{POLICY}@1.0.0"))
    with pytest.raises(NotFound, match=r"router-core@1\.0\.0 does not exist"):
        resolve(embedded, KEYS, POLICY)


def test_content_that_was_changed_is_not_served(store: Store) -> None:
    lineage_of(store, 1)
    rewrite(store, "1.0.0", params=weights(0.5))
    with pytest.raises(BadSignature):
        resolve(store, KEYS, POLICY)


def test_another_version_under_the_active_ones_name_is_not_served(store: Store) -> None:
    lineage_of(store, 2)
    store.set(Ref(COLLECTION, f"{POLICY}@1.0.1"), stored(store, "1.0.0") | {"status": "active"})
    with pytest.raises(BadSignature):
        resolve(store, KEYS, POLICY)


@pytest.mark.parametrize("changes", [{"status": "aktiv"}, {"status": "draft"}, {"updatedAt": "?"}])
def test_what_is_not_signed_does_not_stop_the_answer(store: Store, changes: dict[str, Any]) -> None:
    lineage_of(store, 1)
    rewrite(store, "1.0.0", **changes)
    assert resolve(store, KEYS, POLICY).params == PARAMS


def test_resolving_goes_on_with_the_switch_off(embedded: Store) -> None:
    lineage_of(embedded, 1)
    switch_flags(embedded, enabled=False)
    assert resolve(embedded, KEYS, POLICY).version == f"{POLICY}@1.0.0"


def edit_head(store: Store, **changes: Any) -> None:
    ref = Ref(PolicyHead.collection, POLICY)
    found = store.get(ref)
    assert found is not None
    store.set(ref, found.data | changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"active": "1.0.2"}, "router-core@1.0.2 was never activated"),
        ({"active": "1.0.3"}, "router-core@1.0.3 was never activated"),
        ({"activated": []}, "router-core@1.0.1 was never activated"),
        ({"activated": None}, "router-core@1.0.1 was never activated"),
        ({"activated": "1.0.1"}, "router-core@1.0.1 was never activated"),
        ({"active": 1}, "router-core@1 was never activated"),
    ],
)
def test_a_head_that_names_what_nobody_activated_is_not_followed(
    store: Store, changes: dict[str, Any], text: str
) -> None:
    lineage_of(store, 2)
    draft(store, weights(0.5))
    draft(store, weights(0.45))
    reject(store, KEYS, ADA, POLICY, "1.0.3", now=NOON, reason="worse")
    edit_head(store, **changes)
    with pytest.raises(Refused, match=text) as caught:
        resolve(store, KEYS, POLICY)
    assert caught.value.field == "active"
    assert caught.value.mend == (
        f"ratchet audit verify {POLICY}, then ratchet policy rollback {POLICY} VERSION"
    )


@pytest.mark.parametrize("named", ["1.0.2", "1.0.3"])
def test_the_rollback_that_the_refusal_names_mends_such_a_head(store: Store, named: str) -> None:
    lineage_of(store, 2)
    draft(store, weights(0.5))
    draft(store, weights(0.45))
    reject(store, KEYS, ADA, POLICY, "1.0.3", now=NOON, reason="worse")
    edit_head(store, active=named)
    assert not verify_audit(store, KEYS, POLICY).valid
    rollback(store, KEYS, ADA, POLICY, version="1.0.1", now=NOON)
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@1.0.1"
    assert_agreement(store)
    rollback(store, KEYS, ADA, POLICY, now=NOON)
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@1.0.0"


def test_whatever_becomes_active_counts_as_activated(embedded: Store) -> None:
    for version in lineage_of(embedded, 3):
        assert version in head_of(embedded).activated
    rollback(embedded, KEYS, ADA, POLICY, version="1.0.0", now=NOON)
    assert resolve(embedded, KEYS, POLICY).version == f"{POLICY}@1.0.0"


@pytest.mark.parametrize("status", ["rejected", "draft", "aktiv", 3])
def test_a_status_that_no_signature_covers_stops_nobody(store: Store, status: object) -> None:
    lineage_of(store, 2)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.1")
    found = store.get(ref)
    assert found is not None
    store.set(ref, found.data | {"status": status})
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@1.0.1"

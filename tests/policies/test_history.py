"""What versions there are, what differs between two, and who changed what."""

import pytest

from ratchet.kernel.errors import BadSignature, NotFound
from ratchet.policies.history import (
    Difference,
    differences,
    get_version,
    history,
    list_heads,
    list_versions,
)
from ratchet.policies.propose import propose
from ratchet.policies.version import COLLECTION, ArtifactRef
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    SPACE,
    draft,
    lineage_of,
    stored,
    switch_flags,
    weights,
)


def test_versions_are_listed_by_number(store: Store) -> None:
    draft(store, version="2.5.9")
    for _ in range(2):
        draft(store)
    propose(store, KEYS, ADA, "router-core-2", PARAMS, now=NOON, reason="x")
    assert [v.version for v in list_versions(store, POLICY)] == ["2.5.9", "2.5.10", "2.5.11"]


def test_a_version_with_a_broken_status_does_not_stop_the_list(embedded: Store) -> None:
    lineage_of(embedded, 2)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.0")
    embedded.set(ref, stored(embedded, "1.0.0") | {"status": "aktiv", "updatedAt": 0.5})
    assert [v.version for v in list_versions(embedded, POLICY)] == ["1.0.0", "1.0.1"]


def test_heads_are_listed_without_the_configurations(store: Store) -> None:
    switch_flags(store)
    draft(store)
    propose(store, KEYS, ADA, "another", PARAMS, now=NOON, reason="x")
    assert [head.id for head in list_heads(store)] == ["another", POLICY]


def test_one_version_is_read_with_its_signature_checked(embedded: Store) -> None:
    made = draft(embedded)
    assert get_version(embedded, KEYS, POLICY, "1.0.0") == made
    with pytest.raises(NotFound, match=r"router-core@1\.0\.1 does not exist"):
        get_version(embedded, KEYS, POLICY, "1.0.1")
    changed = stored(embedded, "1.0.0") | {"notes": "x"}
    embedded.set(Ref(COLLECTION, f"{POLICY}@1.0.0"), changed)
    with pytest.raises(BadSignature):
        get_version(embedded, KEYS, POLICY, "1.0.0")


def test_differences_name_each_value(embedded: Store) -> None:
    a = draft(
        embedded, PARAMS | {"old": {"x": 1}}, artifacts=(ArtifactRef(name="m", sha256="0" * 64),)
    )
    space = SPACE | {"maxCostUsd": {"kind": "float", "low": 0.01, "high": 0.2}}
    b = draft(embedded, weights(0.5) | {"new": []}, tuning_space=space, artifacts=())
    assert differences(a, b) == [
        Difference(field="artifacts.m", was="0" * 64),
        Difference(field="params.modelWeights.gemini", was=0.25, now=0.35),
        Difference(field="params.modelWeights.gpt-5", was=0.6, now=0.5),
        Difference(field="params.new", now=[]),
        Difference(field="params.old.x", was=1),
        Difference(field="tuningSpace.maxCostUsd.high", now=0.2),
        Difference(field="tuningSpace.maxCostUsd.kind", now="float"),
        Difference(field="tuningSpace.maxCostUsd.low", now=0.01),
    ]
    assert differences(a, a) == []


def test_the_history_of_a_policy_is_its_audit_log_oldest_first(store: Store) -> None:
    lineage_of(store, 2)
    propose(store, KEYS, ADA, "another", PARAMS, now=NOON, reason="x")
    assert [(e.action, e.to) for e in history(store, POLICY)] == [
        ("propose", f"{POLICY}@1.0.0"),
        ("activate", "1.0.0"),
        ("propose", f"{POLICY}@1.0.1"),
        ("activate", "1.0.1"),
    ]
    assert history(store, "nobody") == []

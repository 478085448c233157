"""The scheduled verification: every stream, and an alert for one that is broken."""

from ratchet.govern.verify import verify_all
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS, NOON, POLICY, alerts, lineage_of, switch_flags


def test_whole_chains_raise_no_alert(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 2)
    assert {r.stream: r.valid for r in verify_all(store, KEYS, now=NOON)} == {
        "config": True,
        POLICY: True,
    }
    assert alerts(store) == []


def test_a_broken_chain_raises_an_alert_that_names_the_entry(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 2)
    store.delete(Ref("ops_audit", f"{POLICY}~000000003"))
    reports = verify_all(store, KEYS, now=NOON)
    assert [r.stream for r in reports if not r.valid] == [POLICY]
    (alert,) = alerts(store)
    assert (alert.what, alert.subject, alert.severity) == ("audit-broken", POLICY, "critical")
    assert alert.evidence == {"entry": f"{POLICY}~000000003", "fault": "removed"}
    assert alert.command == f"ratchet audit verify {POLICY}"


def test_a_chain_that_is_whole_again_ends_its_alert(embedded: Store) -> None:
    switch_flags(embedded)
    lineage_of(embedded, 2)
    entry = embedded.get(Ref("ops_audit", f"{POLICY}~000000003"))
    assert entry is not None
    embedded.delete(entry.ref)
    verify_all(embedded, KEYS, now=NOON)
    embedded.set(entry.ref, entry.data)
    verify_all(embedded, KEYS, now=NOON)
    assert [alert.state for alert in alerts(embedded)] == ["resolved"]


def test_a_chain_whose_head_was_removed_does_not_pass_unseen(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 2)
    store.delete(Ref("ops_policy_heads", POLICY))
    reports = {r.stream: r for r in verify_all(store, KEYS, now=NOON)}
    assert (reports["config"].valid, reports[POLICY].valid) == (True, False)
    assert reports[POLICY].entry == f"{POLICY}~000000001"
    assert [alert.subject for alert in alerts(store)] == [POLICY]


def test_a_head_that_names_another_version_than_the_chain_decided_is_found(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 2)
    ref = Ref("ops_policy_heads", POLICY)
    head = store.get(ref)
    assert head is not None
    store.set(ref, head.data | {"active": head.data["previous"]})
    reports = {r.stream: r for r in verify_all(store, KEYS, now=NOON)}
    assert (reports["config"].valid, reports[POLICY].valid) == (True, False)
    assert reports[POLICY].entry == f"ops_policy_heads/{POLICY}"


def test_a_head_that_does_not_parse_is_named_and_the_other_streams_are_verified(
    store: Store,
) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    store.set(Ref("ops_policy_heads", POLICY), {"id": POLICY, "auditSequence": "many"})
    reports = {r.stream: r for r in verify_all(store, KEYS, now=NOON)}
    assert (reports["config"].valid, reports[POLICY].valid) == (True, False)
    assert reports[POLICY].entry == f"ops_policy_heads/{POLICY}"
    assert [alert.subject for alert in alerts(store)] == [POLICY]


def test_an_entry_of_no_stream_is_named(embedded: Store) -> None:
    switch_flags(embedded)
    for name in ("~x", "a-stray-document", "a%2Fb~000000001"):
        embedded.set(Ref("ops_audit", name), {"note": "put here by hand"})
    broken = {r.entry for r in verify_all(embedded, KEYS, now=NOON) if not r.valid}
    assert broken == {"~x", "a-stray-document", "a%2Fb~000000001"}


def test_a_break_that_stays_is_one_alert_that_counts(embedded: Store) -> None:
    lineage_of(embedded, 1)
    embedded.delete(Ref("ops_audit", f"{POLICY}~000000001"))
    for _ in range(3):
        verify_all(embedded, KEYS, now=NOON)
    assert [alert.count for alert in alerts(embedded)] == [3]

"""Versions: a spoilt one is an error with the command that mends it; a wrong status a warning."""

from ratchet.store.port import Ref, Store
from tests.support.examined import case, found
from tests.support.governed import POLICY, lineage_of, stored

ACTIVE = Ref("ops_policies", f"{POLICY}@1.0.1")
BACK = f"ratchet policy rollback {POLICY} 1.0.0"


def test_no_policy_is_well(store: Store) -> None:
    assert [s for s, *_ in found("versions", case(store))] == ["ok"]


def test_a_spoilt_version_is_an_error_until_it_is_mended(store: Store) -> None:
    lineage_of(store, 2)
    sound = stored(store, "1.0.1")
    assert found("versions", case(store)) == [("ok", "1 active, each as it was signed", "")]
    store.set(ACTIVE, sound | {"notes": "nobody wrote this"})
    ((severity, text, mend),) = found("versions", case(store))
    assert (severity, mend) == ("error", BACK)
    assert text.startswith(f"{POLICY}@1.0.1 is active and no component gets it")
    store.set(ACTIVE, sound)
    assert [s for s, *_ in found("versions", case(store))] == ["ok"]


def test_a_wrong_status_is_a_warning(store: Store) -> None:
    lineage_of(store, 2)
    store.set(ACTIVE, stored(store, "1.0.1") | {"status": "draft"})
    ((severity, text, mend),) = found("versions", case(store))
    assert (severity, mend.startswith(BACK)) == ("warning", True)
    assert text == f"{POLICY}@1.0.1 is active, and its status says draft"

"""Alike: whose observations tell of a version."""

from ratchet.policies.history import get_version
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Ref, Store
from ratchet.tune.alike import same_behaviour
from tests.support.governed import KEYS, PARAMS, POLICY, draft, promote, stored, weights


def test_versions_of_one_lineage_are_alike_unless_somebody_changed_them(embedded: Store) -> None:
    draft(embedded)
    promote(embedded, "1.0.0")
    draft(embedded, weights(0.5))
    draft(embedded, PARAMS | {"prompts": {"system": "be kind"}})
    first = get_version(embedded, KEYS, POLICY, "1.0.0")
    seen = [f"{POLICY}@1.0.{i}" for i in range(4)] + ["another@1.0.0"]
    kin = {"none", f"{POLICY}@1.0.0", f"{POLICY}@1.0.1"}
    assert same_behaviour(embedded, KEYS, first, seen) == kin
    forged = stored(embedded, "1.0.2") | {"lineage": f"{POLICY}@1.0.0"}
    embedded.set(Ref(COLLECTION, f"{POLICY}@1.0.2"), forged)
    assert same_behaviour(embedded, KEYS, first, seen) == kin

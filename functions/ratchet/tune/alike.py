"""Alike: the versions whose observations tell of a version, since only their allocation differs."""

from collections.abc import Iterable

from ratchet.kernel.keys import Keys
from ratchet.observe.tally import UNVERSIONED
from ratchet.policies.version import COLLECTION, PolicyVersion, is_signed
from ratchet.store.port import Ref, Store


def same_behaviour(
    store: Store, keys: Keys, version: PolicyVersion, seen: Iterable[str]
) -> set[str]:
    """Return those of some versions that behave as this one, with what names no version at all.

    One that is not as it was signed is none of them.
    """
    ours = sorted({name for name in seen if name.startswith(f"{version.id}@")})
    stored = store.get_many([Ref(COLLECTION, name) for name in ours])
    alike = {
        found.ref.id
        for found in stored
        if found
        and (found.data.get("lineage") or found.ref.id) == version.root
        and is_signed(keys, found.ref.id, found.data)
    }
    return alike | {UNVERSIONED, version.key()}

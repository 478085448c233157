"""The draft that a study has produced already: one that is taken up again makes no other."""

from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.version import COLLECTION, PolicyVersion, key_parts, version_key
from ratchet.runs.studies.study import study_note
from ratchet.store.port import Ref, Store


def own_draft(store: Store, keys: Keys, policy: str, study_id: str) -> PolicyVersion | None:
    """Return the version whose notes name a study, among the drafts, the latest and the active.

    Raises: BadSignature.
    """
    found = store.get(Ref(PolicyHead.collection, policy))
    if found is None:
        return None
    head = parse_head(found)
    numbers = dict.fromkeys(n for n in (head.latest, head.active, *head.drafts) if n)
    stored = store.get_many([Ref(COLLECTION, version_key(policy, n)) for n in numbers])
    note = study_note(study_id)
    for version in stored:
        if version is not None and version.data.get("notes") == note:
            return get_version(store, keys, *key_parts(version.ref.id))
    return None

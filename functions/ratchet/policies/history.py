"""What versions a policy has, what changed between two, and who changed what when."""

from typing import Any

from ratchet.govern.audit import AuditEntry, audit_log, is_policy
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import (
    COLLECTION,
    PolicyVersion,
    load_version,
    parse_version,
    version_key,
)
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store


class Difference(Model):
    """One value that differs between two versions."""

    field: str
    was: Any = None
    now: Any = None


def list_versions(store: Store, policy_id: str) -> list[PolicyVersion]:
    """Return a policy's versions, oldest first; signatures are checked where one is used."""
    query = Query(COLLECTION, (Filter("id", "==", policy_id),))
    found = [parse_version(s.data) for s in store.query(query)]
    return sorted(found, key=lambda version: version.semver)


def list_heads(store: Store) -> list[PolicyHead]:
    """Return the head of every policy.

    Raises: InvalidInput that names a head that does not parse.
    """
    found = (parse_head(s) for s in store.stream(Query(PolicyHead.collection)))
    return [head for head in found if is_policy(head.id)]


def parse_head(found: Snapshot) -> PolicyHead:
    """Return the head of a stored map; one that is no policy's has no version.

    Raises: InvalidInput that names the document.
    """
    if not is_policy(found.ref.id):
        return PolicyHead(id=found.ref.id)
    try:
        return PolicyHead.from_store(found.data)
    except InvalidInput as error:
        raise InvalidInput(
            f"{found.ref} does not parse: {error.message}",
            field=error.field,
            mend="restore it from a backup; it is the truth about the policy",
        ) from error


def get_version(store: Store, keys: Keys, policy_id: str, version: str) -> PolicyVersion:
    """Return one version, with its signature checked.

    Raises: NotFound, BadSignature.
    """
    key = version_key(policy_id, version)
    found = store.get(Ref(COLLECTION, key))
    if found is None:
        raise NotFound(
            f"{key} does not exist", field="version", mend=f"ratchet policy list {policy_id}"
        )
    return load_version(keys, key, found.data)


def differences(a: PolicyVersion, b: PolicyVersion) -> list[Difference]:
    """Return what differs between two versions, value by value."""
    left, right = _flat(a), _flat(b)
    return [
        Difference(field=name, was=left.get(name), now=right.get(name))
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]


def _flat(version: PolicyVersion) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                walk(f"{prefix}.{name}", inner)
        else:
            flat[prefix] = value

    walk("params", version.params)
    walk("tuningSpace", version.tuning_space)
    for artifact in version.artifacts:
        flat[f"artifacts.{artifact.name}"] = artifact.sha256
    return flat


def history(store: Store, policy_id: str) -> list[AuditEntry]:
    """Return everything that happened to a policy, oldest first."""
    return list(audit_log(store, policy_id))

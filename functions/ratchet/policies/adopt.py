"""Adopt a version that a person created in the console, as the draft that `propose` writes.

It is removed, with an alert that says why, where its content cannot be signed; and removed as it
says where it says `rejected`. Whatever else goes wrong leaves it where it is.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import JsonValue

from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature, InvalidInput, NotFound, RatchetError
from ratchet.policies.documents import alike, small
from ratchet.policies.draft import draft_of, next_number
from ratchet.policies.edit import LATER, Case, Guarded
from ratchet.policies.propose import check_policy_id, read_version, write_draft
from ratchet.policies.version import (
    COLLECTION,
    ArtifactRef,
    PolicyVersion,
    signed,
    version_key,
)
from ratchet.store.limits import check_document

TEXT = 1000  # characters of an alert: what a person wrote may be in it
NAME = 200  # characters of a document's name in such a text
# How a value that is no JSON reads, such as a geographical point (store/protobuf.py).
_FOREIGN = re.compile(r"\([a-z_]+_value\)")


class Draft(Model):
    """What a person may write of a version; the rest is filled in when it is signed."""

    v: Literal[1] = 1
    id: str
    version: str
    params: dict[str, JsonValue]
    tuning_space: dict[str, JsonValue] | None = None
    artifacts: tuple[ArtifactRef, ...] | None = None
    notes: str = ""
    status: Literal["draft", "shadow", "canary", "active"] = "draft"
    updated_at: Any = None  # unsigned, and written anew


def judge_new(case: Case) -> Guarded:
    """Sign a version that was created by hand, as a draft: it has passed no gates."""
    if case.data.get("status") == "rejected":
        return _take_away(case)
    try:
        new = _draft(case)
    except (InvalidInput, BadSignature, NotFound) as error:
        return _remove(case, error)
    if not alike(case.edit.after, case.data):
        return LATER
    write_draft(
        case.tx,
        case.keys,
        case.head,
        new,
        case.edit.actor,
        now=case.now,
        reason="created by hand in the console",
        evidence={"event": case.edit.event_id},
    )
    key, wanted = new.key(), case.data.get("status", "draft")
    if wanted != "draft":
        activate = f"ratchet policy activate {case.id} {case.version} --reason ..."
        start = start_command(case.id, case.version, wanted)
        case.raise_alert(
            f"{key} was created by hand as {wanted}; it is a draft, since it passed no gates",
            command=activate if wanted == "active" else start,
        )
        case.keep_active()
    return Guarded(decision="adopted", text=f"{key} is a draft")


def start_command(policy: str, version: str, stage: str) -> str:
    """Return the command that brings a version to a stage of its road."""
    return f"ratchet rollout start {policy} --challenger {version} --mode {stage} --reason ..."


def _draft(case: Case) -> PolicyVersion:
    """Return the signed draft of what a person wrote; its parent is the active version.

    Raises: InvalidInput that names the field; BadSignature or NotFound where the parent is spoilt.
    """
    key, head = case.edit.document_id, case.head
    written = Draft.parse(case.data)
    _check_kinds(case.data)
    check_policy_id(written.id)
    number = next_number(head, written.version)
    if version_key(written.id, number) != key:
        raise InvalidInput(
            f"the document is no {version_key(written.id, number)}",
            field="id",
            mend="name the document id@version",
        )
    parent = read_version(case.tx, case.keys, head.id, head.active) if head.active else None
    draft = draft_of(
        case.edit.actor,
        written.id,
        written.params,
        parent,
        number=number,
        space=written.tuning_space,
        artifacts=written.artifacts,
        notes=written.notes,
        proposal=None,
        now=case.edit.at,
    )
    new = signed(case.keys, draft)
    check_document(COLLECTION, key, new.to_map())
    return new


def _check_kinds(value: Any, field: str = "") -> None:
    """Refuse what the store holds beside JSON: it would be signed as a text about it.

    Raises: InvalidInput that names the field.
    """
    if isinstance(value, str) and _FOREIGN.fullmatch(value):
        raise InvalidInput(
            f"{field} holds a {value[1:-1]}, which is no JSON", field=field, mend="write JSON"
        )
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    for name, held in inner:
        _check_kinds(held, f"{field}.{name}" if field else str(name))


def _take_away(case: Case) -> Guarded:
    """Do what `rejected` says of a version that never was a draft; nobody is told off."""
    if not alike(case.edit.after, case.data):
        return LATER
    case.tx.delete(case.ref)
    _audit_removal(case, "reject")
    return Guarded(decision="rejected", text=f"{case.edit.document_id} was rejected by hand")


def _remove(case: Case, error: RatchetError) -> Guarded:
    """Take away a version that cannot be signed; what it held stays in the alert."""
    case.tx.delete(case.ref)
    _audit_removal(case, "put_back")
    case.raise_alert(
        f"{case.edit.document_id[:NAME]} was created by hand and removed: "
        f"{error.field or 'document'}: {error.message}"[:TEXT],
        evidence={"by": case.edit.actor.name, "document": small(case.data)},
        command=f"ratchet policy propose {case.id} --params FILE --reason ...",
    )
    return Guarded(decision="removed")


def _audit_removal(case: Case, action: str) -> None:
    if case.head.audit_sequence:  # a name that is no policy of ours has no audit chain
        case.write_entry(action, "created by hand", "removed")

"""Hand edits of policies in the console: valid and audited, or put back with an alert.

The head is the truth, also about the versions that a rollout tries. Each event is judged against
the store as it is now, once by its id, so duplicates, bursts and any order of delivery end alike.
Setting a version that was active before to `active` is a rollback and is carried through, which
ends a running rollout; the event of the latest edit wins. Another version on the road stays there,
whatever its status is set to. One created by hand is adopted as a signed draft where it is valid,
and removed where it is not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from ratchet.govern.chain_heads import is_lost
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.adopt import judge_new, start_command
from ratchet.policies.documents import alike
from ratchet.policies.edit import LATER, Case, Edit, Guarded
from ratchet.policies.propose import is_policy_id
from ratchet.policies.version import (
    COLLECTION,
    Stage,
    Status,
    is_signed,
    load_version,
    signed_part,
    version_key,
)
from ratchet.store.port import Ref, Store
from ratchet.store.transact import OPERATION_TTL, OPERATIONS, Transaction

_STAGES = get_args(Stage)


def guard_policy(store: Store, keys: Keys, edit: Edit, *, now: datetime) -> Guarded:
    """Judge one edit of `ops_policies/{id@version}` and do what follows, in one transaction."""
    seen = Ref(OPERATIONS, join_key("edit", edit.event_id))

    def body(tx: Transaction) -> Guarded:
        (done,) = tx.fetch([seen])
        if done is not None:
            return Guarded(decision="seen")
        result = _judge(Case(tx, keys, edit, now=now))
        tx.create(seen, {"v": 1, "expireAt": now + OPERATION_TTL, "decision": result.decision})
        return result

    return store.transact(body)


def _judge(case: Case) -> Guarded:
    """Return what was done; writes are in the transaction."""
    known = _is_known(case)
    if case.found is None and not known:
        return Guarded(decision="consistent")
    if _is_headless(case, known):
        return _tell_headless(case)
    if case.found is None:
        return _restore(case)
    if not known:
        return judge_new(case)
    if not case.is_ours(case.data):
        return _restore(case)
    return _judge_status(case)


def _is_known(case: Case) -> bool:
    """Say whether a version was proposed: the head tells of all but those rejected."""
    if case.version in (*case.head.drafts, *case.head.activated):
        return True
    return any(map(case.is_ours, (case.edit.before, case.edit.after, case.data)))


def _is_headless(case: Case, known: bool) -> bool:
    """Say whether the policy's head is gone: the truth about it is lost."""
    if case.head.audit_sequence:
        return False
    return known or (is_policy_id(case.id) and is_lost(case.tx, case.head))


def _judge_status(case: Case) -> Guarded:
    data, edit, head = case.data, case.edit, case.head
    status, wanted = data.get("status"), _truth(case)
    if status == wanted and isinstance(data.get("updatedAt"), datetime):
        return Guarded(decision="consistent")
    if status == wanted:
        return _put_back(case, signed_part(data), wanted)
    late = head.decided_at is not None and edit.at < head.decided_at
    mine = alike(edit.after, data)
    if status == "active" and case.version in head.activated and mine and not late:
        return _roll_back(case)
    if status == "rejected" and wanted == "draft":
        return _reject(case)
    if wanted == "active" and _other_was_set_active(case):
        return Guarded(
            decision="consistent", text="half of a rollback; the other edit carries it through"
        )
    if status == "active" and not mine:
        return LATER
    return _put_back(case, signed_part(data), wanted)


def _truth(case: Case) -> Status:
    return case.head.status_of(case.version)


def _other_was_set_active(case: Case) -> bool:
    """Say whether a version that was active before has been set to active by hand.

    Those are guarded: the event of that edit must not come between.
    """
    others = [version_key(case.id, v) for v in case.head.activated if v != case.head.active]
    raised = [
        found
        for found in case.tx.fetch([Ref(COLLECTION, key) for key in others])
        if found is not None
        and found.data.get("status") == "active"
        and is_signed(case.keys, found.ref.id, found.data)
    ]
    for found in raised:
        case.tx.set(found.ref, found.data)
    return bool(raised)


def _roll_back(case: Case) -> Guarded:
    target = load_version(case.keys, case.edit.document_id, case.data)
    switch(
        case.tx,
        case.keys,
        case.head,
        target,
        case.edit.actor,
        "rollback",
        now=case.now,
        reason="edited by hand in the console",
        decided_at=case.edit.at,
    )
    return Guarded(decision="rolled_back", text=f"{target.key()} is active again")


def _reject(case: Case) -> Guarded:
    drafts = tuple(v for v in case.head.drafts if v != case.version)
    case.write_entry("reject", "draft", "rejected", drafts=drafts)
    return Guarded(decision="rejected")


def _restore(case: Case) -> Guarded:
    """Put content back that was signed, where the edit tells of it."""
    for told in (case.edit.before, case.edit.after):
        if told is not None and case.is_ours(told):
            return _put_back(case, signed_part(told), _truth(case), told["signature"])
    key = case.edit.document_id
    text = f"{key} is not what was signed, and this edit does not say what was"
    case.raise_alert(text, command=f"ratchet policy rollback {case.id}")
    return Guarded(decision="lost", text=text)


def _tell_headless(case: Case) -> Guarded:
    """Change nothing of a policy whose head is gone: the truth about it is lost."""
    text = (
        f"the head of {case.id} is gone, and {case.edit.document_id} cannot be judged; "
        "edit it again when the head is back"
    )
    case.raise_alert(text, command=f"restore ops_policy_heads/{case.id} from a backup")
    return Guarded(decision="lost", text=text)


def _put_back(
    case: Case, content: Mapping[str, Any], status: Status, signature: str | None = None
) -> Guarded:
    key, was = case.edit.document_id, case.data
    signature = signature or was.get("signature")
    data = dict(content) | {"signature": signature, "status": status, "updatedAt": case.now}
    case.tx.set(case.ref, data)
    case.keep_active()
    case.write_entry("put_back", str(was.get("status", "deleted")), status)
    text = f"{key} was edited by hand; it is {status} again"
    case.raise_alert(text, command=_command(case, status, str(was.get("status"))))
    return Guarded(decision="put_back", text=f"{key} is {status}")


def _command(case: Case, status: Status, wanted: str) -> str:
    """Return the command that does what an edit by hand was meant to do."""
    if not case.is_ours(case.data):
        return f"ratchet policy propose {case.id} --params FILE --reason ..."
    if case.version in case.head.stages:
        return _command_on_the_road(case, wanted)
    if wanted in _STAGES and status in ("draft", "archived"):
        return start_command(case.id, case.version, wanted)
    if status == "draft":
        return f"ratchet policy activate {case.id} {case.version} --reason ..."
    if status in ("active", "archived"):
        return f"ratchet policy rollback {case.id} {case.version}"
    return f"ratchet policy propose {case.id} --params FILE --reason ..."


def _command_on_the_road(case: Case, wanted: str) -> str:
    """Return the command for a version that a rollout tries."""
    rollout = case.head.rollout
    if wanted == "active":
        return f"ratchet rollout override {rollout} PROMOTE --reason ..."
    abort = f"ratchet rollout abort {rollout} --reason ..."
    return f"{abort}, then reject it" if wanted == "rejected" else abort

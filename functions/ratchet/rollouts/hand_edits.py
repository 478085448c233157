"""Hand edits of rollouts, verdicts, approvals and replays: put back as sealed, with an alert.

Verbs alone write these documents, and seal them. Each event is judged against the store as it is
now, so duplicates, bursts and any order of delivery end alike. Of a running rollout the truth is
what its policy's head sealed last; else a later state is truer than an earlier one, and what has no
seal is never true. What was created by hand is removed, what was deleted comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ratchet.govern.alerts import Alert, counted, find_alert
from ratchet.govern.chain_heads import is_lost
from ratchet.kernel.ids import SEPARATOR, join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import SEAL, Sealed, is_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.documents import alike
from ratchet.policies.edit import LATER, Edit, Guarded, entry_of, put_back_alert
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id
from ratchet.rollouts.meant import made_anew, meant
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import OPERATION_TTL, OPERATIONS, Transaction

Data = Mapping[str, Any]
TEXT = 500  # characters of a name in an alert: a person wrote it
# States in which a rollout or an approval may still change.
_OPEN = ("running", "pending")


@dataclass(frozen=True)
class Case:
    """One edit of a sealed document, with what it is held against, all of one moment.

    `true` are the states that were sealed: the stored one first, then those that the edit tells.
    """

    tx: Transaction
    keys: Keys
    edit: Edit
    now: datetime
    ref: Ref
    found: Snapshot | None
    head: PolicyHead
    true: tuple[Data, ...]
    about: Alert
    alerted: Alert | None

    @property
    def data(self) -> Data:
        """What is stored now, {} where nothing is."""
        return self.found.data if self.found else {}

    @property
    def is_named(self) -> bool:
        """Whether it is the rollout that runs, as far as the head knows."""
        return self.ref.collection == ROLLOUTS and self.head.rollout == self.ref.id

    def done(self, guarded: Guarded) -> Guarded:
        """Mark the event as judged."""
        mark = {"v": 1, "expireAt": self.now + OPERATION_TTL, "decision": guarded.decision}
        self.tx.create(_seen(self.edit), mark)
        return guarded

    def write_entry(self, was: str, to: str) -> None:
        """Audit what is put back, where the policy has a chain."""
        if self.head.audit_sequence:
            entry = entry_of(
                self.keys, self.head, self.edit, "put_back", was=was, to=to, now=self.now
            )
            self.tx.put(self.head.after(entry))
            self.tx.put(entry)

    def raise_alert(self, text: str, command: str) -> None:
        """Tell a person, and the command that was meant."""
        new = self.about.model_copy(update={"text": text, "command": command})
        self.tx.put(counted(self.alerted, new))


def guard_sealed(
    store: Store, keys: Keys, edit: Edit, *, now: datetime, kind: type[Sealed]
) -> Guarded:
    """Judge one edit of a sealed document and do what follows, in one transaction."""

    def body(tx: Transaction) -> Guarded:
        ref = Ref(kind.collection, edit.document_id)
        about = put_back_alert(edit, str(ref), now=now)
        policy = policy_of(edit.document_id)
        alert_ref = Ref(Alert.collection, about.key())
        head_ref = Ref(PolicyHead.collection, policy) if is_policy_id(policy) else alert_ref
        seen, found, *_ = tx.fetch([_seen(edit), ref, alert_ref, head_ref])
        if seen is not None:
            return Guarded(decision="seen")
        head = tx.find(PolicyHead, policy) if is_policy_id(policy) else None
        told = (found.data if found else None, edit.after, edit.before)
        case = Case(
            tx=tx,
            keys=keys,
            edit=edit,
            now=now,
            ref=ref,
            found=found,
            head=head or PolicyHead(id=policy),
            true=tuple(d for d in told if d is not None and is_sealed(keys, kind, ref.id, d)),
            about=about,
            alerted=find_alert(tx, about),
        )
        return _judge(case)

    return store.transact(body)


def policy_of(document_id: str) -> str:
    """Return the policy that a document's id begins with.

    >>> policy_of("router-core-r7"), policy_of("router-core-r7~20260101T12"), policy_of("x")
    ('router-core', 'router-core', '')
    """
    return document_id.partition(SEPARATOR)[0].rpartition("-")[0]


def _seen(edit: Edit) -> Ref:
    return Ref(OPERATIONS, join_key("edit", edit.event_id))


def _judge(case: Case) -> Guarded:
    """Return what was done; writes are in the transaction."""
    if not case.true:
        return _judge_unsealed(case)
    truth = max(case.true, key=lambda data: _rank(case, data))  # the first of equals
    if truth is case.data and (not case.is_named or _is_last(case, truth)):
        return Guarded(decision="consistent")
    if not case.head.audit_sequence:
        return _tell_headless(case)
    if case.is_named and not _is_last(case, truth):
        return _tell_lost(case)
    return _put_back(case, truth)


def _rank(case: Case, data: Data) -> int:
    """Return how late a sealed state is among those of its document."""
    if case.is_named:
        return int(_is_last(case, data))
    return int(data.get("state") not in _OPEN)


def _is_last(case: Case, data: Data) -> bool:
    return bool(data.get(SEAL) == case.head.rollout_seal)


def _judge_unsealed(case: Case) -> Guarded:
    """Remove what nobody sealed; where it stands in the place of what was, tell of it."""
    if case.found is None:
        return Guarded(decision="consistent")
    if is_policy_id(case.head.id) and is_lost(case.tx, case.head):
        return _tell_headless(case)
    if case.edit.before is None:
        return _remove(case)
    if case.data.get("state") == "ended" and not case.is_named:
        return Guarded(decision="consistent", text="it was aborted as it was found")
    return _tell_lost(case)


def _put_back(case: Case, truth: Data) -> Guarded:
    where, was = str(case.ref), "edited" if case.found else "deleted"
    case.tx.set(case.ref, truth)
    case.write_entry(f"{was} by hand", "as sealed")
    case.raise_alert(
        f"{where} was {was} by hand; it is as it was sealed again",
        meant(case.ref.collection, case.ref.id, truth, case.data),
    )
    return case.done(Guarded(decision="put_back", text=where))


def _remove(case: Case) -> Guarded:
    """Take away what was created by hand; what it held stays in the alert."""
    where = str(case.ref)[:TEXT]
    case.tx.delete(case.ref)
    case.write_entry("created by hand", "removed")
    case.raise_alert(
        f"{where} was created by hand and removed: no verb sealed it",
        made_anew(case.ref.collection, case.head.id or "POLICY"),
    )
    return case.done(Guarded(decision="removed"))


def _tell_lost(case: Case) -> Guarded:
    """Tell of what cannot be put back, if this event is of what is stored."""
    if not (alike(case.edit.after, case.data) if case.found else case.edit.after is None):
        return LATER
    where = str(case.ref)
    text = f"{where} is not what was sealed last, and this edit does not say what was"
    abort = f"ratchet rollout abort {case.ref.id} --reason ..."
    case.raise_alert(text, abort if case.is_named else f"restore {where} from a backup")
    return case.done(Guarded(decision="lost", text=text))


def _tell_headless(case: Case) -> Guarded:
    """Change nothing of a policy whose head is gone: the truth about it is lost."""
    text = (
        f"the head of {case.head.id} is gone, and {case.ref} cannot be judged;"
        " edit it again when the head is back"
    )
    case.raise_alert(text, f"restore {PolicyHead.collection}/{case.head.id} from a backup")
    return case.done(Guarded(decision="lost", text=text))

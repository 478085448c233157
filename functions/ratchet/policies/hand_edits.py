"""Hand edits of policies in the console: valid and audited, or put back with an alert.

The head is the truth. Each event is judged against the store as it is now, once by its id, so
duplicates, bursts and any order of delivery end alike. Setting a version that was active before to
`active` is a rollback and is carried through; the event of the latest edit wins.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from ratchet.govern.alerts import Alert, alert, counted
from ratchet.govern.audit import link
from ratchet.govern.roles import CONSOLE, Actor, machine
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import (
    COLLECTION,
    Status,
    is_signed,
    load_version,
    signed_part,
    version_key,
)
from ratchet.store.limits import check_document
from ratchet.store.port import Ref, Store
from ratchet.store.transact import OPERATION_TTL, OPERATIONS, Transaction

Decision = Literal[
    "seen", "consistent", "audited", "rolled_back", "rejected", "put_back", "removed", "lost"
]
GUARD = machine("hand_edits")
EVIDENCE_BYTES = 200_000


class Edit(Model):
    """A write to a document as its trigger tells it; `before` or `after` absent: there was none."""

    event_id: str
    document_id: str
    at: Instant
    who: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    @property
    def actor(self) -> Actor:
        """Who edited, as far as the event says."""
        return CONSOLE.model_copy(update={"name": self.who}) if self.who else CONSOLE


class Guarded(Model):
    """What was done about an edit."""

    decision: Decision
    text: str = ""


def guard_policy(store: Store, keys: Keys, edit: Edit, *, now: datetime) -> Guarded:
    """Judge one edit of `ops_policies/{id@version}` and do what follows, in one transaction."""
    policy_id, _, version = edit.document_id.partition("@")
    seen = Ref(OPERATIONS, join_key("edit", edit.event_id))
    about = alert(
        "hand-edit-put-back",
        edit.document_id,
        "warning",
        f"an edit of {edit.document_id} by hand was put back",
        now=now,
        command=f"ratchet policy activate|rollback {policy_id} {version}",
        evidence={"by": edit.actor.name, "document": small(edit.after)},
    )

    def body(tx: Transaction) -> Guarded:
        (done,) = tx.fetch([seen])
        if done is not None:
            return Guarded(decision="seen")
        guard = _Guard(tx, keys, edit, policy_id, version, about, now)
        result = guard.judge()
        tx.create(seen, {"v": 1, "expireAt": now + OPERATION_TTL, "decision": result.decision})
        return result

    return store.transact(body)


def small(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a document as an alert can hold it: whole, or its hash where it is large."""
    if data is None:
        return {}
    try:
        if check_document(COLLECTION, "document", {"document": data}) < EVIDENCE_BYTES:
            return dict(data)
        return {"sha256": content_hash(data)}
    except InvalidInput as error:
        return {"unreadable": error.message}


class _Guard:
    """One edit, with what it is held against; reads first."""

    def __init__(
        self,
        tx: Transaction,
        keys: Keys,
        edit: Edit,
        policy_id: str,
        version: str,
        about: Alert,
        now: datetime,
    ) -> None:
        self.tx, self.keys, self.edit, self.now = tx, keys, edit, now
        self.id, self.version, self.about = policy_id, version, about
        self.head = tx.find(PolicyHead, policy_id) or PolicyHead(id=policy_id)
        self.ref = Ref(COLLECTION, edit.document_id)
        active = version_key(policy_id, self.head.active) if self.head.active else None
        (self.found,) = tx.fetch([self.ref])
        if active:
            tx.fetch([Ref(COLLECTION, active)])
        self.alert_before = tx.find(Alert, about.key())

    def judge(self) -> Guarded:
        """Return what was done; writes are in the transaction."""
        if self.found is None:
            return (
                self._restore() if self.version in self._known() else Guarded(decision="consistent")
            )
        if self.version not in self._known():
            return self._remove()
        if not is_signed(self.keys, self.found.data):
            return self._restore()
        return self._status(self.found.data.get("status"))

    def _known(self) -> set[str]:
        before = self.edit.before
        signed_once = before is not None and is_signed(self.keys, before)
        known = {*self.head.drafts, *self.head.activated}
        return known | ({self.version} if signed_once else set())

    def _status(self, status: object) -> Guarded:
        wanted = self._truth()
        if status == wanted:
            return Guarded(decision="consistent")
        late = self.head.decided_at is not None and self.edit.at < self.head.decided_at
        mine = self.edit.after is not None and self.edit.after.get("status") == status
        if status == "active" and self.version in self.head.activated and mine and not late:
            return self._roll_back()
        if status == "rejected" and wanted == "draft":
            return self._reject()
        if wanted == "active" and self._other_was_set_active():
            return Guarded(
                decision="consistent", text="half of a rollback; the other edit carries it through"
            )
        if status == "active" and not mine:
            return Guarded(decision="consistent", text="a later edit's event decides")
        return self._put_back(dict(signed_part(self._data())), wanted)

    def _data(self) -> Mapping[str, Any]:
        return self.found.data if self.found else {}

    def _truth(self) -> Status:
        return self.head.status_of(self.version)

    def _other_was_set_active(self) -> bool:
        """Say whether a version that was active before has been set to active by hand."""
        return any(
            found is not None
            and found.data.get("status") == "active"
            and is_signed(self.keys, found.data)
            for found in self.tx.fetch(
                [
                    Ref(COLLECTION, version_key(self.id, v))
                    for v in self.head.activated
                    if v != self.head.active
                ]
            )
        )

    def _roll_back(self) -> Guarded:
        target = load_version(self.keys, self._data())
        switch(
            self.tx,
            self.keys,
            self.head,
            target,
            self.edit.actor,
            "rollback",
            now=self.now,
            reason="edited by hand in the console",
            decided_at=self.edit.at,
        )
        return Guarded(decision="rolled_back", text=f"{target.key()} is active again")

    def _reject(self) -> Guarded:
        drafts = tuple(v for v in self.head.drafts if v != self.version)
        self._write_entry("reject", "draft", "rejected", {"drafts": drafts})
        return Guarded(decision="rejected")

    def _restore(self) -> Guarded:
        """Put content back from before the edit, where that was what we signed."""
        before = self.edit.before
        if before is not None and is_signed(self.keys, before):
            return self._put_back(signed_part(before), self._truth(), before["signature"])
        text = (
            f"{self.edit.document_id} is not what was signed, and this edit does not say what was"
        )
        self._raise_alert(text)
        return Guarded(decision="lost", text=text)

    def _remove(self) -> Guarded:
        """Take away a version that nobody proposed; what it held stays in the alert."""
        self.tx.delete(self.ref)
        self._write_entry("put_back", "created by hand", "removed", {})
        self._raise_alert(
            f"{self.edit.document_id} was created by hand and removed",
            evidence={"by": self.edit.actor.name, "document": small(self._data())},
            command=f"ratchet policy propose {self.id} --params FILE --reason ...",
        )
        return Guarded(decision="removed")

    def _put_back(
        self, content: Mapping[str, Any], status: Status, signature: str | None = None
    ) -> Guarded:
        signature = signature or self._data().get("signature")
        data = dict(content) | {"signature": signature, "status": status, "updatedAt": self.now}
        self.tx.set(self.ref, data)
        self._write_entry("put_back", str(self._data().get("status", "deleted")), status, {})
        self._raise_alert(f"{self.edit.document_id} was edited by hand; it is {status} again")
        return Guarded(decision="put_back", text=f"{self.edit.document_id} is {status}")

    def _write_entry(self, action: str, was: str, to: str, changes: Mapping[str, Any]) -> None:
        actor = GUARD if action == "put_back" else self.edit.actor
        entry = link(
            self.keys,
            self.head,
            actor,
            action,
            self.edit.document_id,
            now=self.now,
            payload={"event": self.edit.event_id},
            was=was,
            to=to,
            reason="edited by hand in the console",
            evidence={"by": self.edit.actor.name},
        )
        self.tx.put(self.head.after(entry, **changes))
        self.tx.put(entry)

    def _raise_alert(self, text: str, **changes: Any) -> None:
        new = self.about.model_copy(update={"text": text} | changes)
        self.tx.put(counted(self.alert_before, new))

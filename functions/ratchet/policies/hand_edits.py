"""Hand edits of policies in the console: valid and audited, or put back with an alert.

The head is the truth. Each event is judged against the store as it is now, once by its id, so
duplicates, bursts and any order of delivery end alike. Setting a version that was active before to
`active` is a rollback and is carried through; the event of the latest edit wins. A version created
by hand is adopted as a signed draft where it is valid, and removed where it is not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from ratchet.govern.alerts import Alert, alert, counted
from ratchet.govern.audit import link
from ratchet.govern.roles import CONSOLE, Actor, machine
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import RatchetError
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.adopt import adopt, draft_by_hand
from ratchet.policies.documents import alike, small
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id, set_status
from ratchet.policies.version import (
    COLLECTION,
    Status,
    is_signed,
    load_version,
    signed_part,
    version_key,
)
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import OPERATION_TTL, OPERATIONS, Transaction

Decision = (
    Literal["seen", "consistent", "audited", "adopted", "rolled_back"]
    | Literal["rejected", "put_back", "removed", "lost"]
)
GUARD = machine("hand_edits")
TEXT = 1000  # characters of an alert: what a person wrote may be in it


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
        head = tx.find(PolicyHead, policy_id) if is_policy_id(policy_id) else None
        self.head = head or PolicyHead(id=policy_id)
        self.ref = Ref(COLLECTION, edit.document_id)
        (self.found,) = tx.fetch([self.ref])
        self.active: Snapshot | None = None
        if self.head.active:
            (self.active,) = tx.fetch([Ref(COLLECTION, version_key(policy_id, self.head.active))])
        self.alert_before = tx.find(Alert, about.key())

    def judge(self) -> Guarded:
        """Return what was done; writes are in the transaction."""
        known = self.version in self._known()
        if known and not self.head.audit_sequence:
            return self._headless()
        if self.found is None:
            return self._restore() if known else Guarded(decision="consistent")
        if not known:
            return self._adopt(self.found.data)
        if not self._is_ours(self.found.data):
            return self._restore()
        return self._status(self.found.data)

    def _known(self) -> set[str]:
        """Return the versions that were proposed: the head tells of all but those rejected."""
        told = (self.edit.before, self.edit.after, self._data())
        signed_once = any(map(self._is_ours, told))
        known = {*self.head.drafts, *self.head.activated}
        return known | ({self.version} if signed_once else set())

    def _is_ours(self, data: Mapping[str, Any] | None) -> bool:
        return data is not None and is_signed(self.keys, self.edit.document_id, data)

    def _status(self, data: Mapping[str, Any]) -> Guarded:
        status, wanted = data.get("status"), self._truth()
        if status == wanted and isinstance(data.get("updatedAt"), datetime):
            return Guarded(decision="consistent")
        if status == wanted:
            return self._put_back(signed_part(data), wanted)
        late = self.head.decided_at is not None and self.edit.at < self.head.decided_at
        mine = alike(self.edit.after, data)
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
        return self._put_back(signed_part(data), wanted)

    def _data(self) -> Mapping[str, Any]:
        return self.found.data if self.found else {}

    def _truth(self) -> Status:
        return self.head.status_of(self.version)

    def _other_was_set_active(self) -> bool:
        """Say whether a version that was active before has been set to active by hand.

        Those are guarded: the event of that edit must not come between.
        """
        others = [version_key(self.id, v) for v in self.head.activated if v != self.head.active]
        raised = [
            found
            for found in self.tx.fetch([Ref(COLLECTION, key) for key in others])
            if found is not None
            and found.data.get("status") == "active"
            and is_signed(self.keys, found.ref.id, found.data)
        ]
        for found in raised:
            self.tx.set(found.ref, found.data)
        return bool(raised)

    def _roll_back(self) -> Guarded:
        target = load_version(self.keys, self.edit.document_id, self._data())
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
        """Put content back that was signed, where the edit tells of it."""
        for told in (self.edit.before, self.edit.after):
            if told is not None and self._is_ours(told):
                return self._put_back(signed_part(told), self._truth(), told["signature"])
        text = (
            f"{self.edit.document_id} is not what was signed, and this edit does not say what was"
        )
        self._raise_alert(text, command=f"ratchet policy rollback {self.id}")
        return Guarded(decision="lost", text=text)

    def _headless(self) -> Guarded:
        """Change nothing of a policy whose head is gone: the truth about it is lost."""
        text = f"the head of {self.id} is gone, and {self.edit.document_id} cannot be judged"
        self._raise_alert(text, command=f"restore ops_policy_heads/{self.id} from a backup")
        return Guarded(decision="lost", text=text)

    def _adopt(self, data: Mapping[str, Any]) -> Guarded:
        """Sign a version that was created by hand, as a draft: it has passed no gates."""
        key, actor = self.edit.document_id, self.edit.actor
        try:
            new = draft_by_hand(self.tx, self.keys, self.head, key, data, actor, at=self.edit.at)
        except RatchetError as error:
            return self._remove(error)
        if not alike(self.edit.after, data):
            return Guarded(decision="consistent", text="a later edit's event decides")
        adopt(self.tx, self.keys, self.head, new, actor, event_id=self.edit.event_id, now=self.now)
        if data.get("status") == "active":
            self._raise_alert(
                f"{key} was created by hand as active; it is a draft, since it passed no gates",
                command=f"ratchet policy activate {self.id} {self.version} --reason ...",
            )
            if self.active:
                self._keep_active(self.active)
        return Guarded(decision="adopted", text=f"{key} is a draft")

    def _remove(self, error: RatchetError) -> Guarded:
        """Take away a version that cannot be signed; what it held stays in the alert."""
        self.tx.delete(self.ref)
        if self.head.audit_sequence:  # a name that is no policy of ours has no audit chain
            self._write_entry("put_back", "created by hand", "removed", {})
        self._raise_alert(
            f"{self.edit.document_id} was created by hand and removed: "
            f"{error.field or 'document'}: {error.message}"[:TEXT],
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
        if self.active and self.active.ref != self.ref:
            self._keep_active(self.active)
        self._write_entry("put_back", str(self._data().get("status", "deleted")), status, {})
        text = f"{self.edit.document_id} was edited by hand; it is {status} again"
        self._raise_alert(text, command=self._command(status))
        return Guarded(decision="put_back", text=f"{self.edit.document_id} is {status}")

    def _keep_active(self, active: Snapshot) -> None:
        """Undo the other half of what is put back: the active version may be archived by hand."""
        if active.data.get("status") != "active":
            set_status(self.tx, active.ref.id, "active", self.now)

    def _command(self, status: Status) -> str:
        """Return the command that does what an edit by hand was meant to do."""
        if status == "draft" and self._is_ours(self._data()):
            return f"ratchet policy activate {self.id} {self.version} --reason ..."
        if status in ("active", "archived") and self._is_ours(self._data()):
            return f"ratchet policy rollback {self.id} {self.version}"
        return f"ratchet policy propose {self.id} --params FILE --reason ..."

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

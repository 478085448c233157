"""An edit by hand, what a policy's is held against, and what is told and audited about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from ratchet.govern.alerts import Alert, alert, counted, find_alert
from ratchet.govern.audit import AuditEntry, link
from ratchet.govern.roles import CONSOLE, Actor, machine
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.keys import Keys
from ratchet.policies.documents import small
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id, set_status
from ratchet.policies.version import COLLECTION, is_signed, version_key
from ratchet.store.port import Ref, Snapshot
from ratchet.store.transact import Transaction

Decision = (
    Literal["seen", "consistent", "audited", "adopted", "rolled_back"]
    | Literal["rejected", "put_back", "removed", "lost"]
)
GUARD = machine("hand_edits")


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


# What an event does whose edit was written over: the event of what is stored does the rest.
LATER = Guarded(decision="consistent", text="a later edit's event decides")


def put_back_alert(edit: Edit, subject: str, *, now: datetime) -> Alert:
    """Return the alert of an edit that is put back, with what was written and by whom."""
    return alert(
        "hand-edit-put-back",
        subject,
        "warning",
        f"an edit of {subject} by hand was put back",
        now=now,
        evidence={"by": edit.actor.name, "document": small(edit.after)},
    )


def entry_of(
    keys: Keys, head: PolicyHead, edit: Edit, action: str, *, was: str, to: str, now: datetime
) -> AuditEntry:
    """Return the audit entry of what is done about an edit; what is put back, the guard does."""
    return link(
        keys,
        head,
        GUARD if action == "put_back" else edit.actor,
        action,
        edit.document_id,
        now=now,
        payload={"event": edit.event_id},
        was=was,
        to=to,
        reason="edited by hand in the console",
        evidence={"by": edit.actor.name},
    )


class Case:
    """One edit of a version, with what it is held against; it reads all that it needs at once."""

    def __init__(self, tx: Transaction, keys: Keys, edit: Edit, *, now: datetime) -> None:
        self.tx, self.keys, self.edit, self.now = tx, keys, edit, now
        self.id, _, self.version = edit.document_id.partition("@")
        self.ref = Ref(COLLECTION, edit.document_id)
        self._about = put_back_alert(edit, edit.document_id, now=now)
        head = tx.find(PolicyHead, self.id) if is_policy_id(self.id) else None
        self.head = head or PolicyHead(id=self.id)
        (self.found,) = tx.fetch([self.ref])
        self.active: Snapshot | None = None
        if self.head.active:
            (self.active,) = tx.fetch([Ref(COLLECTION, version_key(self.id, self.head.active))])
        self._alert_before = find_alert(tx, self._about)

    @property
    def data(self) -> Mapping[str, Any]:
        """What is stored now, {} where nothing is."""
        return self.found.data if self.found else {}

    def is_ours(self, data: Mapping[str, Any] | None) -> bool:
        """Say whether a document is the version of this name, as it was signed."""
        return data is not None and is_signed(self.keys, self.edit.document_id, data)

    def keep_active(self) -> None:
        """Undo the other half of what is put back: the active version may be archived by hand."""
        active = self.active
        if active and active.ref != self.ref and active.data.get("status") != "active":
            set_status(self.tx, active.ref.id, "active", self.now)

    def write_entry(self, action: str, was: str, to: str, **changes: Any) -> None:
        """Audit what is done, and change the head."""
        entry = entry_of(self.keys, self.head, self.edit, action, was=was, to=to, now=self.now)
        self.tx.put(self.head.after(entry, **changes))
        self.tx.put(entry)

    def raise_alert(self, text: str, **changes: Any) -> None:
        """Tell a person, and the command that was meant."""
        new = self._about.model_copy(update={"text": text} | changes)
        self.tx.put(counted(self._alert_before, new))

"""Carry a tuner's draft along the gates of allocations, as far as they and the flags let it go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ratchet.govern.alerts import Alert, alert, counted, find_alert
from ratchet.govern.audit import link
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags, flags_in
from ratchet.kernel.errors import Conflict, Refused
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import is_sealed
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import read_version, set_status
from ratchet.policies.version import PolicyVersion, version_key
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.rollouts.ask import ask
from ratchet.rollouts.changes import begin, read_changes, without
from ratchet.rollouts.prepare import Prepared, Salt, prepare
from ratchet.rollouts.promote import promote
from ratchet.rollouts.road import Onward, open_road, walk
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Filter, Query, Snapshot, Store
from ratchet.store.transact import Transaction
from ratchet.tune.auto_tune import TUNER
from ratchet.tune.carry import Carried

REASON = "allocation inside the approved envelope"
STOPPED, ASKED = "draft-stopped", "approval-asked"


@dataclass(frozen=True)
class _Way:
    """A draft that goes on, all that is written over read in the transaction."""

    tx: Transaction
    keys: Keys
    head: PolicyHead
    draft: PolicyVersion
    onward: Onward
    begins: Prepared | None
    now: datetime
    alerted: dict[str, Alert | None]

    @property
    def evidence(self) -> dict[str, Any]:
        """What the audit entry names: the gates on the way, and what the tuner expects."""
        gain = self.draft.proposal.expected_gain if self.draft.proposal else None
        return {"gates": self.onward.told()} | ({} if gain is None else {"expectedGain": gain})

    def tell(self, what: str, text: str, command: str) -> None:
        """Tell a person, in the transaction."""
        severity: Any = "warning" if what == STOPPED else "info"
        about = alert(what, self.head.id, severity, text, now=self.now, command=command)
        self.tx.put(counted(self.alerted[what], about))


def carry_draft(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    draft: PolicyVersion,
    *,
    salt: Salt,
    now: datetime,
) -> Carried:
    """Walk the gates of an allocation's draft, and do what follows, in one transaction.

    Passed, it becomes active where `autoActivatePolicies` is on; else a person is asked, once
    while the question is open. A gate that waits leaves it as it is, for another hour.

    Raises: NotFound, BadSignature; InvalidInput of what config/gates wants.
    """
    if draft.change_class != "allocation" or draft.parent is None:
        return Carried("proposed", (f"{draft.key()} changes behaviour: a person starts it",))
    challenger = Challenger(arm=draft.version, version=draft.key())
    road = open_road(store, keys, reader, draft.parent, [challenger], now=now)
    if "approval" in road.rules.gates or not _automatic(reader):
        asked = _asked(keys, store.query(_pending(draft.id)), draft, now)
        if asked is not None:
            return asked  # whatever the gates would say by now
    onward = walk(road, road.rules.gates)
    if onward.entered.result == "waits":
        return Carried("proposed", _reasons(onward))
    begins = None
    if onward.entered.draft is not None:
        trial = onward.entered.draft.model_copy(update={"gates": onward.left})
        begins = prepare(store, reader, trial, road.champion, salt=salt(), now=now)

    def body(tx: Transaction) -> Carried:
        return _go_on(tx, keys, draft, onward, begins, now)

    try:
        return store.transact(body)
    except (Refused, Conflict) as error:
        return Carried("proposed", (error.message,))


def _go_on(
    tx: Transaction,
    keys: Keys,
    draft: PolicyVersion,
    onward: Onward,
    begins: Prepared | None,
    now: datetime,
) -> Carried:
    """Do what the walk came to, if the policy still stands as it did then."""
    learning, head = flags_in(tx).learning, read_head(tx, draft.id)
    changed = "learning is switched off" if not learning.enabled else _changed(head, draft)
    if changed:
        return Carried("proposed", (changed,))
    target = read_version(tx, keys, draft.id, draft.version)
    read_changes(tx, head, [target.key()])
    told = {what: alert(what, head.id, "info", "", now=now) for what in (STOPPED, ASKED)}
    alerted = {what: find_alert(tx, about) for what, about in told.items()}
    way = _Way(tx, keys, head, target, onward, begins, now, alerted)
    if onward.entered.result == "stopped":
        return _reject(way)
    if begins is not None:
        return _begin(way, begins)
    if onward.entered.result == "asks" or not learning.auto_activate_policies:
        return _ask(way)
    return _activate(way)


def _automatic(reader: ConfigReader) -> bool:
    return reader.read(Flags).learning.auto_activate_policies


def _changed(head: PolicyHead, draft: PolicyVersion) -> str:
    """Return what is not as it was when the draft was made; empty where all is."""
    if head.active is None or version_key(head.id, head.active) != draft.parent:
        return f"{draft.parent} was replaced meanwhile"
    if head.rollout:
        return f"rollout {head.rollout} began meanwhile"
    status = head.status_of(draft.version)
    return "" if status == "draft" else f"{draft.key()} is {status} meanwhile"


def _pending(policy_id: str) -> Query:
    return Query(APPROVALS, (Filter("policy", "==", policy_id), Filter("state", "==", "pending")))


def _asked(
    keys: Keys, pending: list[Snapshot], draft: PolicyVersion, now: datetime
) -> Carried | None:
    """Return that a person was asked about a draft already; None where nobody was."""
    for found in pending:
        if is_sealed(keys, Approval, found.ref.id, found.data):
            approval = Approval.from_store(found.data)
            same = approval.signature == draft.signature and approval.rollout is None
            if same and approval.is_open(now):
                return Carried("asked", (f"{approval.id} waits",), approval.id)
    return None


def _activate(way: _Way) -> Carried:
    promote(
        way.tx,
        way.keys,
        way.head,
        TUNER,
        way.draft,
        rollout=None,
        holdback=None,
        evidence=way.evidence,
        reason=REASON,
        now=way.now,
    )
    return Carried("activated", _reasons(way.onward))


def _ask(way: _Way) -> Carried:
    """Ask for an approval, unless one waits: what the gates said is its reason."""
    waiting = _asked(way.keys, way.tx.query(_pending(way.head.id)), way.draft, way.now)
    if waiting is not None:
        return waiting
    said = _reasons(way.onward)
    approval, _ = ask(
        way.tx,
        way.keys,
        way.head,
        TUNER,
        way.draft,
        involved=(),
        reason="; ".join((REASON, *said)),
        gates=way.onward.left,
        now=way.now,
    )
    command = f"ratchet approvals approve {approval.id} --reason ..."
    way.tell(ASKED, f"{approval.id} waits for a yes to {approval.version}", command)
    return Carried("asked", (*said, f"{approval.id} waits"), approval.id)


def _begin(way: _Way, begins: Prepared) -> Carried:
    """Begin the rollout of the gate that the draft has come to."""
    rollout, _ = begin(
        way.tx,
        way.keys,
        way.head,
        TUNER,
        begins,
        champion=str(way.draft.parent),
        reason=f"gate {way.onward.gate}",
        evidence=way.evidence,
        now=way.now,
    )
    return Carried("begun", (*_reasons(way.onward), f"{rollout.id} begins"), rollout.id)


def _reject(way: _Way) -> Carried:
    """Close a draft that a gate has stopped, and tell of it."""
    tx, key, said = way.tx, way.draft.key(), _reasons(way.onward)
    entry = link(
        way.keys,
        way.head,
        TUNER,
        "reject",
        key,
        now=way.now,
        payload=way.draft.to_map(),
        was="draft",
        to="rejected",
        reason="; ".join(said),
        evidence=way.evidence,
    )
    set_status(tx, key, "rejected", way.now)
    tx.put(way.head.after(entry, drafts=without(way.head, [key])))
    tx.put(entry)
    command = f"ratchet policy diff {way.head.id} {way.head.active} {way.draft.version}"
    way.tell(STOPPED, f"{key} was stopped: {'; '.join(said)}", command)
    return Carried("rejected", said)


def _reasons(onward: Onward) -> tuple[str, ...]:
    """Return what the gates said, in their order."""
    here = ((onward.gate, onward.entered),) if onward.gate else ()
    passed = (*onward.behind, *here)
    return tuple(f"gate {gate}: {reason}" for gate, e in passed for reason in e.reasons)

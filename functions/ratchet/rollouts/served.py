"""Served: what a policy served at an instant, who let it, and on what evidence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from ratchet.govern.audit import DECIDING, AuditEntry, audit_log, verify_audit
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import NotFound
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import Sealed, is_sealed
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.assign import CONTROL, Mode, control_share
from ratchet.rollouts.gates.replay import JUDGED_BY
from ratchet.rollouts.replay_document import StoredReplay
from ratchet.rollouts.rollout import Outcome
from ratchet.rollouts.verdict import Verdict
from ratchet.store.port import Ref, Store

_BEGUN = "start_rollout"
_STEP = "advance_rollout"
_DROPPED = "drop_challenger"
_ENDED = get_args(Outcome)


class Rested(Model):
    """A document that a decision rests on, and what it says, in a line."""

    kind: str
    id: str
    text: str


class Ran(Model):
    """The rollout that ran then: its step, and the share of the units that each arm served.

    In shadow mode `shares` are those of the units that a challenger ran beside.
    """

    id: str
    mode: Mode
    purpose: str
    step: int
    shares: dict[str, float]
    versions: dict[str, str]


class Served(Model):
    """What everybody got at an instant, the units of a rollout's challengers apart.

    `evidence` is all that its road rests on, oldest first; `skipped` are gates that an override
    left out. `chain` says whether the audit chain, which tells all of it, verifies.
    """

    policy: str
    at: Instant
    version: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    action: str = ""
    by: str = ""
    kind: str = ""
    override: bool = False
    reason: str = ""
    skipped: tuple[str, ...] = ()
    approved_by: str | None = None
    evidence: tuple[Rested, ...] = ()
    rollout: Ran | None = None
    chain: str
    chain_valid: bool


def served_at(store: Store, keys: Keys, policy_id: str, at: datetime) -> Served:
    """Return what a policy served at an instant, as its audit chain tells.

    Raises: NotFound where it has no history.
    """
    entries = list(audit_log(store, policy_id))
    if not entries:
        raise NotFound(
            f"policy {policy_id} has no history", field="policy", mend="ratchet policy list"
        )
    report = verify_audit(store, keys, policy_id)
    told = {
        "policy": policy_id,
        "at": at,
        "chain": report.text,
        "chain_valid": report.valid,
        "rollout": _running(entries, at),
    }
    decided = [entry for entry in entries if entry.action in DECIDING]
    before = [entry for entry in decided if entry.ts <= at]
    if not before:
        return Served(**told, until=decided[0].ts if decided else None)
    entry = before[-1]
    after = [later.ts for later in decided if later.sequence > entry.sequence]
    rests = list(_documents(store, keys, _road(entries, entry)))
    return Served(
        **told,
        version=f"{policy_id}@{entry.to}",
        since=entry.ts,
        until=after[0] if after else None,
        action=entry.action,
        by=entry.actor,
        kind=entry.actor_kind,
        override=entry.override,
        reason=entry.reason,
        skipped=tuple(entry.evidence.get("skipped", ())),
        approved_by=next((who for _, who in reversed(rests) if who), None),
        evidence=tuple(rested for rested, _ in rests),
    )


def _running(entries: Sequence[AuditEntry], at: datetime) -> Ran | None:
    """Return the rollout that ran at an instant, as the entries about it tell."""
    running: Ran | None = None
    for entry in (entry for entry in entries if entry.ts <= at):
        if entry.action == _BEGUN:
            running = _begun(entry)
        elif running is None:
            continue
        elif entry.action in DECIDING or (entry.id == running.id and entry.to in _ENDED):
            running = None
        elif entry.id == running.id:
            running = _changed(running, entry)
    return running


def _begun(entry: AuditEntry) -> Ran:
    told = entry.evidence
    mode: Mode = told["mode"]
    steps: Sequence[Mapping[str, float]] = told["steps"]
    return Ran(
        id=entry.id,
        mode=mode,
        purpose=told["purpose"],
        step=0,
        shares=_shares(mode, steps[0]),
        versions={CONTROL: entry.was, **told["challengers"]},
    )


def _changed(running: Ran, entry: AuditEntry) -> Ran:
    """Return a rollout after an entry: another step, or a challenger less."""
    if entry.action == _STEP:
        shares = _shares(running.mode, entry.evidence["shares"])
        return running.model_copy(update={"step": running.step + 1, "shares": shares})
    if entry.action == _DROPPED:  # its units met the champion from then on, under its arm
        gone = dict.fromkeys(entry.was.split(", "), running.versions[CONTROL])
        return running.model_copy(update={"versions": running.versions | gone})
    return running


def _shares(mode: Mode, step: Mapping[str, float]) -> dict[str, float]:
    served = {} if mode == "shadow" else step
    return {CONTROL: control_share(served), **step}


def _road(entries: Sequence[AuditEntry], decided: AuditEntry) -> list[AuditEntry]:
    """Return a decision and, before it, what the chain says of the rollouts that led to it."""
    begun = {entry.id: entry.evidence for entry in entries if entry.action == _BEGUN}
    rollouts: list[str] = []
    name = decided.evidence.get("rollout")
    while name in begun and name not in rollouts:
        rollouts.append(name)
        name = begun[name].get("after") or begun[name].get("rollout")
    before = (entry for entry in entries if entry.sequence < decided.sequence)
    return [*(entry for entry in before if entry.id in rollouts), decided]


def _documents(
    store: Store, keys: Keys, entries: Sequence[AuditEntry]
) -> Iterator[tuple[Rested, str | None]]:
    """Yield what entries name as their evidence, each once, with who approved it."""
    names = dict.fromkeys(name for entry in entries for name in _named(entry.evidence))
    for kind, name in names:
        document, told = _KINDS[kind]
        found = store.get(Ref(document.collection, name))
        if found is None:
            yield Rested(kind=kind, id=name, text="is gone"), None
        elif not is_sealed(keys, document, name, found.data):
            yield Rested(kind=kind, id=name, text="was changed by hand"), None
        else:
            read = document.from_store(found.data)
            yes = isinstance(read, Approval) and read.state == "approved" and read.decided_by
            yield Rested(kind=kind, id=name, text=told(read)), yes or None


def _named(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of every document that evidence names, however deep."""
    for field, value in evidence.items():
        if field in _KINDS and isinstance(value, str):
            yield field, value
        elif isinstance(value, Mapping):
            yield from _named(value)


def _verdict(found: Verdict) -> str:
    return f"{found.decision} of {found.rollout}: {'; '.join(found.judged.reasons)}"


def _approval(found: Approval) -> str:
    return f"{found.state} by {found.decided_by}: {found.decided_reason}"


def _replay(found: StoredReplay) -> str:
    by = found.result.difference[JUDGED_BY]
    gain = f"{by.value:+.4g} ({by.low:.4g} to {by.high:.4g}) over {found.log.rows} rows"
    return f"{found.version} against {found.champion}: {gain}"


# The documents that evidence names, by field, and the line that tells each.
_KINDS: Mapping[str, tuple[type[Sealed], Callable[[Any], str]]] = {
    "replay": (StoredReplay, _replay),
    "verdict": (Verdict, _verdict),
    "approval": (Approval, _approval),
}

"""Rollout rolled back: what was tried was shown to be worse, or a person said so."""

from ratchet.govern.audit import AuditEntry
from ratchet.insight.rule import EventRule, Finding, Sight
from ratchet.rollouts.verdict import VERDICTS
from ratchet.store.port import Ref

HOLDBACK = "rollback"  # of a holdback: the former version is active again


def tell(sight: Sight, entry: AuditEntry) -> Finding | None:
    """Tell of a rollout that ended so; one that a later gate stopped is told of as that.

    The verdict of the machine tells at once, in its own transaction; what is left are persons'.
    """
    rollout = entry.evidence.get("rollout") if entry.action == HOLDBACK else entry.id
    if not rollout or _stopped_by_gate(sight, entry):
        return None
    return Finding(
        subject=str(rollout),
        text=f"{rollout} is rolled back by {entry.actor}: {entry.reason}",
        command=f"ratchet rollout show {rollout}",
        evidence={"override": entry.override},
    )


def _stopped_by_gate(sight: Sight, entry: AuditEntry) -> bool:
    verdict = entry.evidence.get("verdict")
    found = sight.store.get(Ref(VERDICTS, str(verdict))) if verdict else None
    return found is not None and found.data.get("effect") == "gate_stopped"


RULE = EventRule("critical", frozenset({"roll_back_rollout", HOLDBACK}), tell)

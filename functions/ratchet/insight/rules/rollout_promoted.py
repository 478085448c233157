"""Rollout promoted: a version has passed its rollout, and is active."""

from ratchet.govern.audit import AuditEntry
from ratchet.insight.rule import EventRule, Finding, Sight


def tell(sight: Sight, entry: AuditEntry) -> Finding | None:
    """Tell of an activation that a rollout led to; any other is a person's own."""
    rollout = entry.evidence.get("rollout")
    if not rollout:
        return None
    by = f", by {entry.actor}: {entry.reason}" if entry.override else ""
    return Finding(
        subject=str(rollout),
        text=f"{rollout} is promoted: {entry.id} is active{by}",
        command=f"ratchet rollout show {rollout}",
        evidence={"version": entry.id, "override": entry.override},
    )


RULE = EventRule("info", frozenset({"activate"}), tell)

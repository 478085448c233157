"""Version proposed: somebody, or a tuner, has drafted a version."""

from ratchet.govern.audit import AuditEntry
from ratchet.govern.roles import SEEDER
from ratchet.insight.rule import EventRule, Finding, Sight
from ratchet.policies.version import key_parts


def tell(sight: Sight, entry: AuditEntry) -> Finding | None:
    """Tell of a draft, with its reasons; the seeder proposes nothing to anybody."""
    if (entry.actor, entry.actor_kind) == (SEEDER.name, SEEDER.kind):
        return None
    policy, number = key_parts(entry.id)
    why = f": {entry.reason}" if entry.reason else ""
    return Finding(
        subject=entry.id,
        text=f"{entry.actor} proposes {entry.id}{why}",
        command=f"ratchet policy show {policy} {number}",
    )


RULE = EventRule("info", frozenset({"propose"}), tell)

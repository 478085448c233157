"""The deployed entry points, a list and nothing else."""

from ratchet.entry.callables import activate_policy, propose_policy, rollback_policy, set_flags
from ratchet.entry.http import feedback, health, openapi, record, resolve, rollback
from ratchet.entry.schedules import (
    auto_tune_policies,
    roll_long_windows,
    roll_stats,
    score_observations,
    sweep,
    verify_audit,
)
from ratchet.entry.triggers import config_edited, policy_edited

__all__ = [
    "activate_policy",
    "auto_tune_policies",
    "config_edited",
    "feedback",
    "health",
    "openapi",
    "policy_edited",
    "propose_policy",
    "record",
    "resolve",
    "roll_long_windows",
    "roll_stats",
    "rollback",
    "rollback_policy",
    "score_observations",
    "set_flags",
    "sweep",
    "verify_audit",
]

"""The callable functions, for admins: policies, rollouts, approvals, alerts, the kill switch ..."""

from ratchet.entry.callables.alerts import acknowledge_alert, resolve_alert
from ratchet.entry.callables.approvals import approve, reject
from ratchet.entry.callables.datasets import build_dataset, record_golden, withdraw_examples
from ratchet.entry.callables.flags import set_flags
from ratchet.entry.callables.policies import activate_policy, propose_policy, rollback_policy
from ratchet.entry.callables.review import (
    escalate_review,
    label_review,
    next_review,
    second_review,
    skip_review,
)
from ratchet.entry.callables.rollouts import (
    abort_rollout,
    advance_rollout,
    hold_rollout,
    override_rollout,
    start_rollout,
)
from ratchet.entry.callables.studies import (
    abandon_study,
    finish_study,
    start_study,
    take_study_job,
)

__all__ = [
    "abandon_study",
    "abort_rollout",
    "acknowledge_alert",
    "activate_policy",
    "advance_rollout",
    "approve",
    "build_dataset",
    "escalate_review",
    "finish_study",
    "hold_rollout",
    "label_review",
    "next_review",
    "override_rollout",
    "propose_policy",
    "record_golden",
    "reject",
    "resolve_alert",
    "rollback_policy",
    "second_review",
    "set_flags",
    "skip_review",
    "start_rollout",
    "start_study",
    "take_study_job",
    "withdraw_examples",
]

"""Rollouts: what a policy's head calls running is what its components get."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, error, ok
from ratchet.policies.history import list_heads
from ratchet.rollouts.resolve import why_not_served


def check(case: Case) -> Iterator[Finding]:
    """Resolve every rollout that runs."""
    running = [(head.id, head.rollout) for head in list_heads(case.store) if head.rollout]
    faults = 0
    for policy, rollout in running:
        why = why_not_served(case.store, case.app.keys, policy, rollout)
        if why:
            faults += 1
            mend = f"ratchet rollout abort {rollout} --reason ..."
            yield error(f"{rollout} runs and no component gets it: {why}", mend)
    if not faults:
        yield ok(f"{len(running)} running, each as it was sealed")

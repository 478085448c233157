"""What two persons do in the demo of gates: ada proposes and starts, bob decides."""

from collections.abc import Iterator
from datetime import datetime

from ratchet.entry.wiring import App
from ratchet.govern.roles import person
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import Refused
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approve import approve, list_approvals
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.start import start_rollout

ADA, BOB = person("ada"), person("bob")


def propose_arm(app: App, policy: str, arm: str, reason: str, now: datetime) -> PolicyVersion:
    """Let ada propose a version in which one arm serves everybody."""
    params = {"modelWeights": {arm: 1.0}}
    return propose(app.store, app.keys, ADA, policy, params, reason=f"{arm} {reason}", now=now)


def send_on(app: App, version: PolicyVersion, seed: int, now: datetime) -> Rollout:
    """Let ada send a version on its road: it enters the first gate of what it changes."""
    challenger = Challenger(arm=version.version, version=version.key())
    return start_rollout(
        app.store,
        app.keys,
        app.reader,
        ADA,
        RolloutRequest(policy=version.id, challengers=(challenger,)),
        salt=content_hash([seed, version.key()])[:32],
        reason=f"try {version.key()}",
        now=now,
    )


def decide(app: App, policy: str, now: datetime) -> Iterator[str]:
    """Let ada ask for what she may not, and bob say yes; yields what came of it."""
    for asked in list_approvals(app.store, app.keys, policy, "pending"):
        door = (app.store, app.keys, app.reader)
        try:
            approve(*door, ADA, asked.id, reason="it is mine", now=now)
        except Refused as error:
            yield f"ada may not approve it: {error.message}"
        approve(*door, BOB, asked.id, reason="the verdict says so", now=now)
        yield f"bob approves: {asked.version} is active"

"""Callables of policies: propose, activate, roll back."""

from typing import Annotated

from pydantic import Field, JsonValue

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model
from ratchet.policies.activate import activate, rollback
from ratchet.policies.propose import propose
from ratchet.policies.version import Number, PolicyId


class ProposePolicy(Model):
    """What `propose_policy` takes; params that are left out stay the active version's."""

    policy: PolicyId
    params: dict[str, JsonValue]
    tuning_space: dict[str, JsonValue] | None = None
    version: Number | None = None
    notes: Annotated[str, Field(max_length=2000)] = ""
    reason: Reason


class ActivatePolicy(Model):
    """What `activate_policy` takes."""

    policy: PolicyId
    version: Number
    reason: Reason


class RollbackPolicy(Model):
    """What `rollback_policy` takes; without a version it goes back to the previous one."""

    policy: PolicyId
    version: Number | None = None
    reason: Reason = ""


@admins_call(ProposePolicy)
def propose_policy(app: App, actor: Actor, asked: ProposePolicy) -> Model:
    """Write a draft whose parent is the active version."""
    return propose(
        app.store,
        app.keys,
        actor,
        asked.policy,
        asked.params,
        now=app.clock(),
        partial=True,
        tuning_space=asked.tuning_space,
        version=asked.version,
        notes=asked.notes,
        reason=asked.reason,
    )


@admins_call(ActivatePolicy)
def activate_policy(app: App, actor: Actor, asked: ActivatePolicy) -> Model:
    """Make a version the active one."""
    return activate(
        app.store,
        app.keys,
        actor,
        asked.policy,
        asked.version,
        now=app.clock(),
        reason=asked.reason,
    )


@admins_call(RollbackPolicy)
def rollback_policy(app: App, actor: Actor, asked: RollbackPolicy) -> Model:
    """Go back to a version that was active before; works with learning off."""
    return rollback(
        app.store,
        app.keys,
        actor,
        asked.policy,
        now=app.clock(),
        version=asked.version,
        reason=asked.reason,
    )

"""Callables of rollouts: start, advance, hold, abort, override.

Each verb is imported where it runs: their arithmetic is not in the cold start of the doors.
"""

from typing import Literal

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model
from ratchet.kernel.ids import random_id
from ratchet.observe.observation import DocumentId, Name
from ratchet.rollouts.request import RolloutRequest


class StartRollout(RolloutRequest):
    """What `start_rollout` takes; without a mode the gates of the versions say what begins."""

    reason: Reason


class ChangeRollout(Model):
    """What `advance_rollout` and `abort_rollout` take."""

    rollout: DocumentId
    reason: Reason


class HoldRollout(ChangeRollout):
    """What `hold_rollout` takes; `release` lets a held one be promoted again."""

    release: bool = False


class OverrideRollout(ChangeRollout):
    """What `override_rollout` takes; of several challengers `arm` names the one to promote."""

    decision: Literal["PROMOTE", "ROLL_BACK"]
    arm: Name | None = None


@admins_call(StartRollout)
def start_rollout(app: App, actor: Actor, asked: StartRollout) -> Model:
    """Let versions set out on their road, by the gates of what they change."""
    from ratchet.rollouts.start import start_rollout as start

    return start(
        app.store,
        app.keys,
        app.reader,
        actor,
        asked,
        salt=random_id(),
        reason=asked.reason,
        now=app.clock(),
    )


@admins_call(ChangeRollout)
def advance_rollout(app: App, actor: Actor, asked: ChangeRollout) -> Model:
    """Open the next step, without waiting for a verdict."""
    from ratchet.rollouts.advance import advance_rollout as advance

    return advance(app.store, app.keys, actor, asked.rollout, reason=asked.reason, now=app.clock())


@admins_call(HoldRollout)
def hold_rollout(app: App, actor: Actor, asked: HoldRollout) -> Model:
    """Keep a rollout from being promoted, or let it be promoted again."""
    from ratchet.rollouts.hold import hold_rollout as hold

    return hold(
        app.store,
        app.keys,
        actor,
        asked.rollout,
        release=asked.release,
        reason=asked.reason,
        now=app.clock(),
    )


@admins_call(ChangeRollout)
def abort_rollout(app: App, actor: Actor, asked: ChangeRollout) -> Model:
    """Give all units back to the active version; works with learning off."""
    from ratchet.rollouts.abort import abort_rollout as abort

    return abort(app.store, app.keys, actor, asked.rollout, reason=asked.reason, now=app.clock())


@admins_call(OverrideRollout)
def override_rollout(app: App, actor: Actor, asked: OverrideRollout) -> Model:
    """Promote a challenger or roll back, by name and reason; works with learning off."""
    from ratchet.rollouts.override import override_rollout as override

    return override(
        app.store,
        app.keys,
        app.reader,
        actor,
        asked.rollout,
        asked.decision,
        arm=asked.arm,
        reason=asked.reason,
        now=app.clock(),
    )

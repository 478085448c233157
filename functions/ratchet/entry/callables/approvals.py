"""Callables of approvals: yes or no to one named change."""

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model
from ratchet.observe.observation import DocumentId


class Decide(Model):
    """What `approve` and `reject` take."""

    approval: DocumentId
    reason: Reason


@admins_call(Decide)
def approve(app: App, actor: Actor, asked: Decide) -> Model:
    """Say yes, as somebody who had no part in the change; the change is made at once."""
    from ratchet.rollouts.approve import approve as say_yes

    return say_yes(
        app.store,
        app.keys,
        app.reader,
        actor,
        asked.approval,
        reason=asked.reason,
        now=app.clock(),
    )


@admins_call(Decide)
def reject(app: App, actor: Actor, asked: Decide) -> Model:
    """Say no: the version is rejected, and what is active stays."""
    from ratchet.rollouts.approve import reject_approval

    return reject_approval(
        app.store, app.keys, actor, asked.approval, reason=asked.reason, now=app.clock()
    )

"""The callable of the kill switch."""

from pydantic import StrictBool

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.flags import Flags
from ratchet.govern.flags import set_flags as switch_flags
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput


class SetFlags(Model):
    """What `set_flags` takes; a switch that is left out stays."""

    enabled: StrictBool | None = None
    auto_activate_policies: StrictBool | None = None
    reason: Reason


@admins_call(SetFlags)
def set_flags(app: App, actor: Actor, asked: SetFlags) -> Flags:
    """Switch learning on or off; off holds within 15 seconds everywhere."""
    if asked.enabled is None and asked.auto_activate_policies is None:
        raise InvalidInput(
            "nothing to set", field="enabled", mend="send enabled or autoActivatePolicies"
        )
    return switch_flags(
        app.store,
        app.keys,
        actor,
        enabled=asked.enabled,
        auto_activate=asked.auto_activate_policies,
        reason=asked.reason,
        now=app.clock(),
    )

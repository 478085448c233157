"""Actors: every change names who made it, and of what kind that is."""

import unicodedata
from typing import Annotated, Literal

from pydantic import StringConstraints

from ratchet.kernel.document import Model
from ratchet.kernel.errors import Forbidden, InvalidInput

Kind = Literal["person", "machine", "console"]
Role = Literal["admin", "service"]
MAX_REASON = 500
# A reason where it may be left out, as `check_reason` holds it.
Reason = Annotated[
    str,
    StringConstraints(max_length=MAX_REASON, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"),
]
_BREAKS = ("Cc", "Zl", "Zp")


class Actor(Model):
    """Who acts: a person through a door, a person in the console, or a scheduled function."""

    name: str
    kind: Kind
    role: Role = "admin"


def person(name: str) -> Actor:
    """Return an admin acting by name."""
    return Actor(name=name, kind="person")


def machine(name: str) -> Actor:
    """Return a scheduled function acting by itself."""
    return Actor(name=name, kind="machine", role="service")


CONSOLE = Actor(name="console", kind="console")
SEEDER = person("seed")  # writes the first documents of a store


def require_admin(actor: Actor, action: str) -> None:
    """Let admins through.

    Raises: Forbidden.
    """
    if actor.role != "admin":
        raise Forbidden(f"{action} wants the role admin", field="role", mend="ask an admin")


def require_person(actor: Actor, action: str) -> None:
    """Let admins through who are persons: a robot of the role decides nothing for them.

    Raises: Forbidden.
    """
    require_admin(actor, action)
    if actor.kind != "person":
        raise Forbidden(f"{action} wants a person, by name", field="actor", mend="ask an admin")


def require_reason(actor: Actor, reason: str, action: str) -> None:
    """A person's change carries a reason.

    Raises: InvalidInput.
    """
    if actor.kind == "person" and not reason.strip():
        raise InvalidInput(f"{action} wants a reason", field="reason", mend="say why in one line")
    check_reason(actor, reason)


def check_reason(actor: Actor, reason: str) -> None:
    """Hold what a person says, where it may be left out, to one line of 500 characters.

    Raises: InvalidInput.
    """
    if actor.kind != "person":
        return
    if len(reason) > MAX_REASON:
        raise InvalidInput(
            f"the reason has {len(reason)} characters, the limit is {MAX_REASON}",
            field="reason",
            mend="say why in one line",
        )
    if any(unicodedata.category(c) in _BREAKS for c in reason):
        raise InvalidInput(
            "the reason has line breaks or control characters",
            field="reason",
            mend="say why in one line",
        )

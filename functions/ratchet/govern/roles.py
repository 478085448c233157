"""Actors: every change names who made it, and of what kind that is."""

from typing import Literal

from ratchet.kernel.document import Model
from ratchet.kernel.errors import Forbidden, InvalidInput

Kind = Literal["person", "machine", "console"]
Role = Literal["admin", "service"]


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


def require_admin(actor: Actor, action: str) -> None:
    """Let admins through.

    Raises: Forbidden.
    """
    if actor.role != "admin":
        raise Forbidden(f"{action} wants the role admin", field="role", mend="ask an admin")


def require_reason(actor: Actor, reason: str, action: str) -> None:
    """A person's change carries a reason.

    Raises: InvalidInput.
    """
    if actor.kind == "person" and not reason.strip():
        raise InvalidInput(f"{action} wants a reason", field="reason", mend="say why in one line")

"""What every `*` folder shares: a dictionary of members that a contract test walks."""

from collections.abc import Mapping
from typing import Any, TypeVar

from ratchet.kernel.errors import InvalidInput

Member = TypeVar("Member")


def pick(registry: Mapping[Any, Member], name: str, *, field: str) -> Member:
    """Return a registry's member by name.

    Raises: InvalidInput that lists the names there are.
    """
    if name not in registry:
        raise InvalidInput(
            f"{field} {name!r} is not known", field=field, mend="one of " + ", ".join(registry)
        )
    return registry[name]

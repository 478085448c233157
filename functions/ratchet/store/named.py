"""Name the document in what it is refused for: a person can mend only what he can find."""

from collections.abc import Callable
from typing import TypeVar

from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Snapshot

T = TypeVar("T")


def naming(load: Callable[[Snapshot], T]) -> Callable[[Snapshot], T]:
    """Let what a document is refused for name the document."""

    def loaded(stored: Snapshot) -> T:
        try:
            return load(stored)
        except InvalidInput as error:
            where = f"{stored.ref}: {error.message}"
            raise InvalidInput(where, field=error.field, mend=error.mend) from error

    return loaded

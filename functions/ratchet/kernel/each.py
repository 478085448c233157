"""Many documents: one that cannot be read keeps no other from being read."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ratchet.kernel.errors import BadSignature, InvalidInput

A = TypeVar("A")
B = TypeVar("B")
Tell = Callable[[BadSignature | InvalidInput], object]


def each(stored: Iterable[A], load: Callable[[A], B], tell: Tell | None = None) -> Iterator[B]:
    """Yield what is loaded of each; what cannot be is told, or raised where nobody is told.

    Raises: BadSignature, InvalidInput.
    """
    for found in stored:
        try:
            loaded = load(found)
        except (BadSignature, InvalidInput) as error:
            if tell is None:
                raise
            tell(error)
        else:
            yield loaded

"""Look: what a view is made from, and what a view is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell
from ratchet.kernel.keys import Keys
from ratchet.store.port import Store


@dataclass(frozen=True, slots=True)
class Look:
    """A view's arguments: of one component or of every one, over the last days.

    What is stored broken is told and left out; where nobody is told, it is raised.
    """

    store: Store
    keys: Keys
    component: str | None
    days: int
    now: datetime
    tell: Tell | None = None


class View(Protocol):
    """What fills a table; each row's fields are its columns, in order."""

    def __call__(self, look: Look) -> Sequence[Model]:
        """Return the rows."""

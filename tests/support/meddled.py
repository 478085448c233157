"""Meddled: a store on which somebody else acts in the middle of what a verb does."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from ratchet.kernel.errors import RatchetError
from ratchet.store.port import Store
from tests.support.faults import FaultyStore

T = TypeVar("T")


class Meddled(FaultyStore):
    """A store on which somebody else acts right before one of the calls."""

    def __init__(self, inner: Store, at: int, act: Callable[[Store], Any]) -> None:
        super().__init__(inner)
        self._at, self._act = at, act

    def _call(self, name: str, act: Callable[[], T]) -> T:
        if self.calls + 1 == self._at:
            with suppress(RatchetError):  # too late: it is decided already
                self._act(self.inner)
        return super()._call(name, act)

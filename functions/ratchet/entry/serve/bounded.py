"""Questions to a store that may hang: asked one at a time, and waited for a bounded time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from ratchet.kernel.errors import Unavailable

T = TypeVar("T")
SECONDS = 3.0


class Bounded(Generic[T]):
    """One question; whoever asks while an answer is awaited waits for the same answer."""

    def __init__(self, ask: Callable[[], T], *, seconds: float = SECONDS) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._flight: Future[T] | None = None

    def answer(self) -> T:
        """Return the answer.

        Raises: Unavailable where it takes too long; whatever the question raises.
        """
        with self._lock:
            if self._flight is None or self._flight.done():
                self._flight = Future()
                threading.Thread(target=self._fly, args=(self._flight,), daemon=True).start()
            flight = self._flight
        try:
            return flight.result(self._seconds)
        except TimeoutError as error:
            raise Unavailable(f"no answer in {self._seconds:g} s", mend="try again") from error

    def _fly(self, flight: Future[T]) -> None:
        try:
            flight.set_result(self._ask())
        except Exception as error:  # goes to whoever asked
            flight.set_exception(error)

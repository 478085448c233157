"""What must happen to living objects when their process forks or exits."""

import atexit
import os
import time
from collections.abc import Callable
from weakref import WeakMethod

EXIT_SECONDS = 5.0

_forked: list[WeakMethod[Callable[[], None]]] = []
_exits: list[WeakMethod[Callable[[float], None]]] = []


def on_fork(method: Callable[[], None]) -> None:
    """Call a bound method in every forked child, while its object lives."""
    _forked[:] = [ref for ref in _forked if ref() is not None]
    _forked.append(WeakMethod(method))


def on_exit(method: Callable[[float], None]) -> None:
    """Call a bound method at exit with the seconds it may take; the latest comes first.

    So a recorder sends what is left before its transport, which is older, is closed.
    """
    _exits[:] = [ref for ref in _exits if ref() is not None]
    _exits.append(WeakMethod(method))


def _after_fork() -> None:
    for ref in list(_forked):
        if (method := ref()) is not None:
            method()


@atexit.register
def _at_exit() -> None:
    end = time.monotonic() + EXIT_SECONDS
    for ref in reversed(_exits):
        if (method := ref()) is not None:
            method(max(0.0, end - time.monotonic()))


os.register_at_fork(after_in_child=_after_fork)

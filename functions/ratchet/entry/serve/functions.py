"""The functions that are deployed, found by the mark that the SDK puts on each."""

from collections.abc import Iterator
from types import ModuleType

from flask import Request

from ratchet.entry import callables, http, schedules
from ratchet.entry.http.door import admit
from ratchet.entry.serve.routes import Function, Functions
from ratchet.entry.wiring import the_app


def all_functions() -> Functions:
    """Return every function that answers a request; scheduled ones are for admins alone."""
    public = dict([*_marked(http), *_marked(callables)])
    return Functions(public, dict(_marked(schedules)), _admins)


def _marked(module: ModuleType) -> Iterator[tuple[str, Function]]:
    for name, found in vars(module).items():
        if hasattr(found, "__firebase_endpoint__"):
            yield name, found


def _admins(request: Request) -> object:
    return admit(request, the_app(), "admin", fresh=True)

"""Handle a request under /v1: find its route, let the caller in, parse, and call the verb."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request as Sent

from ratchet.entry.callables.protocol import parsed
from ratchet.entry.http.body import json_body, received
from ratchet.entry.http.door import Reply, admit
from ratchet.entry.http.v1.idempotency import HEADER, Once, once, request_hash
from ratchet.entry.http.v1.route import Ask, Reading, Route
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.entry.wiring import the_app
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound, WrongMethod


class Empty(Model):
    """The body of a path that takes none."""


_BY_PLACES = sorted(ROUTES, key=lambda route: len(route.names))  # a literal path goes first


def handle(request: Request) -> Reply:
    """Answer one request.

    Raises: NotFound, WrongMethod, Unauthenticated, Forbidden, InvalidInput, what the verb raises.
    """
    route, readings = find(request.method, path_of(request))
    app = the_app()
    actor = admit(request, app, route.role, fresh=route.fresh)
    sent = _query(request.args)
    ask = Ask(app, actor, app.clock(), sent, request.path)
    given: dict[str, Any] = {}
    if route.query is not None:
        given["query"] = route.query.parse(sent)
    elif sent:
        raise InvalidInput("this takes no query", field=next(iter(sent)), mend="leave it out")
    if route.method == "GET":
        return _done(route, ask, readings, given)
    return _changed(request, route, ask, readings, given)


def path_of(request: Sent) -> str:
    """Return the path as it was sent: servers decode it, and an id may have `%2F`."""
    sent = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    raw = urlsplit(sent).path
    return raw if unquote(raw, errors="replace") == request.path else quote(request.path)


def find(method: str, path: str) -> tuple[Route, list[Reading]]:
    """Return the route of a path as it was sent, with what may stand in it, likelier first.

    `/api` before it is no part of it.

    Raises: NotFound, WrongMethod, InvalidInput.
    """
    below = path.removeprefix("/api")
    there = [route for route in _BY_PLACES if route.form.fullmatch(below)]
    if not there:
        raise NotFound("there is no such path", field="path", mend="/openapi lists those there are")
    same = [route for route in there if route.path == there[0].path]
    for route in same:
        if route.method == method and (found := route.form.fullmatch(below)):
            return route, route.readings(found)
    allowed = sorted(route.method for route in same)
    raise WrongMethod(f"this takes {' and '.join(allowed)}", allowed=allowed)


def _query(args: MultiDict[str, str]) -> Mapping[str, str]:
    for name, values in args.lists():
        if len(values) > 1:
            raise InvalidInput(f"{name} stands twice", field=name, mend="send it once")
    return args.to_dict()


def _done(route: Route, ask: Ask, readings: Sequence[Reading], given: Mapping[str, Any]) -> Reply:
    """Call the verb with the first reading of the path that names something."""
    first, *others = readings
    try:
        answer: Model = route.verb(ask, **first, **given)
    except NotFound:
        for reading in others:
            with suppress(NotFound):
                return _done(route, ask, [reading], given)
        raise
    return Reply(answer.to_wire())


def _changed(
    request: Request, route: Route, ask: Ask, readings: Sequence[Reading], given: dict[str, Any]
) -> Reply:
    """Do what a POST asks for; with a key, once. No body is one that says nothing."""
    payload = json_body(request) if received(request) or not route.bare else {}
    body = payload if route.batch else parsed(route.body or Empty, payload)
    if route.body is not None:
        given["body"] = body

    def act() -> Reply:
        return _done(route, ask, readings, given)

    key = request.headers.get(HEADER)
    if key is None:
        return act()
    asked = request_hash(request.method, ask.route, payload)
    return once(ask.app.store, Once(ask.actor.name, key, asked, route.seconds), ask.app.clock, act)

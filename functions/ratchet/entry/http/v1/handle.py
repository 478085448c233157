"""Handle a request under /v1: find its route, let the caller in, parse, and call the verb."""

from collections.abc import Mapping

from flask import Request
from werkzeug.datastructures import MultiDict

from ratchet.entry.callables.protocol import parsed
from ratchet.entry.http.body import json_body, received
from ratchet.entry.http.door import Reply, admit
from ratchet.entry.http.v1.idempotency import HEADER, Once, once, request_hash
from ratchet.entry.http.v1.route import Ask, Route
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.entry.wiring import the_app
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound, WrongMethod

_BY_PLACES = sorted(ROUTES, key=lambda route: len(route.names))  # a literal path goes first


def handle(request: Request) -> Reply:
    """Answer one request.

    Raises: NotFound, WrongMethod, Unauthenticated, Forbidden, InvalidInput, what the verb raises.
    """
    route, given = find(request.method, request.path)
    app = the_app()
    actor = admit(request, app, route.role, fresh=route.fresh)
    sent = _query(request.args)
    ask = Ask(app, actor, app.clock(), sent, request.path)
    if route.query is not None:
        given["query"] = route.query.parse(sent)
    elif sent:
        raise InvalidInput("this takes no query", field=next(iter(sent)), mend="leave it out")
    if route.method == "GET":
        return Reply(route.verb(ask, **given).to_wire())
    return _changed(request, route, ask, given)


def find(method: str, path: str) -> tuple[Route, dict[str, object]]:
    """Return the route of a path, with what stands in it; `/api` before it is no part of it.

    Raises: NotFound, WrongMethod, InvalidInput.
    """
    below = path.removeprefix("/api")
    there = [route for route in _BY_PLACES if route.form.fullmatch(below)]
    if not there:
        raise NotFound("there is no such path", field="path", mend="/openapi lists those there are")
    same = [route for route in there if route.path == there[0].path]
    for route in same:
        if route.method == method and (found := route.form.fullmatch(below)):
            return route, dict(route.parameters(found))
    allowed = ", ".join(sorted(route.method for route in same))
    raise WrongMethod(f"this takes {allowed}", field=allowed, mend="use it")


def _query(args: MultiDict[str, str]) -> Mapping[str, str]:
    for name, values in args.lists():
        if len(values) > 1:
            raise InvalidInput(f"{name} stands twice", field=name, mend="send it once")
    return args.to_dict()


def _changed(request: Request, route: Route, ask: Ask, given: dict[str, object]) -> Reply:
    """Do what a POST asks for; with a key, once."""
    bare = route.body is None and not received(request)
    payload = {} if bare else json_body(request)
    body = payload if route.batch else parsed(route.body or Model, payload)
    if route.body is not None:
        given["body"] = body

    def act() -> Reply:
        answer: Model = route.verb(ask, **given)
        return Reply(answer.to_wire())

    key = request.headers.get(HEADER)
    if key is None:
        return act()
    asked = request_hash(request.method, ask.route, payload)
    return once(ask.app.store, Once(ask.actor.name, key, asked, route.seconds), ask.app.clock, act)

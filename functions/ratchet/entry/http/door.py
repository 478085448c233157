"""What every HTTP function does around its verb: who calls, how often, errors, headers, logs."""

import functools
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from flask import Request, Response

from ratchet.entry import options
from ratchet.entry.identity import check_app, identify, require_role
from ratchet.entry.logs import TRACE, log, trace_of
from ratchet.entry.rates import Rates
from ratchet.entry.wiring import App, the_app
from ratchet.govern.access import Access
from ratchet.govern.roles import Actor, Role, machine
from ratchet.kernel.errors import (
    Forbidden,
    RatchetError,
    Throttled,
    Unauthenticated,
    WrongMethod,
)

RATES = Rates()
ANYONE = machine("anyone")
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Call:
    """A request that may pass, with what its verb needs."""

    request: Request
    app: App
    actor: Actor
    now: datetime


@dataclass(frozen=True)
class Reply:
    """What a verb answers; no data is an empty body."""

    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Verb = Callable[[Call], Reply]
Door = Callable[[Request], Response]


def door(*methods: str, role: Role | None, fresh: bool = False) -> Callable[[Verb], Door]:
    """Make a verb an HTTP function for callers of a role, for anyone where it is None.

    `fresh` checks revocation, and the role as it is now: what changes a policy wants it.
    """

    def decorate(verb: Verb) -> Door:
        @functools.wraps(verb)
        def handler(request: Request) -> Response:
            return answer(
                request, verb.__name__, lambda: verb(_admit(request, methods, role, fresh))
            )

        return handler

    return decorate


def _admit(request: Request, methods: tuple[str, ...], role: Role | None, fresh: bool) -> Call:
    if request.method not in methods:
        raise WrongMethod(f"this takes {' and '.join(methods)}", allowed=methods)
    app = the_app()
    return Call(request, app, admit(request, app, role, fresh=fresh), app.clock())


def admit(request: Request, app: App, role: Role | None, *, fresh: bool = False) -> Actor:
    """Return who calls, if the role allows it and it is not too often.

    Raises: Unauthenticated, Forbidden, Throttled, Unavailable.
    """
    if options.APP_CHECK:
        check_app(request)
    now, access = app.clock(), app.reader.read(Access)
    address = f"address {address_of(request)}"
    if role is None:
        RATES.take(address, access.requests_per_minute, now)
        return ANYONE
    try:
        actor = identify(request, access, fresh=fresh)
    except (Unauthenticated, Forbidden):
        # Whoever verifies goes on, though a neighbour behind the same address guesses tokens.
        RATES.take(address, access.failures_per_minute, now)
        raise
    RATES.take(f"caller {actor.name}", access.requests_per_minute, now)
    require_role(actor, role)
    return actor


def address_of(request: Request) -> str:
    """Return where a request comes from; on Google Cloud its own front end wrote that last."""
    passed = request.headers.getlist("X-Forwarded-For") if "K_SERVICE" in os.environ else []
    told = passed[-1].rpartition(",")[2].strip() if passed else str(request.remote_addr)
    with suppress(ValueError):  # one customer of IPv6 has a whole network of addresses
        if isinstance(found := ip_address(told), IPv6Address) and found.ipv4_mapped is None:
            return str(ip_network((found, 64), strict=False))
    return told


def answer(request: Request, name: str, act: Callable[[], Reply]) -> Response:
    """Return what a function of a name answers: errors in one shape, a line in the log, headers."""
    trace = TRACE.set(trace_of(request.headers))
    start = time.perf_counter()
    code = ""
    try:
        reply = act()
    except RatchetError as error:
        code = error.code
        reply = refusal(error)
    except Exception as error:
        log(logging.ERROR, f"{name} failed", error=error, function=name)
        code, reply = RatchetError.code, refusal(RatchetError("something went wrong here"))
    finally:
        took = (time.perf_counter() - start) * 1000
    level = logging.INFO if reply.status < 500 else logging.ERROR
    log(level, name, function=name, status=reply.status, code=code, ms=round(took, 1))
    TRACE.reset(trace)
    body = "" if reply.data is None else json.dumps(reply.data)
    response = Response(body, reply.status, content_type="application/json")
    response.headers.update({**HEADERS, **reply.headers})
    return response


def refusal(error: RatchetError) -> Reply:
    """Return the one shape in which an error is answered."""
    return Reply({"error": error.as_dict()}, error.http, headers_of(error))


def headers_of(error: RatchetError) -> dict[str, str]:
    """Return the headers that HTTP wants with an error."""
    headers: dict[str, str] = {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, WrongMethod):
        headers["Allow"] = ", ".join(error.allowed)
    return headers

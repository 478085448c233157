"""The protocol of the callable functions: who is let in, what is taken, and how a refusal reads."""

import functools
import json
import logging
import re
from collections.abc import Callable
from typing import Any, TypeVar

from firebase_functions.https_fn import (
    CallableRequest,
    FunctionsErrorCode,
    HttpsError,
    on_call,
)
from flask import Request, Response, jsonify
from flask_cors import cross_origin
from pydantic import ValidationError

from ratchet.entry.http.body import parse_json, received
from ratchet.entry.http.door import admit, headers_of
from ratchet.entry.logs import TRACE, log, trace_of
from ratchet.entry.options import APP_CHECK, ORIGINS, cors
from ratchet.entry.wiring import App, the_app
from ratchet.govern.roles import Actor, Role
from ratchet.kernel.document import Model, invalid
from ratchet.kernel.errors import InvalidInput, RatchetError, TooLarge

M = TypeVar("M", bound=Model)
# Where the door keeps whom it let in, for the verb behind the protocol's handler.
ADMITTED = "ratchet.admitted"
Verb = Callable[[App, Actor, M], Model]


def admins_call(model: type[M]) -> Callable[[Verb[M]], Callable[[Request], Response]]:
    """Make a verb a callable function: an admin, as of now, with data that parse strictly."""
    return _callable(model, "admin")


def services_call(model: type[M]) -> Callable[[Verb[M]], Callable[[Request], Response]]:
    """Make a verb a callable function for services, and for admins."""
    return _callable(model, "service")


def _callable(model: type[M], role: Role) -> Callable[[Verb[M]], Callable[[Request], Response]]:
    def decorate(verb: Verb[M]) -> Callable[[Request], Response]:
        @on_call(cors=cors("POST"), enforce_app_check=APP_CHECK)
        @functools.wraps(verb)
        def called(request: CallableRequest[Any]) -> Any:
            with_trace = TRACE.set(trace_of(request.raw_request.headers))
            try:
                app = the_app()
                actor = request.raw_request.environ[ADMITTED]
                answer = verb(app, actor, parsed(model, plain(request.data))).to_wire()
            except RatchetError as error:
                log(logging.INFO, verb.__name__, function=verb.__name__, code=error.code)
                raise refusal(error) from error
            except Exception as error:
                log(logging.ERROR, f"{verb.__name__} failed", error=error, function=verb.__name__)
                raise refusal(RatchetError("something went wrong here")) from error
            finally:
                TRACE.reset(with_trace)
            log(logging.INFO, verb.__name__, function=verb.__name__, status=200)
            return answer

        protocol: Any = called  # the SDK types what it returns as what it takes

        @cross_origin(origins=ORIGINS, methods=["POST"])
        def handler(request: Request) -> Response:
            try:
                if request.method == "POST":  # the protocol's handler refuses the others
                    _let_in(request, role)
                    _check_body(request)
            except RatchetError as error:
                log(logging.INFO, verb.__name__, function=verb.__name__, code=error.code)
                return _refused(error)
            except Exception as error:
                log(logging.ERROR, f"{verb.__name__} failed", error=error, function=verb.__name__)
                return _refused(RatchetError("something went wrong here"))
            answered: Response = protocol(request)
            return answered

        function: Callable[[Request], Response] = functools.wraps(called)(handler)
        return function

    return decorate


def _refused(error: RatchetError) -> Response:
    """Return what the protocol's handler would answer, with the headers of our HTTP doors."""
    told = {"message": error.message, "details": error.as_dict()}
    answer: Response = jsonify(error=told | {"status": error.status})
    canonical = refusal(error)._http_error_code.status
    answer.status_code = error.http if isinstance(error, TooLarge) else canonical
    answer.headers.update(headers_of(error))
    return answer


def _let_in(request: Request, role: Role) -> None:
    """Let in whoever may, before anything of the body is looked at, and keep who that is.

    The protocol's own handler knows Firebase's users alone, and neither our codes nor our rates.

    Raises: Unauthenticated, Forbidden, Throttled, Unavailable.
    """
    request.environ[ADMITTED] = admit(request, the_app(), role, fresh=True)
    request.environ.pop("HTTP_AUTHORIZATION", None)


def _check_body(request: Request) -> None:
    """Refuse what the protocol's own handler would fail on, take in part, or log.

    Raises: InvalidInput, TooLarge, TooSlow.
    """
    try:
        text = received(request).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the body is no UTF-8", field="(body)", mend="send UTF-8") from error
    body = parse_json(text)
    if not isinstance(body, dict) or set(body) != {"data"}:
        raise InvalidInput(
            'the body wants {"data": ...} and nothing else',
            field="data",
            mend="send an object with this one field",
        )


def parsed(model: type[M], data: Any) -> M:
    """Return the value of data, parsed as the JSON that they came as: `"1"` is no number.

    Raises: InvalidInput that names the first wrong field.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise invalid(error, model) from error


def plain(data: Any) -> Any:
    """Return data with the protocol's typed 64-bit integers as numbers.

    Raises: InvalidInput.
    """
    if isinstance(data, list):
        return [plain(value) for value in data]
    if not isinstance(data, dict):
        return data
    wide = _WIDE.get(data["@type"]) if isinstance(data.get("@type"), str) else None
    if wide is None:
        return {name: plain(value) for name, value in data.items()}
    said = data.get("value")
    if not isinstance(said, str) or not _INTEGER.fullmatch(said) or int(said) not in wide:
        raise InvalidInput(
            "a value is no 64-bit integer of its type", field="value", mend="send its digits"
        )
    return int(said)


_INTEGER = re.compile(r"-?[0-9]{1,20}")
_WIDE = {
    "type.googleapis.com/google.protobuf.Int64Value": range(-(2**63), 2**63),
    "type.googleapis.com/google.protobuf.UInt64Value": range(2**64),
}


def refusal(error: RatchetError) -> HttpsError:
    """Return an error as clients of callables get it."""
    code = FunctionsErrorCode(error.status.lower().replace("_", "-"))
    return HttpsError(code, error.message, error.as_dict())

"""CloudEvents 1.0 as HTTP carries them: the binary mode, the structured mode, and batches."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from cloudevents.conversion import to_dict
from cloudevents.exceptions import GenericException
from cloudevents.http import from_http
from flask import Request

from ratchet.entry.http.body import JSON, json_body
from ratchet.kernel.errors import InvalidInput

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PREFIX = "ce-"


def events_of(request: Request) -> list[Any]:
    """Return the events of a request as maps of their attributes and data, in their order.

    Plain JSON with `ce-` headers is the data of one event; without, it is events, or one.

    Raises: InvalidInput, TooLarge, TooSlow, WrongMedia.
    """
    told = json_body(request, types=(*JSON, STRUCTURED, BATCH))
    if request.mimetype in JSON and any(
        name.lower().startswith(PREFIX) for name in _names(request)
    ):
        return [_binary(request, told)]
    if request.mimetype == BATCH and not isinstance(told, list):
        raise InvalidInput("a batch is a list", field="events", mend="send an array of events")
    if request.mimetype == STRUCTURED and not isinstance(told, Mapping):
        raise InvalidInput("an event is an object", field="events", mend=f"or send {BATCH}")
    return told if isinstance(told, list) else [told]


def _names(request: Request) -> list[str]:
    return [name for name, _ in request.headers.items()]


def _binary(request: Request, data: Any) -> dict[str, Any]:
    """Return the event whose attributes are in the headers, percent-encoded as HTTP wants them."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        # The body was parsed already, strictly; the package reads what is around it.
        event = to_dict(from_http(headers, b"{}", lambda _: data))
    except GenericException as error:
        raise InvalidInput(
            f"no CloudEvent: {error}", field="ce-specversion", mend="send every ce- header"
        ) from error
    told = {name.removeprefix(PREFIX) for name in headers if name.startswith(PREFIX)}
    decoded = {name: unquote(str(value)) for name, value in event.items() if name in told}
    return decoded | {"data": data}

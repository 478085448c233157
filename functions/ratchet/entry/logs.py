"""Structured logs: one JSON object a line, with the trace, and no personal data.

Messages are texts of ours, fields are counts, names of functions and codes; what a caller sent is
never logged, and of an exception the kind and the place alone.
"""

import json
import logging
import os
import re
import sys
import traceback
from contextvars import ContextVar
from typing import Any

from werkzeug.datastructures import Headers

LOG = logging.getLogger("ratchet")
TRACE: ContextVar[str] = ContextVar("trace", default="")
_CLOUD = re.compile(r"([0-9a-fA-F]{32})(?:/\d{1,20})?(?:;o=\d)?")
_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class JsonLines(logging.Formatter):
    """Formats a record as Cloud Logging reads it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        # The SDK of Firebase logs by the root, tokens and bodies too: its place says what it was.
        theirs = record.name == "root"
        message = f"{record.module}.{record.funcName}" if theirs else record.getMessage()
        line: dict[str, Any] = {"severity": record.levelname, "message": message}
        line |= getattr(record, "fields", {})
        if trace := TRACE.get():
            project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
            line["logging.googleapis.com/trace"] = (
                f"projects/{project}/traces/{trace}" if project else trace
            )
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["stack"] = place_of(record.exc_info[1])
        return json.dumps(line, default=str)


def set_up_logs() -> None:
    """Send every log record to stdout as a line of JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # These name addresses or what a caller sent.
    for name in ("httpx", "werkzeug", "google.auth", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def log(level: int, message: str, *, error: BaseException | None = None, **fields: Any) -> None:
    """Log a message with its fields."""
    LOG.log(level, message, extra={"fields": fields}, exc_info=error)


def place_of(error: BaseException | None) -> list[str]:
    """Return where an exception was raised, outermost first, without its message."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def trace_of(headers: Headers) -> str:
    """Return the trace id of a request's headers, empty where there is none that is well formed."""
    cloud = _CLOUD.fullmatch(headers.get("X-Cloud-Trace-Context", ""))
    w3c = _W3C.fullmatch(headers.get("traceparent", ""))
    found = cloud or w3c
    return found[1].lower() if found else ""

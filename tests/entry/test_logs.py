"""Logs are lines of JSON with a trace, and hold nothing that a caller sent."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from werkzeug.datastructures import Headers

from ratchet.entry.logs import TRACE, JsonLines, log, trace_of
from tests.support.functions import SERVICE, Functions

TRACE_ID = "105445aa7843bc8bf206b12000100000"
SECRET = "ada@example.com"


@pytest.fixture(autouse=True)
def _lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    caplog.handler.setFormatter(JsonLines())
    with caplog.at_level(logging.DEBUG):
        yield


def last(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """Return the last line."""
    line: dict[str, object] = json.loads(caplog.text.splitlines()[-1])
    return line


def test_a_message_is_one_line_of_json_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    log(logging.WARNING, 'two\nlines "quoted"', function="record", status=200)
    (line,) = caplog.text.splitlines()
    assert json.loads(line) == {
        "severity": "WARNING",
        "message": 'two\nlines "quoted"',
        "function": "record",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("project", "trace"),
    [("", TRACE_ID), ("demo-ratchet", f"projects/demo-ratchet/traces/{TRACE_ID}")],
)
def test_a_line_names_the_trace_of_its_request(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, project: str, trace: str
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
    token = TRACE.set(TRACE_ID)
    log(logging.INFO, "x")
    TRACE.reset(token)
    assert last(caplog)["logging.googleapis.com/trace"] == trace
    log(logging.INFO, "x")
    assert "logging.googleapis.com/trace" not in last(caplog)


@pytest.mark.parametrize(
    ("header", "value", "trace"),
    [
        ("X-Cloud-Trace-Context", f"{TRACE_ID}/123;o=1", TRACE_ID),
        ("X-Cloud-Trace-Context", TRACE_ID.upper(), TRACE_ID),
        ("traceparent", f"00-{TRACE_ID}-00f067aa0ba902b7-01", TRACE_ID),
        ("X-Cloud-Trace-Context", f"{TRACE_ID}/1; drop table", ""),
        ("X-Cloud-Trace-Context", "a secret", ""),
        ("traceparent", f"00-{TRACE_ID}-1-01", ""),
        ("X-Other", TRACE_ID, ""),
    ],
)
def test_a_trace_is_taken_from_a_header_that_is_well_formed(
    header: str, value: str, trace: str
) -> None:
    assert trace_of(Headers({header: value})) == trace


def test_of_an_exception_the_kind_and_the_place_are_logged_and_not_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        int(SECRET)
    except ValueError as error:
        log(logging.ERROR, "record failed", error=error)
    line = last(caplog)
    assert line["exception"] == "ValueError"
    (place,) = line["stack"] if isinstance(line["stack"], list) else []
    assert place.startswith("test_logs.py:")
    assert SECRET not in caplog.text


def test_what_the_sdk_logs_of_a_request_is_only_its_place(caplog: pytest.LogCaptureFixture) -> None:
    logging.error(f"Error validating token: {SECRET}")  # as the SDK does
    logging.warning("Request body has extra fields: %s", SECRET)
    assert last(caplog) == {
        "severity": "WARNING",
        "message": "test_logs.test_what_the_sdk_logs_of_a_request_is_only_its_place",
    }
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "send",
    [
        lambda f: f.send("record", actor=SERVICE, json={"ts": SECRET, "component": SECRET}),
        lambda f: f.send("record", json={}, headers={"Authorization": f"Bearer {SECRET}"}),
        lambda f: f.send("set_flags", json={}, headers={"Authorization": f"Bearer {SECRET}"}),
        lambda f: f.send("set_flags", json={"data": 1}, headers={"Authorization": SECRET}),
        lambda f: f.send("set_flags", json={"data": {}, SECRET: SECRET}),
        lambda f: f.send("set_flags", json={SECRET: SECRET}),
        lambda f: f.send("set_flags", data=f'{{"data": "{SECRET}'),
        lambda f: f.call("set_flags", {"reason": SECRET, SECRET: 1}),
        lambda f: f.call("activate_policy", {"policy": SECRET, "version": "1.0.0", "reason": "x"}),
        lambda f: f.tick(f"sweep?{SECRET}", headers={"X-CloudScheduler-ScheduleTime": SECRET}),
    ],
)
def test_nothing_that_a_caller_sent_is_logged(
    functions: Functions, caplog: pytest.LogCaptureFixture, send: object
) -> None:
    assert callable(send)
    send(functions)
    assert caplog.text
    assert SECRET not in caplog.text


def test_in_production_every_record_is_a_line_of_json_on_stdout() -> None:
    code = (
        "import logging; from ratchet.entry.logs import set_up_logs; set_up_logs();"
        "logging.getLogger('anything').info('said'); logging.getLogger('httpx').info('an address')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == {"severity": "INFO", "message": "said"}
    assert ran.stderr == ""

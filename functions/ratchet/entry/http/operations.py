"""The paths of the OpenAPI document: what each HTTP function takes and answers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ratchet.datasets.collecting.receive import MAX_EVENTS, TYPES
from ratchet.entry.http.body import MAX_BODY
from ratchet.govern.roles import Role
from ratchet.kernel.clock import millis
from ratchet.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Throttled,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    WrongMedia,
    WrongMethod,
)
from ratchet.observe.observation import AHEAD, MAX_BATCH, MAX_ITEM_BYTES, MAX_META_DEPTH
from ratchet.runs.record import MAX_RUNS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 120}
_DOCUMENT_ID: Schema = _NAME | {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"}
_HEADERS: dict[type[RatchetError], tuple[str, Schema, str]] = {
    Throttled: ("Retry-After", {"type": "integer", "minimum": 1}, "seconds to wait"),
    Unauthenticated: ("WWW-Authenticate", {"const": "Bearer"}, "how to say who calls"),
    WrongMethod: ("Allow", _TEXT, "what the address takes"),
}
_WORDS: dict[type[RatchetError], str] = {RatchetError: "Something went wrong in the service."}
_ANY = (WrongMethod, Throttled, RatchetError, Unavailable)
_KNOWN = (Unauthenticated, Refused)
_BODY = (InvalidInput, TooSlow, TooLarge, WrongMedia)


def _ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def _header(schema: Schema, text: str) -> Schema:
    return {"description": text, "schema": schema}


def _response(kind: type[RatchetError]) -> Schema:
    shown: Schema = {
        "description": _WORDS.get(kind) or str(kind.__doc__).strip(),
        "content": {"application/json": {"schema": _ref("schemas", "Failed")}},
    }
    if kind in _HEADERS:
        name, schema, text = _HEADERS[kind]
        shown["headers"] = {name: _header(schema, text) | {"required": True}}
    return shown


RESPONSES: Mapping[str, Schema] = {
    kind.__name__: _response(kind) for kind in (*_ANY, *_KNOWN, *_BODY, NotFound, Conflict)
}


def paths(now: datetime, besides: Iterable[str]) -> Schema:
    """Return every path; a caller needs a role's token, and the schemes `besides` it."""
    ts = millis(now)
    needs: Schema = {scheme: [] for scheme in besides}
    operations = {
        "record": _record(ts),
        "feedback": _feedback(ts),
        "record_run": _record_run(ts),
        "events": _events(now),
        "resolve": _resolve(),
        "rollback": _rollback(),
        "health": _open("Say whether the store answers.", _ref("schemas", "Health")),
        "openapi": _open("Return this document.", {"type": "object"}),
    }
    for name, (method, role, operation) in operations.items():
        bearer: Schema = {"bearer": [role]} if role else {}
        operation |= {"operationId": name, "security": [bearer | needs] if bearer or needs else []}
        if needs and not role:
            operation["responses"]["401"] = _ref("responses", "Unauthenticated")
        operations[name] = (method, role, operation)
    return {f"/{name}": {method: shown} for name, (method, _, shown) in operations.items()}


Operation = tuple[str, Role | None, Schema]


def _record(ts: int) -> Operation:
    one = {"ts": ts, "component": "router:gpt-5", "outcome": "success", "durationMs": 812.5}
    two = {"ts": ts, "component": "planner", "outcome": "timeout", "errorCode": "timeout"}
    met = {"kind": "exposure", "ts": ts, "rolloutId": "router-core-1", "step": 0}
    met |= {"rolloutArm": "1.0.1", "unit": "user-1", "propensity": 0.1}
    batch = {"id": "batch-1", "observations": [one, {"component": "planner"}]}
    body = _body(
        _any_of("ObservationSent", "ExposureSent"),
        "ObservationBatch",
        _any_of("Observation", "Exposure"),
        f"One item, a list of up to {MAX_BATCH}, or a batch with an id, which may be sent again. "
        "An item is an observation, or an exposure where its `kind` says so. It has at most "
        f"{MAX_ITEM_BYTES} bytes, its `meta` at most {MAX_META_DEPTH} levels and no list in a "
        "list; its instant is at most "
        f"{AHEAD.seconds // 60} minutes ahead and no older than observations are kept. The good "
        "items of a batch are stored though others are refused.",
        {
            "single": {"value": one | {"id": "one-1"}},
            "exposure": {"value": met | {"id": "met-1"}, "summary": "a unit met an arm"},
            "list": {"value": [one, two, met]},
            "batch": {"value": batch, "summary": "the second item is refused, by name"},
        },
    )
    answer = {
        "id": "batch-1",
        "accepted": 1,
        "sampled": 0,
        "rejected": [{"index": 1, "field": "ts", "reason": "Field required"}],
        "duplicate": False,
    }
    identity = _query("id", _DOCUMENT_ID, "the id of a list, or of lines of JSON")
    return _post(
        "Record what components did.", "service", body, "Recorded", answer, identity, Conflict
    )


def _feedback(ts: int) -> Operation:
    late = {"obsId": "batch-1.0", "source": "reviewer", "grade": 0.75, "ts": ts}
    body = _body(
        _ref("schemas", "Grade"),
        "GradeBatch",
        _ref("schemas", "Grade"),
        f"One grade, or up to {MAX_BATCH}; each has a grade 0..1, an outcome, or both. The latest "
        "of a source counts.",
        {"single": {"value": late}, "several": {"value": {"feedback": [late]}}},
    )
    answer = {"accepted": 1, "rejected": []}
    return _post("Take grades that arrive later.", "service", body, "FeedbackTaken", answer)


def _record_run(ts: int) -> Operation:
    told = {"runId": "run-1", "ts": ts, "component": "planner", "models": ["gpt-5"]}
    told |= {"budget": {"maxCostUsd": 0.5}, "costUsd": 0.31, "outcome": "success"}
    told |= {"gates": {"tests": "passed"}, "metrics": {"grounding": 0.92}}
    body = _body(
        _ref("schemas", "RunSent"),
        "RunBatch",
        _ref("schemas", "RunSent"),
        f"One run, a list of up to {MAX_RUNS}, or a batch of as many. A run that was told before "
        "and says something else is a new revision, and the newest counts; whoever may tell "
        "revisions out of order numbers them. The good runs of a batch are stored though others "
        "are refused.",
        {
            "single": {"value": told},
            "batch": {"value": {"runs": [told, {"component": "planner"}]}},
        },
        most=MAX_RUNS,
    )
    return _post("Record runs.", "service", body, "RunsRecorded", None, None, Conflict)


def _events(now: datetime) -> Operation:
    data = {"taskId": "trip-7", "component": "planner", "outcome": "success"}
    data |= {"input": "How do I get to Bonn by noon?", "output": "Take the 9:12 from Mainz."}
    sent: Schema = {"specversion": "1.0", "id": "e-1", "source": "/planner", "type": TYPES[0]}
    sent |= {"time": now.isoformat(), "data": data}
    several = {"type": "array", "items": _ref("schemas", "EventSent"), "minItems": 1}
    several["maxItems"] = MAX_EVENTS
    one = _ref("schemas", "EventSent")
    body = {
        "required": True,
        "description": f"CloudEvents 1.0: one, or up to {MAX_EVENTS}. In the binary mode the body "
        "is the event's `data`, as application/json, and its attributes are the headers `ce-id`, "
        "`ce-source`, `ce-type`, `ce-specversion` and `ce-time`. The same source and id again "
        "changes nothing; with other content it is a new revision. Good events of a batch are kept "
        "though others are refused; `data` that is no example becomes a dead letter.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [one, several]},
                "examples": {"single": {"value": sent}, "several": {"value": [sent]}},
            },
            "application/cloudevents+json": {"schema": one},
            "application/cloudevents-batch+json": {"schema": several},
        },
    }
    return _post("Take what components completed.", "service", body, "Received")


def _resolve() -> Operation:
    headers = {
        "ETag": _header(_TEXT, "changes exactly when the answer does") | {"required": True},
        "Cache-Control": _header(_TEXT, "how long the answer may be kept") | {"required": True},
    }
    shown = {
        "summary": "Return the version to run.",
        "description": "For the role `service`. Name either a policy or a component. While a "
        "rollout runs, `rollout` says which units run another version: a unit is the point "
        "`blake2b(salt + newline + unit, 8 bytes) >> 11` of 2**53, and an arm has those from its "
        "`start` on, up to its `share`.",
        "parameters": [
            _query("policy", _NAME, "the id of a policy"),
            _query("component", _NAME, "a component that `config/bindings` binds to a policy"),
            _query("phase", _NAME, "the phase of the component's work"),
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "an ETag in quotes: 304 while it is good",
                "schema": _TEXT,
            },
        ],
        "responses": {
            "200": _ok("the version to run", "Resolution") | {"headers": headers},
            "304": {"description": "the answer is the one that was named", "headers": headers},
            **_errors(*_ANY, *_KNOWN, InvalidInput, NotFound),
        },
    }
    return "get", "service", shown


def _rollback() -> Operation:
    body = {
        "required": True,
        "content": {
            "application/json": {
                "schema": _ref("schemas", "Rollback"),
                "examples": {
                    "previous": {"value": {"id": "router-core", "reason": "the error rate rose"}}
                },
            }
        },
    }
    errors = (NotFound, Conflict)
    return _post("Go back to an earlier version.", "admin", body, "PolicyHead", None, None, *errors)


def _open(summary: str, schema: Schema) -> Operation:
    answer = {"description": "the answer", "content": {"application/json": {"schema": schema}}}
    return "get", None, {"summary": summary, "responses": {"200": answer, **_errors(*_ANY)}}


def _post(
    summary: str,
    role: Role,
    body: Schema,
    model: str,
    answer: Any = None,
    query: Schema | None = None,
    *errors: type[RatchetError],
) -> Operation:
    encoding = {
        "name": "Content-Encoding",
        "in": "header",
        "description": f"gzip bodies are taken; either way at most {MAX_BODY} bytes unpacked",
        "schema": {"enum": ["gzip", "identity", ""]},
    }
    shown = {
        "summary": summary,
        "description": f"For the role `{role}`.",
        "parameters": [encoding, *([query] if query else [])],
        "requestBody": body,
        "responses": {
            "200": _ok("what was done", model, answer),
            **_errors(*_ANY, *_KNOWN, *_BODY, *errors),
        },
    }
    return "post", role, shown


def _any_of(*models: str) -> Schema:
    return {"anyOf": [_ref("schemas", model) for model in models]}


def _body(
    one: Schema, batch: str, item: Schema, text: str, examples: Schema, most: int = MAX_BATCH
) -> Schema:
    several = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
    several_or_one = {"anyOf": [one, several, _ref("schemas", batch)]}
    lines = {"schema": several | {"description": "one item a line, each line JSON"}}
    return {
        "required": True,
        "description": text,
        "content": {
            "application/json": {"schema": several_or_one, "examples": examples},
            "application/x-ndjson": lines,
        },
    }


def _query(name: str, schema: Schema, text: str) -> Schema:
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _ok(text: str, model: str, example: Any = None) -> Schema:
    shown = {"schema": _ref("schemas", model)}
    if example is not None:
        shown["example"] = example
    return {"description": text, "content": {"application/json": shown}}


def _errors(*kinds: type[RatchetError]) -> Schema:
    return {str(kind.http): _ref("responses", kind.__name__) for kind in kinds}

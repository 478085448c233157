"""The HTTP functions, one for each thing that a component or an operator asks for."""

from typing import Any

from firebase_functions.https_fn import on_request
from flask import Request, Response

from ratchet.entry import options
from ratchet.entry.http.body import json_body
from ratchet.entry.http.door import Call, Reply, answer, door
from ratchet.entry.options import SECONDS, cors
from ratchet.govern.flags import Flags
from ratchet.govern.roles import Reason
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.feedback import feedback as take_feedback
from ratchet.observe.record import record as take_observations
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import rollback as go_back
from ratchet.policies.bindings import Bindings, bound
from ratchet.policies.version import Number, PolicyId
from ratchet.rollouts.resolve import resolve as version_to_run

RESOLVE_SECONDS = 10
VERSION = "0.1.0"


class Rollback(Model):
    """What `rollback` takes; without a version it goes back to the previous one."""

    id: PolicyId
    version: Number | None = None
    reason: Reason = ""


@on_request(cors=cors("POST"))
@door("POST", role="service")
def record(call: Call) -> Reply:
    """Record one observation, a list, `{"id", "observations"}`, or lines of JSON with `?id=`."""
    payload = json_body(call.request, lines=True)
    named = call.request.args.get("id")
    if named is not None:
        payload = _named(payload, named)
    ingest = call.app.reader.read(Ingest)
    taken = take_observations(call.app.store, call.app.keys, payload, ingest=ingest, now=call.now)
    return Reply(taken.to_wire())


def _named(payload: Any, batch_id: str) -> Any:
    """Return what was sent under the id of the address.

    Raises: InvalidInput where the body has another.
    """
    if isinstance(payload, list):
        return {"id": batch_id, "observations": payload}
    if isinstance(payload, dict) and payload.setdefault("id", batch_id) != batch_id:
        raise InvalidInput("the body and the address have two ids", field="id", mend="send one")
    return payload


@on_request(cors=cors("POST"))
@door("POST", role="service")
def feedback(call: Call) -> Reply:
    """Take late grades: one, a list, `{"feedback": [...]}`, or lines of JSON."""
    payload = json_body(call.request, lines=True)
    ingest = call.app.reader.read(Ingest)
    return Reply(take_feedback(call.app.store, payload, ingest=ingest, now=call.now).to_wire())


@on_request(cors=cors("POST"))
@door("POST", role="service")
def record_run(call: Call) -> Reply:
    """Record one run, a list, `{"runs": [...]}`, or lines of JSON; the same again counts once."""
    from ratchet.runs.record import record_runs  # its arithmetic is not in a cold start

    payload = json_body(call.request, lines=True)
    app = call.app
    taken = record_runs(app.store, app.keys, payload, reader=app.reader, now=call.now)
    return Reply(taken.to_wire())


@on_request(cors=cors("POST"))
@door("POST", role="service")
def events(call: Call) -> Reply:
    """Take CloudEvents 1.0 of what components completed: one, in either mode, or a batch."""
    from ratchet.datasets.collecting.receive import receive_events  # neither is in a cold start
    from ratchet.entry.http.cloud_events import events_of

    sent, app = events_of(call.request), call.app
    taken = receive_events(
        app.store, app.blobs, sent, reader=app.reader, by=call.actor.name, now=call.now
    )
    return Reply(taken.to_wire())


@on_request(cors=cors("GET"))
@door("GET", role="service")
def resolve(call: Call) -> Reply:
    """Return the version to run, of `?policy=`, or of whatever `?component=&phase=` is bound to.

    While a rollout runs, the answer says which unit runs which other version.
    """
    asked = call.request.args
    policy, component = asked.get("policy"), asked.get("component")
    if (policy is None) == (component is None):
        raise InvalidInput(
            "name either a policy or a component", field="policy", mend="?policy= or ?component="
        )
    if component is not None:
        policy = bound(call.app.reader.read(Bindings), component, asked.get("phase"))
    found = version_to_run(call.app.store, call.app.keys, policy or "", now=call.now)
    headers = {
        "ETag": f'"{found.etag}"',
        "Cache-Control": f"private, max-age={RESOLVE_SECONDS}",
        "Vary": "Authorization",
    }
    if call.request.if_none_match.contains_weak(found.etag):
        return Reply(status=304, headers=headers)
    return Reply(found.to_wire(), headers=headers)


@on_request(cors=cors("POST"))
@door("POST", role="admin", fresh=True)
def rollback(call: Call) -> Reply:
    """Go back to a version that was active before; works with learning off."""
    asked = Rollback.parse(json_body(call.request))
    head = go_back(
        call.app.store,
        call.app.keys,
        call.actor,
        asked.id,
        version=asked.version,
        reason=asked.reason,
        now=call.now,
    )
    return Reply(head.to_wire())


@on_request(cors=cors("GET"))
@door("GET", role=None)
def health(call: Call) -> Reply:
    """Say whether the store answers; the answer is at most ten seconds old."""
    call.app.reader.read(Flags)
    return Reply({"status": "ok"})


@on_request(cors=cors("GET"))
@door("GET", role=None)
def openapi(call: Call) -> Reply:
    """Return the OpenAPI document of these functions."""
    from ratchet.entry.http.describe import document  # not in a cold start

    shown = document(Rollback, VERSION, call.now, app_check=options.APP_CHECK)
    return Reply(shown, headers={"Cache-Control": "public, max-age=3600"})


@on_request(cors=cors("GET", "POST"), timeout_sec=SECONDS["tick"])
def api(request: Request) -> Response:
    """Serve what people look at and decide under /v1: /openapi lists it."""

    def act() -> Reply:
        from ratchet.entry.http.v1.handle import handle  # not in a cold start

        return handle(request)

    return answer(request, "api", act)

"""The triggers: every write to what people might edit in the console is judged by its guard.

The guards take an event in any order, more than once, and also for what the functions wrote.
Nouns with arithmetic are imported where they are judged: it is in no other function's cold start.
"""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cloudevents.http import CloudEvent
from firebase_functions.firestore_fn import on_document_written_with_auth_context
from google.events.cloud.firestore import (  # type: ignore[import-untyped]  # it ships no types
    DocumentEventData,
)
from werkzeug.datastructures import Headers

from ratchet.entry.logs import TRACE, log, trace_of
from ratchet.entry.options import DATABASE, SECONDS
from ratchet.entry.wiring import the_app
from ratchet.kernel.errors import Conflict, RatchetError, Unavailable
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.config_edits import guard_config
from ratchet.policies.edit import Edit, Guarded
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.version import COLLECTION as POLICIES
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.rollouts.hand_edits import guard_sealed
from ratchet.rollouts.rollout import Rollout
from ratchet.store.protobuf import instant, take_fields

Guard = Callable[..., Guarded]
Trigger = Callable[[CloudEvent], None]
# What the emulator says of every write.
EMULATED = ("unknown", "fake-auth-id@gmail.com")
NOBODY = ("system", "unauthenticated")


def listens(document: str) -> Callable[[Callable[[Edit], None]], Trigger]:
    """Make what judges edits the trigger of every write to the documents of a pattern.

    The SDK declares it, without an option to have failed events delivered again. The event is
    read here: the SDK fails on one that names no principal, or that holds a reference to another
    database, and would be given it again for a day.
    """
    declare: Any = on_document_written_with_auth_context(
        document=document, database=DATABASE, timeout_sec=SECONDS["trigger"]
    )

    def decorate(judge: Callable[[Edit], None]) -> Trigger:
        declared = declare(judge)
        declared.__firebase_endpoint__.eventTrigger["retry"] = True

        @functools.wraps(declared)
        def called(event: CloudEvent) -> None:
            trace = TRACE.set(trace_of(Headers({"traceparent": str(event.get("traceparent"))})))
            try:
                judge(edit_of(event))
            finally:
                TRACE.reset(trace)

        return called

    return decorate


@listens("config/{name}")
def config_edited(edit: Edit) -> None:
    """Audit an edit of a configuration document, or put it back."""
    from ratchet.entry.configs import CONFIGS  # every slice's: no other function starts with them

    _judge("config_edited", functools.partial(guard_config, kinds=CONFIGS), edit)


@listens(f"{POLICIES}/{{version}}")
def policy_edited(edit: Edit) -> None:
    """Carry a hand edit of a version through, or put it back."""
    _judge("policy_edited", guard_policy, edit)


@listens(f"{ROLLOUTS}/{{rollout}}")
def rollout_edited(edit: Edit) -> None:
    """Put a rollout back to what a verb sealed."""
    _judge("rollout_edited", functools.partial(guard_sealed, kind=Rollout), edit)


@listens("ops_verdicts/{verdict}")
def verdict_edited(edit: Edit) -> None:
    """Put a verdict back to what was recorded."""
    from ratchet.rollouts.verdict import Verdict

    _judge("verdict_edited", functools.partial(guard_sealed, kind=Verdict), edit)


@listens(f"{APPROVALS}/{{approval}}")
def approval_edited(edit: Edit) -> None:
    """Put an approval back: yes and no are said by commands, which know who says them."""
    _judge("approval_edited", functools.partial(guard_sealed, kind=Approval), edit)


@listens("ops_replays/{replay}")
def replay_edited(edit: Edit) -> None:
    """Put a replay back to what was computed."""
    from ratchet.rollouts.replay_document import StoredReplay

    _judge("replay_edited", functools.partial(guard_sealed, kind=StoredReplay), edit)


def _judge(function: str, guard: Guard, edit: Edit) -> None:
    app = the_app()
    try:
        judged = guard(app.store, app.keys, edit, now=app.clock())
    except (Unavailable, Conflict):
        raise  # to be delivered again
    except RatchetError as error:
        log(logging.ERROR, f"{function} failed", error=error, function=function, code=error.code)
        return
    log(logging.INFO, function, function=function, decision=judged.decision)


def edit_of(event: CloudEvent) -> Edit:
    """Return the edit that an event tells of, with documents as the store reads them."""
    told, attributes = _documents(event), event.get_attributes()
    before: Any = told.old_value if told.HasField("old_value") else None
    after: Any = told.value if told.HasField("value") else None
    changed = told.old_value if after is None else after
    return Edit(
        event_id=attributes["id"],
        # The event's own `document` may be escaped, as headers are.
        document_id=changed.name.partition("/documents/")[2].partition("/")[2],
        # An event's own time may be cut to whole seconds.
        at=instant(after.update_time) if after is not None else _when(attributes),
        who=who_of(attributes.get("authtype", ""), attributes.get("authid")),
        before=take_fields(before.fields) if before is not None else None,
        after=take_fields(after.fields) if after is not None else None,
    )


def who_of(auth_type: str, auth_id: str | None) -> str:
    """Return the name of whoever wrote, empty where the event does not say."""
    if (auth_type, auth_id) == EMULATED or auth_type in NOBODY:
        return ""
    return auth_id or ""


def _documents(event: CloudEvent) -> Any:
    """Return the protobuf that an event carries, as itself or as JSON."""
    data = event.get_data()
    if isinstance(data, Mapping):
        data = json.dumps(data)
    read = DocumentEventData.from_json if isinstance(data, str) else DocumentEventData.deserialize
    return DocumentEventData.pb(read(data))


def _when(attributes: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(attributes["time"]).astimezone(UTC)

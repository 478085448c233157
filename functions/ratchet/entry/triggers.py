"""The triggers: every write to `config/*` and `ops_policies/*` is judged by its guard.

The guards take an event in any order, more than once, and also for what the functions wrote.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from cloudevents.http import CloudEvent
from firebase_functions.core import Change
from firebase_functions.firestore_fn import AuthEvent, on_document_written_with_auth_context
from google.cloud.firestore_v1 import DocumentSnapshot

from ratchet.entry.logs import log
from ratchet.entry.options import DATABASE, SECONDS
from ratchet.entry.wiring import the_app
from ratchet.kernel.errors import Conflict, RatchetError, Unavailable
from ratchet.policies.config_edits import guard_config
from ratchet.policies.hand_edits import Edit, Guarded, guard_policy
from ratchet.policies.version import COLLECTION as POLICIES

Snapshot = DocumentSnapshot[Any]
Event = AuthEvent[Change[Snapshot | None]]
# The SDK types it as if events came without who wrote.
listens = cast(
    "Callable[..., Callable[[Callable[[Event], None]], Trigger]]",
    on_document_written_with_auth_context,
)
Trigger = Callable[[CloudEvent], None]
# What the emulator says of every write.
EMULATED = ("unknown", "fake-auth-id@gmail.com")
NOBODY = ("system", "unauthenticated")


def delivered_again(trigger: Any) -> Trigger:
    """Have a failed event delivered again, and take events that name no principal.

    The SDK offers no option for the first, and demands the attributes of the second.
    """

    @functools.wraps(trigger)
    def called(raw: CloudEvent) -> None:
        attributes = raw.get_attributes()
        for name in ("authtype", "authid"):
            if name not in attributes:
                raw[name] = "unknown" if name == "authtype" else ""
        trigger(raw)

    trigger.__firebase_endpoint__.eventTrigger["retry"] = True
    return called


@delivered_again
@listens(document="config/{name}", database=DATABASE, timeout_sec=SECONDS["trigger"])
def config_edited(event: Event) -> None:
    """Audit an edit of a configuration document, or put it back."""
    _judge("config_edited", guard_config, event, "name")


@delivered_again
@listens(
    document=f"{POLICIES}/{{version}}",
    database=DATABASE,
    timeout_sec=SECONDS["trigger"],
)
def policy_edited(event: Event) -> None:
    """Carry a hand edit of a version through, or put it back."""
    _judge("policy_edited", guard_policy, event, "version")


def _judge(function: str, guard: Callable[..., Guarded], event: Event, parameter: str) -> None:
    app = the_app()
    edit = edit_of(event, event.params[parameter])
    try:
        judged = guard(app.store, app.keys, edit, now=app.clock())
    except (Unavailable, Conflict):
        raise  # to be delivered again
    except RatchetError as error:
        log(logging.ERROR, f"{function} failed", error=error, function=function, code=error.code)
        return
    log(logging.INFO, function, function=function, decision=judged.decision)


def edit_of(event: Event, document_id: str) -> Edit:
    """Return the edit that an event tells of."""
    before, after = event.data.before, event.data.after
    return Edit(
        event_id=event.id,
        document_id=document_id,
        at=_when(event),
        who=who_of(event.auth_type, event.auth_id),
        before=_map(before),
        after=_map(after),
    )


def who_of(auth_type: str, auth_id: str | None) -> str:
    """Return the name of whoever wrote, empty where the event does not say."""
    if (auth_type, auth_id) == EMULATED or auth_type in NOBODY:
        return ""
    return auth_id or ""


def _when(event: Event) -> datetime:
    """Return when the write came to be; an event's own time may be cut to whole seconds."""
    after = event.data.after
    stamp = after.update_time if after is not None else None
    return _instant(stamp if stamp is not None else event.time)


def _map(snapshot: Snapshot | None) -> dict[str, Any] | None:
    data = snapshot.to_dict() if snapshot is not None else None
    return None if data is None else {name: plain(value) for name, value in data.items()}


def plain(value: Any) -> Any:
    """Return a value as the store reads it; of kinds that no document of ours has, its text."""
    if value is None or isinstance(value, str | bool | int | float | bytes):
        return value
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return f"({type(value).__name__})"


def _instant(value: Any) -> datetime:
    """Return a plain instant of a datetime or of a protobuf timestamp."""
    found: datetime = value if isinstance(value, datetime) else value.ToDatetime(tzinfo=UTC)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    utc = aware.astimezone(UTC)
    return datetime(*utc.timetuple()[:6], utc.microsecond, tzinfo=UTC)

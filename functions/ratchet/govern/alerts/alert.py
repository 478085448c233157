"""Alert: one document for each thing that is wrong, counted while it stays wrong."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, get_args

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import SEPARATOR, join_key
from ratchet.store.limits import MAX_NAME

Severity = Literal["info", "warning", "critical"]
State = Literal["open", "acknowledged", "resolved"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STANDING: tuple[State, ...] = ("open", "acknowledged")
KEPT = timedelta(days=400)  # after it was resolved
MACHINE = "machine"  # who resolves what heals by itself
_ID = re.compile(rf"[A-Za-z0-9@:.+_%~-]{{1,{MAX_NAME}}}")
# What stays when an alert that stands is seen again.
_KEPT = ("first_seen", "state", "episode", "earlier", "peak", "acknowledged")
_TOLD = ("turn", "turned_at", "unsent", "sent")


class Answer(Model):
    """Who said that an alert is seen to, or over."""

    by: str
    at: Instant
    note: str = ""


class Sent(Model):
    """What a sink was told last, and what has become of telling it the next.

    `turn` is the last one that is done with, `episode` the last whose beginning it was told, at
    `told_at`; `tries` failed since, for the `fault`, and none is made before `next_at`.
    """

    turn: int = 0
    episode: int = 0
    told_at: Instant | None = None
    tries: int = 0
    next_at: Instant | None = None
    fault: str = ""


class Alert(Document):
    """Something that a person should know, with its evidence and the command that mends it.

    One that comes back after it was resolved begins an `episode`: `first_seen` and `count` are of
    that one, `earlier` counts those before. A `turn` is a change that people are told of: opened,
    more severe than the `peak` that they know, acknowledged, resolved.
    """

    collection: ClassVar[str] = "ops_alerts"

    what: str
    subject: str
    severity: Severity
    text: str
    evidence: dict[str, Any] = {}
    command: str = ""
    first_seen: Instant
    last_seen: Instant
    count: int = 1
    state: State = "open"
    episode: int = 1
    earlier: int = 0
    peak: Severity | None = None
    acknowledged: Answer | None = None
    resolved: Answer | None = None
    turn: int = 1
    turned_at: Instant | None = None
    unsent: bool = False  # one of before there were sinks is told when it changes
    sent: dict[str, Sent] = {}
    expire_at: Instant | None = None

    def key(self) -> str:
        """Return what and about what; a subject that is too long for an id, as its hash."""
        return alert_key(self.what, self.subject)

    @property
    def total(self) -> int:
        """How often it was seen, in all its episodes."""
        return self.earlier + self.count

    @property
    def is_over(self) -> bool:
        """Whether it was resolved, and has not come back."""
        return self.state == "resolved"

    def acked(self, by: str, note: str, *, now: datetime) -> "Alert":
        """Return it as seen to; only what is worse than now opens it again."""
        answer = Answer(by=by, at=now, note=note)
        return self._turned(now, state="acknowledged", acknowledged=answer, peak=self.severity)

    def ended(self, by: str, note: str, *, now: datetime) -> "Alert":
        """Return it as over; unless it comes back, it is kept for 400 days more."""
        answer = Answer(by=by, at=now, note=note)
        return self._turned(now, state="resolved", resolved=answer, expire_at=now + KEPT)

    def reopened(self, *, now: datetime) -> "Alert":
        """Return it as open to everybody: it is worse than those know who were told."""
        return self._turned(now, state="open", acknowledged=None, peak=self.severity)

    def _turned(self, now: datetime, **changes: Any) -> "Alert":
        turn = {"turn": self.turn + 1, "turned_at": now, "unsent": True}
        return self.model_copy(update=turn | changes)


def alert_key(what: str, subject: str) -> str:
    """Return the id of an alert.

    >>> alert_key("scoring-lag", "shard/3")
    'scoring-lag~shard%2F3'
    """
    key = join_key(what, subject)
    if len(key) <= MAX_NAME:
        return key
    digest = hashlib.sha256(subject.encode(errors="replace")).hexdigest()
    return join_key(what, "sha256", digest)


def named_keys(named: str) -> list[str]:
    """Return the ids that a person may mean: an id as it is, or `what~subject` in plain letters.

    >>> named_keys("hand-edit~config/flags")
    ['hand-edit~config%2Fflags']
    """
    what, _, subject = named.partition(SEPARATOR)
    keys = [named] if _ID.fullmatch(named) else []
    keys.append(alert_key(what, subject))
    return [key for key in dict.fromkeys(keys) if len(key) <= MAX_NAME]  # longer, it is none


def alert(
    what: str,
    subject: str,
    severity: Severity,
    text: str,
    *,
    now: datetime,
    command: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> Alert:
    """Return a new alert, seen once."""
    return Alert(
        what=what,
        subject=subject,
        severity=severity,
        text=text,
        evidence=dict(evidence or {}),
        command=command,
        first_seen=now,
        last_seen=now,
        peak=severity,
        turned_at=now,
        unsent=True,
    )


def counted(seen: Alert | None, new: Alert) -> Alert:
    """Return an alert merged with what is known of the same matter: the one way to do so."""
    if seen is None:
        return new
    if seen.is_over:
        again = {"episode": seen.episode + 1, "earlier": seen.total, "turn": seen.turn + 1}
        return new.model_copy(update=again | {"sent": seen.sent})
    kept = {name: getattr(seen, name) for name in (*_KEPT, *_TOLD)}
    merged = new.model_copy(update=kept | {"count": seen.count + 1})
    if not is_worse(seen, new.severity):
        return merged
    return merged.reopened(now=new.last_seen)


def is_worse(seen: Alert, severity: Severity) -> bool:
    """Say whether a severity is above what people know of an alert."""
    return rank(severity) > rank(seen.peak or seen.severity)


def rank(severity: Severity) -> int:
    """Return 0 for the least of the severities, and on.

    >>> [rank(severity) for severity in SEVERITIES]
    [0, 1, 2]
    """
    return SEVERITIES.index(severity)

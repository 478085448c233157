"""Rule: what is watched; it finds conditions that last, or events in the audit chain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.alerts import Alert, Severity, alert
from ratchet.govern.alerts.rules import RuleSetting
from ratchet.govern.audit import AuditEntry
from ratchet.govern.config import ConfigReader
from ratchet.insight.hysteresis import Band
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.each import Tell
from ratchet.kernel.keys import Keys
from ratchet.store.port import Store


@dataclass(frozen=True)
class Sight:
    """What a rule may look at; `known` are the subjects that it has found in trouble before.

    `tell` is told of a document that cannot be read, which hides no other.
    """

    store: Store
    keys: Keys
    reader: ConfigReader
    now: datetime
    known: frozenset[str]
    tell: Tell


class Finding(Model):
    """What is said of one subject: the command shows the evidence."""

    subject: str
    text: str
    command: str
    evidence: dict[str, Any] = {}

    def told(self, what: str, severity: Severity, now: datetime) -> Alert:
        """Return the alert that says so."""
        return alert(
            what,
            self.subject,
            severity,
            self.text,
            now=now,
            command=self.command,
            evidence=self.evidence,
        )


class Condition(Finding):
    """How bad something is, as a number: more is worse. What is well is a condition too.

    Chance may have moved it by `unsure`. `asOf` is of what data; the same data seen again are no
    second look. Nothing known of a subject is no condition, and changes nothing.
    """

    level: float
    unsure: float = 0.0
    as_of: Instant | None = None


@dataclass(frozen=True)
class Rule:
    """A rule on what lasts: it looks once in each period, and `band` says when that is an alert."""

    severity: Severity
    every: timedelta
    band: Band
    conditions: Callable[[Sight], Iterator[Condition]]

    def band_of(self, setting: RuleSetting) -> Band:
        """Return its band as it is set; of two levels the one that is not set gives way."""
        opens, closes = self.band.opens, self.band.closes
        if setting.opens is not None:
            opens, closes = setting.opens, min(closes, setting.opens)
        if setting.closes is not None:
            opens, closes = max(opens, setting.closes), setting.closes
        return Band(
            opens=opens,
            closes=closes,
            opens_after=setting.opens_after or self.band.opens_after,
            closes_after=setting.closes_after or self.band.closes_after,
        )


@dataclass(frozen=True)
class EventRule:
    """A rule on what happens: entries of the audit chain, each of which it tells, or passes over.

    What it tells of must happen to its subject once: an alert that is there was told already.
    """

    severity: Severity
    actions: frozenset[str]
    event: Callable[[Sight, AuditEntry], Finding | None]

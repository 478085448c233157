"""Watch: every rule looks, and what it finds becomes alerts that open, last and close.

An alert is raised before what was seen is kept, so that whoever dies in between has lost none.
Asks no kill switch: with learning off, people are told all the same.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, clear_alert, raise_alert, resolve_quiet
from ratchet.govern.alerts.rules import RuleName, RuleSetting
from ratchet.govern.alerts.settings import AlertSettings
from ratchet.govern.audit import AuditEntry
from ratchet.govern.config import ConfigReader
from ratchet.insight.events import (
    event_of,
    keep_read,
    load_read,
    moved_streams,
    new_entries,
    tell_once,
)
from ratchet.insight.memory import Memory, Turn, followed, memory_ref, parse_memory
from ratchet.insight.rule import EventRule, Rule, Sight
from ratchet.insight.rules import RULES
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell
from ratchet.kernel.errors import Conflict, RatchetError, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.store.port import Snapshot, Store

QUIET = timedelta(hours=1)  # what lasts is counted as often, and costs no write at every look
FAILED = "rule-failed"
EVENTS = "events"  # who reads the audit chain, for all rules on events


class WatchReport(Model):
    """What one look did: who looked, who failed, and how many alerts opened and closed by it."""

    looked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    raised: int = 0
    resolved: int = 0


def watch_alerts(store: Store, keys: Keys, reader: ConfigReader, *, now: datetime) -> WatchReport:
    """Let every rule look that is due, and read what is new in the audit chain.

    A rule that fails stops no other: an alert says so, and it is due again.

    Raises: Unavailable where the store does not answer; what nobody foresaw of a rule, at the end.
    """
    watch = _Watch(store, keys, reader, now)
    lasting = {name: rule for name, rule in RULES.items() if isinstance(rule, Rule)}
    found = store.get_many([memory_ref(name) for name in lasting])
    for (name, rule), stored in zip(lasting.items(), found, strict=True):
        watch.look(name, rule, stored)
    watch.read_chain()
    quiet = resolve_quiet(store, now=now, after=watch.settings.resolve_after)
    if watch.unforeseen:
        raise watch.unforeseen[0]
    return WatchReport(
        looked=tuple(watch.looked),
        failed=tuple(watch.failed),
        raised=watch.raised,
        resolved=watch.resolved + len(quiet),
    )


class _Watch:
    """One look of all rules, and what it came to."""

    def __init__(self, store: Store, keys: Keys, reader: ConfigReader, now: datetime) -> None:
        self.store, self.keys, self.reader, self.now = store, keys, reader, now
        self.settings = reader.read(AlertSettings)
        self.looked: list[str] = []
        self.failed: list[str] = []
        self.unforeseen: list[Exception] = []
        self.raised = self.resolved = 0

    def look(self, name: RuleName, rule: Rule, stored: Snapshot | None) -> None:
        """Let one rule look, if it is due; one that is switched off leaves nothing open."""
        before, setting = parse_memory(stored), self._setting(name)
        if not setting.enabled:
            self._switch_off(name, before, stored)
            return
        if (before.at - EPOCH) // rule.every == (self.now - EPOCH) // rule.every:
            return
        troubles: list[RatchetError] = []
        try:
            found = rule.conditions(self._sight(before, troubles.append))
            turn = followed(before, found, rule.band_of(setting), self.now)
        except Exception as error:
            self._foresee(name, error, troubles)
            turn = Turn(before, [], [], [])  # nothing was seen, and it is due again
        self.looked.append(name)
        for condition in turn.bad:
            about = condition.told(name, setting.severity or rule.severity, self.now)
            raise_alert(self.store, about, quiet=QUIET)
        self._clear(name, turn.closed)
        self.raised += len(turn.opened)
        failed = self._tell_troubles(name, troubles, before.failed)
        self._keep(name, turn.memory.model_copy(update={"failed": failed}), stored)

    def read_chain(self) -> None:
        """Let the rules on events read what is new in the audit chain."""
        before = load_read(self.store)
        troubles: list[RatchetError] = []
        sight, ends = self._sight(Memory(), troubles.append), {}
        for stream, start, end in list(moved_streams(sight, before)):
            for entry in new_entries(sight, before, stream, start):
                self._tell_events(sight, entry, troubles)
            ends[stream] = end
        failed = self._tell_troubles(EVENTS, troubles, before.failed)
        keep_read(self.store, before, ends, failed=failed, now=self.now)

    def _tell_events(self, sight: Sight, entry: AuditEntry, troubles: list[RatchetError]) -> None:
        for name, rule in RULES.items():
            setting = self._setting(name)
            if not isinstance(rule, EventRule) or not setting.enabled:
                continue
            try:
                found = event_of(rule, sight, entry)
            except Exception as error:
                self._foresee(name, error, troubles)
                continue
            if found is not None:
                about = found.told(name, setting.severity or rule.severity, self.now)
                self.raised += tell_once(self.store, about)

    def _setting(self, name: RuleName) -> RuleSetting:
        return self.settings.rules.get(name, RuleSetting())

    def _sight(self, before: Memory, tell: Tell) -> Sight:
        known = frozenset(one.subject for one in before.subjects)
        return Sight(self.store, self.keys, self.reader, self.now, known, tell)

    def _switch_off(self, name: RuleName, before: Memory, stored: Snapshot | None) -> None:
        self._clear(name, before.open)
        self._tell_troubles(name, [], before.failed)
        if before.subjects or before.failed:
            self._keep(name, Memory(at=before.at), stored)

    def _clear(self, name: RuleName, subjects: Iterable[str]) -> None:
        for subject in subjects:
            clear_alert(self.store, name, subject, now=self.now)
            self.resolved += 1

    def _foresee(self, name: str, error: Exception, troubles: list[RatchetError]) -> None:
        """Take what a rule raised as one of its troubles; that of the store is the caller's."""
        if isinstance(error, Unavailable):
            raise error
        if not isinstance(error, RatchetError):
            error.add_note(f"while {name} looked")
            self.unforeseen.append(error)
            told = f"it stopped at an unexpected {type(error).__name__}"
            error = RatchetError(told, mend="see the traceback, and report it")
        troubles.append(error)

    def _tell_troubles(self, name: str, troubles: list[RatchetError], before: bool) -> bool:
        """Raise an alert of what kept a rule from seeing all, or clear it; returns whether any."""
        if troubles:
            first, count = troubles[0], len(troubles)
            self.failed.append(name)
            about = alert(
                FAILED,
                name,
                "warning",
                f"{name} could not see all, for {count} reasons: {first.message}"
                if count > 1
                else f"{name} could not see all: {first.message}",
                now=self.now,
                command="ratchet tick --only watch_alerts",
                evidence=first.as_dict(),
            )
            raise_alert(self.store, about, quiet=QUIET)
        elif before:
            clear_alert(self.store, FAILED, name, now=self.now)
        return bool(troubles)

    def _keep(self, name: RuleName, memory: Memory, stored: Snapshot | None) -> None:
        """Keep what a rule has seen, unless another look at the same time has done so."""
        ref, data = memory_ref(name), {"v": 1, "value": memory.to_map()}
        try:
            if stored is None:
                self.store.create(ref, data)
            else:
                self.store.replace(ref, data, stored.token)
        except Conflict:
            pass

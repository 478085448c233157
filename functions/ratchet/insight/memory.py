"""Memory: what a rule keeps between two looks: the subjects that are open, or near it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from ratchet.govern.config import CHECKPOINTS
from ratchet.insight.hysteresis import Band, Standing, stepped
from ratchet.insight.rule import Condition
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.store.port import Ref, Snapshot

# Bounds of one document: subjects in trouble at once, and how long one is kept that says nothing.
MOST = 1000
FORGOTTEN = timedelta(days=30)


class Tracked(Standing):
    """How one subject stands, on data of when, and when it was last looked at."""

    subject: str
    as_of: Instant | None = None
    seen: Instant


class Memory(Model):
    """A rule's last look; a subject that is well has no place in it. `failed`: it said so."""

    at: Instant = EPOCH
    failed: bool = False
    subjects: tuple[Tracked, ...] = ()

    @property
    def open(self) -> list[str]:
        """The subjects with an open condition."""
        return [tracked.subject for tracked in self.subjects if tracked.is_open]


class Turn(NamedTuple):
    """What one look comes to: `bad` are the open conditions that are still as bad as they were."""

    memory: Memory
    bad: list[Condition]
    opened: list[str]
    closed: list[str]


def memory_ref(rule: str) -> Ref:
    """Return where the memory of a rule is."""
    return Ref(CHECKPOINTS, join_key("watch", rule))


def parse_memory(found: Snapshot | None) -> Memory:
    """Return a stored memory; none, or one that was broken by hand, begins anew."""
    try:
        return Memory.parse(found.data.get("value")) if found else Memory()
    except InvalidInput:
        return Memory()


def followed(before: Memory, found: Iterable[Condition], band: Band, now: datetime) -> Turn:
    """Return what the conditions of one look come to, each subject for itself."""
    tracked = {one.subject: one for one in before.subjects}
    turn = Turn(before, [], [], [])
    for condition in found:
        name = condition.subject
        last = tracked.get(name) or Tracked(subject=name, seen=now)
        after = last if _is_known(last, condition) else _looked(last, condition, band, now)
        tracked[name] = after.model_copy(update={"seen": now})
        if after.is_open and condition.level > band.closes:
            turn.bad.append(condition)
        if after.is_open is not last.is_open:
            (turn.opened if after.is_open else turn.closed).append(name)
    kept = [
        one
        for one in tracked.values()
        if (one.is_open or one.streak) and now - one.seen < FORGOTTEN
    ]
    kept.sort(key=lambda one: (not one.is_open, -one.streak, one.subject))
    memory = Memory(at=now, failed=before.failed, subjects=tuple(kept[:MOST]))
    return turn._replace(memory=memory)


def _is_known(last: Tracked, condition: Condition) -> bool:
    """Say whether a condition is of data that was looked at before."""
    return None not in (last.as_of, condition.as_of) and last.as_of == condition.as_of


def _looked(last: Tracked, condition: Condition, band: Band, now: datetime) -> Tracked:
    after = stepped(last, condition.level, band, condition.unsure)
    return Tracked(
        subject=last.subject,
        is_open=after.is_open,
        streak=after.streak,
        as_of=condition.as_of,
        seen=now,
    )

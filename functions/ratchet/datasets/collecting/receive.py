"""Receive: what arrives is kept as its bytes, once; whether it is an example is found out later.

The same id with the same bytes changes nothing, with other bytes it is a new revision.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from ratchet.datasets.collecting.trace import Trace
from ratchet.datasets.extract import events as event_source
from ratchet.datasets.extract import trajectories as trajectory_source
from ratchet.datasets.extract.clean import MAX_RAW, read_raw
from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.config import ConfigReader
from ratchet.kernel.batches import batches
from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, InvalidInput, Malformed
from ratchet.kernel.fault import WHOLE
from ratchet.kernel.ids import join_key, shard_of
from ratchet.observe.observation import Rejection
from ratchet.observe.settings import Ingest
from ratchet.store.blobs import Blobs, put_all
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import Transaction

MAX_EVENTS = 500
CHUNK = 200  # traces of one transaction
CHUNK_BYTES = 64 * 2**20  # of them in memory
LONGEST_ID = 250  # characters of a source id; a longer one is its hash
TYPES = ("execution.completed", "planning.completed")
_NAMED = ("id", "source", "type")


class Received(Model):
    """The answer: how many are new or changed, how many were known, and which were not taken."""

    accepted: int = 0
    known: int = 0
    rejected: tuple[Rejection, ...] = ()


class _Arrived(NamedTuple):
    """One thing as it arrived: its id, and its bytes."""

    source_id: str
    raw: bytes


def receive_events(
    store: Store,
    blobs: Blobs,
    events: Sequence[Any],
    *,
    reader: ConfigReader,
    by: str,
    now: datetime,
) -> Received:
    """Keep up to 500 CloudEvents, each a map of its attributes and `data`.

    Good ones are kept though others are refused; to send them again changes nothing.

    Raises: InvalidInput over 500 and for none, InvalidBatch where every one is refused.
    """
    if not 1 <= len(events) <= MAX_EVENTS:
        raise InvalidInput(
            f"events wants 1 to {MAX_EVENTS}",
            field="events",
            mend=f"send 1 to {MAX_EVENTS} at once, the rest in others",
        )
    checked = [_check(event, index) for index, event in enumerate(events)]
    good = [one for one in checked if isinstance(one, _Arrived)]
    rejected = tuple(one for one in checked if isinstance(one, Rejection))
    if not good:
        raise _all_refused(rejected)
    taken = _receive(
        store, blobs, event_source.SOURCE, good, reader=reader, by=by, clock=lambda: now
    )
    return taken.model_copy(update={"rejected": rejected})


def receive_trajectories(
    store: Store,
    blobs: Blobs,
    lines: Iterable[bytes],
    *,
    reader: ConfigReader,
    by: str,
    clock: Clock,
    name: str = "",
) -> Received:
    """Keep trajectories, one a line; what a line holds is looked at when it is extracted.

    `name` is that of the file: with it and its task and trial a line can be mended later. Without,
    and for what says no task, a line is known by its bytes. A long file is collected while it is
    read, so each part of it is of the instant at which it is kept.

    Raises: InvalidInput, before any of it is kept, where no line is a trajectory.
    """
    accepted = known = 0
    rejected: list[Rejection] = []
    arrived = _checked(_trajectories(lines, name, rejected), name)
    for chunk in batches(arrived, lambda one: len(one.raw), count=CHUNK, size=CHUNK_BYTES):
        source = trajectory_source.SOURCE
        done = _receive(store, blobs, source, chunk, reader=reader, by=by, clock=clock)
        accepted, known = accepted + done.accepted, known + done.known
    return Received(accepted=accepted, known=known, rejected=tuple(rejected))


def _all_refused(rejected: Sequence[Rejection]) -> InvalidBatch:
    """Return the refusal of all events; of a single one it is that event's own."""
    first = rejected[0]
    told = f"{first.field}: {first.reason}"
    if len(rejected) == 1:
        return InvalidBatch(told, rejected=rejected, field=first.field, mend=f"mend {first.field}")
    told = f"all {len(rejected)} events were refused; the first: {told}"
    return InvalidBatch(told, rejected=rejected, field="events", mend="mend the fields named")


def _check(event: Any, index: int) -> _Arrived | Rejection:
    """Return an event as it is kept, or the attribute that keeps it from being one."""
    if not isinstance(event, Mapping):
        return Rejection(index=index, field=WHOLE, reason="an event is a JSON object")
    for field in _NAMED:
        told = event.get(field)
        if not isinstance(told, str) or not told or not _is_text(told):
            return Rejection(index=index, field=field, reason="a text is wanted, and not empty")
    if event["type"] not in TYPES:
        reason = f"not {' or '.join(TYPES)}"
        return Rejection(index=index, field="type", reason=reason)
    if event.get("specversion", "1.0") != "1.0":
        return Rejection(index=index, field="specversion", reason="only 1.0 is taken")
    raw = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
    if len(raw) > MAX_RAW:
        return Rejection(index=index, field=WHOLE, reason=_too_large(len(raw)))
    return _Arrived(_short(join_key(event["source"], event["id"])), raw)


def _trajectories(
    lines: Iterable[bytes], name: str, rejected: list[Rejection]
) -> Iterator[_Arrived]:
    """Yield the lines that hold something, each under its own id; those too long are refused."""
    seen: dict[str, str] = {}
    for index, line in enumerate(lines):
        raw = line.strip(b"\r\n\t ")
        if len(raw) > MAX_RAW:
            rejected.append(Rejection(index=index, field=WHOLE, reason=_too_large(len(raw))))
        elif raw:
            digest = hashlib.sha256(raw).hexdigest()
            own = _short(join_key(name, digest)) if name else digest
            source_id = _trial_id(raw, name) or own
            # Two lines of one file that say the same trial are two, not a mended one.
            yield _Arrived(source_id if seen.setdefault(source_id, own) == own else own, raw)


def _checked(arrived: Iterable[_Arrived], name: str) -> Iterator[_Arrived]:
    """Yield what arrived once one of it looks like a trajectory; all before that is held back.

    Raises: InvalidInput where none does, among the first 64 MiB.
    """
    held, size, rest = list[_Arrived](), 0, iter(arrived)
    for one in rest:
        held.append(one)
        size += len(one.raw)
        if _looks_right(one.raw):
            yield from held
            yield from rest
            return
        if size > CHUNK_BYTES:
            break
    if held:
        raise InvalidInput(
            f"{len(held)} lines of {name or 'it'}, and none is a trajectory: nothing of it is kept",
            field="file",
            mend="one JSON object a line, with task_id, trial, reward and traj (jq -c . writes it)",
        )


def _looks_right(raw: bytes) -> bool:
    """Say whether a line is an object that has a conversation, whatever else is wrong with it."""
    try:
        told = read_raw(raw)
    except Malformed:
        return False
    return isinstance(told, Mapping) and "traj" in told


def _trial_id(raw: bytes, name: str) -> str:
    """Return file, task and trial of a line that says them, else nothing."""
    try:
        told = read_raw(raw)
    except Malformed:
        return ""
    if not name or not isinstance(told, Mapping):
        return ""
    task, trial = told.get("task_id"), told.get("trial")
    named = all(isinstance(part, int | str) and _is_text(str(part)) for part in (task, trial))
    return _short(join_key(name, str(task), str(trial))) if named else ""


def _is_text(text: str) -> bool:
    """Say whether a text has no half characters: ids that differ in those alone would be one."""
    return text.encode(errors="replace").decode() == text


def _short(source_id: str) -> str:
    if len(source_id) <= LONGEST_ID:
        return source_id
    return f"sha256:{hashlib.sha256(source_id.encode()).hexdigest()}"


def _too_large(size: int) -> str:
    return f"{size} bytes, a trace has at most {MAX_RAW}"


def _receive(
    store: Store,
    blobs: Blobs,
    source: str,
    arrived: Sequence[_Arrived],
    *,
    reader: ConfigReader,
    by: str,
    clock: Clock,
) -> Received:
    """Keep bytes, and then what names them: who dies between leaves bytes that nothing names."""
    shards, retention = reader.read(Ingest).shards, reader.read(DatasetSettings).retention
    addresses = put_all(blobs, [one.raw for one in arrived])
    now = clock()
    new = [
        Trace(
            source=source,
            source_id=one.source_id,
            raw=raw,
            raw_bytes=len(one.raw),
            received_by=by,
            shard=shard_of(one.source_id, shards),
            changed_at=now,
            expire_at=now + retention,
        )
        for one, raw in zip(arrived, addresses, strict=True)
    ]
    chunks = (new[start : start + CHUNK] for start in range(0, len(new), CHUNK))
    accepted = sum(store.transact(partial(_keep, traces=c), self_checking=True) for c in chunks)
    return Received(accepted=accepted, known=len(new) - accepted)


def _keep(tx: Transaction, traces: Sequence[Trace]) -> int:
    """Write what is new or changed; returns how many."""
    refs = [Ref(Trace.collection, trace.key()) for trace in traces]
    before = {ref.id: _known(found) for ref, found in zip(refs, tx.fetch(refs), strict=True)}
    after: dict[str, Trace] = {}
    taken = 0
    for trace in traces:
        last = after.get(trace.key()) or before[trace.key()]
        if last is None or last.raw != trace.raw:
            taken += 1
            after[trace.key()] = trace if last is None else _revised(trace, last)
    for trace in after.values():
        tx.put(trace)
    return taken


def _known(found: Snapshot | None) -> Trace | None:
    """Return a trace as it was; one that was broken by hand is written anew."""
    try:
        return Trace.from_store(found.data) if found else None
    except InvalidInput:
        return None


def _revised(trace: Trace, before: Trace) -> Trace:
    """Return a trace that comes again with other bytes; it stays where readers look for it."""
    kept = {"revision": before.revision + 1, "shard": before.shard}
    later = {"changed_at": max(trace.changed_at, before.changed_at)}
    return trace.model_copy(update=kept | later)

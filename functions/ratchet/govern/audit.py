"""The audit chain: each entry holds the keyed hash of the one before, so history cannot be edited.

One stream for each policy id, `config` for configuration, `dataset:NAME` and `golden:NAME`. The
stream's head document keeps the last sequence and hash, and is written in the same transaction as
the entry.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import content_hash, sign
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.errors import ChainBroken, InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

CONFIG_STREAM = "config"
KIND = ":"  # in the name of a stream that is no policy's: `dataset:NAME`, `golden:NAME`
GENESIS = "0" * 64
# The actions whose entry says, in `to`, which version is active from then on.
DECIDING = ("activate", "rollback")


class AuditEntry(Document):
    """One change: who, what, from what to what, why, on what evidence."""

    collection: ClassVar[str] = "ops_audit"

    stream: str
    sequence: int
    ts: Instant
    actor: str
    actor_kind: str
    action: str
    id: str
    was: str = ""
    to: str = ""
    reason: str = ""
    override: bool = False
    evidence: dict[str, Any] = {}
    payload_hash: str
    prev_hash: str
    hash: str = ""

    def key(self) -> str:
        """Return stream and sequence."""
        return entry_key(self.stream, self.sequence)


class ChainHead(Document):
    """The end of a stream; the document that its writers contend on."""

    collection: ClassVar[str] = "ops_policy_heads"

    id: str
    audit_sequence: int = 0
    audit_hash: str = GENESIS
    updated_at: Instant | None = None

    def key(self) -> str:
        """Return the stream."""
        return self.id

    def after(self, entry: AuditEntry, **changes: Any) -> Self:
        """Return the head with one entry more, and whatever else changed."""
        end = {
            "audit_sequence": entry.sequence,
            "audit_hash": entry.hash,
            "updated_at": entry.ts,
        }
        return self.model_copy(update=end | changes)


def is_policy(stream: str) -> bool:
    """Say whether a stream is a policy's; the configuration's and a dataset's are not."""
    return stream != CONFIG_STREAM and KIND not in stream


class ConfigHead(ChainHead):
    """The head of the configuration's stream; `configs` are the hashes of what was audited."""

    id: str = CONFIG_STREAM
    configs: dict[str, str] = {}


def entry_key(stream: str, sequence: int) -> str:
    """Return the id of an entry; ids sort as sequences do."""
    return join_key(stream, f"{sequence:09d}")


def link(
    keys: Keys,
    head: ChainHead,
    actor: Actor,
    action: str,
    subject: str,
    *,
    now: datetime,
    payload: Any,
    was: str = "",
    to: str = "",
    reason: str = "",
    override: bool = False,
    evidence: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Return the entry that follows a head; `payload` is kept as its hash alone."""
    entry = AuditEntry(
        stream=head.id,
        sequence=head.audit_sequence + 1,
        ts=now,
        actor=actor.name,
        actor_kind=actor.kind,
        action=action,
        id=subject,
        was=was,
        to=to,
        reason=reason,
        override=override,
        evidence=dict(evidence or {}),
        payload_hash=content_hash(payload),
        prev_hash=head.audit_hash,
    )
    return entry.model_copy(update={"hash": entry_hash(keys, entry.to_map())})


def entry_hash(keys: Keys, stored: Mapping[str, Any]) -> str:
    """Return the keyed hash of a stored entry, over everything but the hash itself."""
    return sign(keys.audit, {k: v for k, v in stored.items() if k != "hash"})


class ChainReport(Model):
    """What a verification found: the first entry that is wrong, by name."""

    stream: str
    entries: int
    valid: bool
    entry: str = ""
    fault: str = ""
    text: str = ""


def check_chain(
    keys: Keys, stream: str, head: ChainHead, entries: Iterable[tuple[str, Mapping[str, Any]]]
) -> ChainReport:
    """Walk a stream in order of document id and name the first fault.

    Faults: `changed`, `removed`, `inserted` (a forged entry, or one past the head), `reordered`.
    """
    previous, count = GENESIS, 0
    for key, data in entries:
        expected = entry_key(stream, count + 1)
        fault = _fault(keys, key, data, expected, previous, head, count)
        if fault:
            name = expected if fault == "removed" else key
            return ChainReport(
                stream=stream,
                entries=count,
                valid=False,
                entry=name,
                fault=fault,
                text=f"{name} was {fault}",
            )
        previous, count = data["hash"], count + 1
    if (count, previous) != (head.audit_sequence, head.audit_hash):
        name = entry_key(stream, min(count + 1, head.audit_sequence))
        fault = "removed" if count < head.audit_sequence else "changed"
        text = f"{name} was {fault}: the head is at {head.audit_sequence}"
        return ChainReport(
            stream=stream, entries=count, valid=False, entry=name, fault=fault, text=text
        )
    return ChainReport(stream=stream, entries=count, valid=True, text=f"{count} entries verified")


def _fault(
    keys: Keys,
    key: str,
    data: Mapping[str, Any],
    expected: str,
    previous: str,
    head: ChainHead,
    count: int,
) -> str:
    try:
        own = data.get("hash") == entry_hash(keys, data)
    except InvalidInput:
        own = False
    named = entry_key(str(data.get("stream")), _whole(data.get("sequence")))
    if count >= head.audit_sequence:
        return "inserted"
    if own and named != key:
        return "reordered"  # a true entry that stands under another's id
    if key != expected:
        return "removed" if key > expected and named == key else "inserted"
    if not own:
        return "changed" if named == key else "inserted"
    return "" if data.get("prevHash") == previous else "changed"


def _whole(value: object) -> int:
    return value if isinstance(value, int) else -1


def _head(stream: str, found: Snapshot | None) -> ChainHead:
    if found is None:
        return ChainHead(id=stream)
    known = ("id", "auditSequence", "auditHash", "updatedAt")
    return ChainHead.parse({k: v for k, v in found.data.items() if k in known})


def audit_streams(store: Store) -> list[str]:
    """Return the names of every stream."""
    return [found.ref.id for found in store.stream(Query(ChainHead.collection))]


def audit_log(store: Store, stream: str) -> Iterator[AuditEntry]:
    """Yield a stream's entries, oldest first."""
    query = Query(AuditEntry.collection, (Filter("stream", "==", stream),), ("sequence",))
    return (AuditEntry.from_store(found.data) for found in store.stream(query))


def verify_audit(store: Store, keys: Keys, stream: str) -> ChainReport:
    """Verify one stream from its first entry to its head; entries may be added meanwhile.

    What the head says is active must be what the chain decided last. A fault counts when it is
    found twice at one head, since an entry may show a moment before the head that it came with.
    """
    seen: tuple[ChainHead, ChainReport] | None = None
    while True:
        found = store.get(Ref(ChainHead.collection, stream))
        try:
            head = _head(stream, found)
        except InvalidInput as error:
            return _bad_head(stream, 0, f"does not parse: {error.message}")
        decided = ""

        def entries() -> Iterator[tuple[str, Mapping[str, Any]]]:
            nonlocal decided
            for key, data in _raw_entries(store, stream):
                decided = str(data.get("to", "")) if data.get("action") in DECIDING else decided
                yield key, data

        report = check_chain(keys, stream, head, entries())
        active = str(found.data.get("active") or "") if found else ""
        if report.valid and active != decided:
            told = f"says {active or 'nothing'} is active, the chain says {decided or 'nothing'}"
            return _bad_head(stream, report.entries, told)
        if report.valid or seen == (head, report):
            return report
        seen = (head, report)


def _bad_head(stream: str, entries: int, told: str) -> ChainReport:
    name = f"{ChainHead.collection}/{stream}"
    return ChainReport(
        stream=stream,
        entries=entries,
        valid=False,
        entry=name,
        fault="changed",
        text=f"{name} {told}",
    )


def _raw_entries(store: Store, stream: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (id, map) of everything under a stream's ids, whatever its fields claim."""
    prefix = join_key(stream, "")
    for found in store.stream(Query(AuditEntry.collection, start_after=(prefix,))):
        if not found.ref.id.startswith(prefix):
            return
        yield found.ref.id, found.data


def require_valid(report: ChainReport) -> None:
    """Stop at a broken chain.

    Raises: ChainBroken.
    """
    if not report.valid:
        raise ChainBroken(
            f"the audit chain of {report.stream} is broken: {report.text}",
            field=report.entry,
            mend="compare with a backup, and find who could write",
        )

"""Write a golden set: once, with its head and audit entry."""

from collections.abc import Callable, Sequence
from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import AlreadyExists, InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed, sealed
from ratchet.rollouts.golden.golden_set import (
    GOLDEN_SETS,
    GoldenEntry,
    GoldenHead,
    GoldenSet,
    GoldenTerms,
    golden_stream,
)
from ratchet.rollouts.golden.names import MAX_EXAMPLES, MIN_EXAMPLES
from ratchet.rollouts.golden.read import RESTORE
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def create_golden(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    actor: Actor,
    name: str,
    entries: Sequence[GoldenEntry],
    terms: GoldenTerms,
    *,
    source: str,
    dedupe: str,
    reason: str,
    now: datetime,
    also: Callable[[Transaction], object] = lambda tx: None,
) -> GoldenSet:
    """Freeze examples under a name, for good; the very same again returns what is there.

    `also` is done in the same transaction, where the set is new: it reads, and then writes.

    Raises: Forbidden, InvalidInput; AlreadyExists where the name has other examples or terms.
    """
    require_person(actor, "freezing a golden set")
    require_reason(actor, reason, "freezing a golden set")
    ordered = _ordered(entries)
    golden = GoldenSet.parse(
        {
            "name": name,
            "terms": terms.to_map(),
            "entries": blobs.put(b"".join(canonical(e.to_map()) + b"\n" for e in ordered)),
            "examples": len(ordered),
            "source": source,
            "dedupe": dedupe,
            "reason": reason,
            "created_at": now,
            "created_by": actor.name,
        }
    )

    def body(tx: Transaction) -> GoldenSet:
        return _freeze(tx, keys, actor, sealed(keys, golden), also)

    return store.transact(body)


def _freeze(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    golden: GoldenSet,
    also: Callable[[Transaction], object],
) -> GoldenSet:
    stream = golden_stream(golden.name)
    (found,) = tx.fetch([Ref(GOLDEN_SETS, golden.name)])
    head = tx.find(GoldenHead, stream) or GoldenHead(id=stream)
    if found is not None:
        there = load_sealed(keys, GoldenSet, golden.name, found.data, mend=RESTORE)
        return _same(there, golden)
    require_chain(tx, head)
    also(tx)
    entry = link(
        keys,
        head,
        actor,
        "freeze",
        golden.name,
        now=golden.created_at,
        payload=golden.to_map(),
        to=golden.entries,
        reason=golden.reason,
        evidence={"examples": golden.examples, "terms": golden.terms.to_map()},
    )
    tx.put(golden)
    tx.put(head.after(entry))
    tx.put(entry)
    return golden


def _same(there: GoldenSet, golden: GoldenSet) -> GoldenSet:
    if (there.entries, there.terms) != (golden.entries, golden.terms):
        raise AlreadyExists(
            f"golden set {there.name} is frozen, with other examples or terms",
            field="name",
            mend="freeze this one under another name",
        )
    return there


def _ordered(entries: Sequence[GoldenEntry]) -> list[GoldenEntry]:
    """Return examples in order of id, each named once and each other than the rest."""
    if not MIN_EXAMPLES <= len(entries) <= MAX_EXAMPLES:
        raise InvalidInput(
            f"a golden set has {MIN_EXAMPLES} to {MAX_EXAMPLES} examples, not {len(entries)}",
            field="examples",
            mend="a few hundred tell a loss of some points",
        )
    for field in ("id", "normal"):
        seen: dict[str, str] = {}
        for entry in entries:
            value = getattr(entry, field)
            if value in seen:
                raise InvalidInput(
                    f"examples {seen[value]} and {entry.id} are the same",
                    field=f"examples.{field}",
                    mend="leave one of them out: it would count twice",
                )
            seen[value] = entry.id
    return sorted(entries, key=lambda entry: entry.id)

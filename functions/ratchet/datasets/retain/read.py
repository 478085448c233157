"""Read what is retained: list it, verify it, and give back the rows as they were stored."""

from collections.abc import Iterator

from ratchet.datasets.retain.columns import KINDS, Kind
from ratchet.datasets.retain.parquet import Written, check_rows, read_rows
from ratchet.datasets.retain.retained import RETAINED, Retained, Slot, day_named
from ratchet.datasets.retain.rows import Row, stored_of
from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput, NotFound, NotWhole, RatchetError
from ratchet.observe.settings import shards_ever
from ratchet.store.blobs import Blobs
from ratchet.store.named import naming
from ratchet.store.port import Query, Store

_load = naming(lambda stored: Retained.from_store(stored.data))


class Checked(Model):
    """One retained slot held against its hash: well, or what is wrong with it."""

    slot: str
    rows: int
    ok: bool
    problem: str = ""
    mend: str = ""


def list_retained(
    store: Store, kind: Kind | None = None, *, tell: Tell | None = None
) -> Iterator[Retained]:
    """Yield what is retained, of one kind or of both, in order of kind, day and shard.

    Raises: InvalidInput for a broken record, where nobody is told.
    """
    for held in each(store.stream(Query(RETAINED)), _load, tell):
        if kind in (None, held.kind):
            yield held


def verify_retained(
    store: Store, blobs: Blobs, kind: Kind | None = None, *, tell: Tell | None = None
) -> Iterator[Checked]:
    """Read every retained file and hold its rows against the hash of those that were written.

    Raises: Unavailable; InvalidInput for a broken record, where nobody is told.
    """
    for held in list_retained(store, kind, tell=tell):
        try:
            check_rows(blobs, Written(held.parts, held.rows, held.hash))
        except (NotFound, NotWhole) as error:
            told: RatchetError = error
            yield Checked(
                slot=held.key(), rows=held.rows, ok=False, problem=told.message, mend=told.mend
            )
        else:
            yield Checked(slot=held.key(), rows=held.rows, ok=True)


def read_retained(store: Store, blobs: Blobs, kind: str, day: str) -> Iterator[Row]:
    """Yield the rows of a day, shard by shard: fields as they were stored, absent where unknown.

    Raises: InvalidInput, NotFound where nothing of the day is retained, NotWhole, Unavailable.
    """
    at, wanted = day_named(day), _kind(kind)
    slots = [Slot(at, wanted, shard) for shard in range(shards_ever(store))]
    found = [stored for stored in store.get_many([slot.ref() for slot in slots]) if stored]
    if not found:
        raise NotFound(
            f"no {kind} of {day} are retained", field="day", mend="see `ratchet retain list`"
        )
    for held in map(_load, found):
        yield from map(stored_of, read_rows(blobs, held.parts))


def _kind(named: str) -> Kind:
    for kind in KINDS:
        if kind == named:
            return kind
    raise InvalidInput(
        f"{named!r} is nothing that is retained", field="kind", mend=f"one of {', '.join(KINDS)}"
    )

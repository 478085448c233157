"""Dead letters: the traces that became no example, listed, and tried again once they are mended."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.gather.gatherer import Look
from ratchet.datasets.collecting.keep import Kept, keep
from ratchet.datasets.collecting.taking import Work, take
from ratchet.datasets.collecting.trace import DeadTrace
from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.kernel.registry import pick
from ratchet.observe.settings import Ingest
from ratchet.store.blobs import Blobs
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

CHUNK = 100  # letters that are tried together


class ReplayReport(Model):
    """What became of dead letters: how many were tried, are examples now, are dead still, by code.

    `gone` are those whose trace is no longer kept.
    """

    tried: int = 0
    collected: int = 0
    dead: dict[str, int] = {}
    gone: int = 0


def list_dead(
    store: Store, source: str | None = None, limit: int = 100, *, tell: Tell | None = None
) -> list[DeadTrace]:
    """Return the dead letters of a source, or of all, the latest first, at most so many.

    One that cannot be read is told, and left out. Raises: InvalidInput for a source that is not
    known, and where nobody is told.
    """
    found = [letter for name in _sources(source) for letter in _of(store, name, limit, tell)]
    return sorted(found, key=lambda letter: letter.last_at, reverse=True)[:limit]


def replay_dead(
    store: Store,
    blobs: Blobs,
    reader: ConfigReader,
    *,
    now: datetime,
    source: str | None = None,
    ids: Sequence[str] = (),
) -> ReplayReport:
    """Extract dead letters again: those of some keys, of a source, or all.

    What goes well becomes an example, and its letter is gone; the others count one attempt more.

    Raises: NotFound for a key without a letter, InvalidInput for a source that is not known.
    """
    settings, shards = reader.read(DatasetSettings), reader.read(Ingest).shards
    work = Work(store, blobs, settings, shards, now, replaying=True)
    letters = iter(_named(store, ids) if ids else _all(store, _sources(source)))
    report = ReplayReport()
    while chunk := list(islice(letters, CHUNK)):
        kept = _replayed(work, chunk)
        report = ReplayReport(
            tried=report.tried + len(chunk),
            collected=report.collected + kept.collected + kept.known,
            dead=(Kept(dead=report.dead) + kept).dead,
            gone=report.gone + len(chunk) - kept.read,
        )
    return report


def _replayed(work: Work, letters: Sequence[DeadTrace]) -> Kept:
    look = Look(work.store, work.blobs)
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for letter in letters:
        by_source[letter.source].append(letter.source_id)
    total = Kept()
    for source, source_ids in by_source.items():
        for taken in take(work, GATHERERS[source].again(look, source_ids)):
            total += keep(work, taken)
    return total


def _sources(source: str | None) -> list[str]:
    if source is None:
        return list(GATHERERS)
    pick(GATHERERS, source, field="source")
    return [source]


def _of(
    store: Store, source: str, limit: int | None = None, tell: Tell | None = None
) -> list[DeadTrace]:
    query = Query(DeadTrace.collection, (Filter("source", "==", source),), ("-lastAt",), limit)
    return list(each(store.stream(query), _load, tell))


def _all(store: Store, sources: Sequence[str]) -> list[DeadTrace]:
    """Return all letters before any is tried: a try moves it in the order that they are read in."""
    return [letter for source in sources for letter in _of(store, source, tell=_told_by_list)]


def _named(store: Store, ids: Sequence[str]) -> list[DeadTrace]:
    keys = list(dict.fromkeys(ids))
    found = store.get_many([Ref(DeadTrace.collection, key) for key in keys])
    for key, stored in zip(keys, found, strict=True):
        if stored is None:
            raise NotFound(
                f"there is no dead letter {key}", field="id", mend="ratchet dataset dead"
            )
    return [_load(stored) for stored in found if stored is not None]


def _load(stored: Snapshot) -> DeadTrace:
    return naming(lambda found: DeadTrace.from_store(found.data))(stored)


def _told_by_list(error: Exception) -> None:
    """Leave it out: who lists the letters is told of it."""

"""Mend the roster of open studies: one document, on which all that plan a study depend."""

from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, RatchetError, UnknownSchema
from ratchet.runs.studies.study import OPEN, ROSTER, STUDIES, OpenStudy, Roster, study_ref
from ratchet.store.port import Filter, Query, Snapshot, Store
from ratchet.store.transact import Transaction


def mend_roster(store: Store) -> None:
    """Take studies that are gone out of the roster; make it anew where it cannot be read.

    Otherwise one that was deleted by hand would be open for ever, and keep its kind from starting.

    Raises: UnknownSchema.
    """

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([ROSTER])
        if found is None:
            return
        known = _known(found)
        if known is None:
            tx.put(Roster(studies=_open(tx)))
            return
        there = tx.fetch([study_ref(study.id) for study in known.studies])
        pairs = zip(known.studies, there, strict=True)
        kept = tuple(study for study, stored in pairs if stored is not None)
        if kept != known.studies:
            tx.put(known.model_copy(update={"studies": kept}))

    store.transact(body, self_checking=True)


def _known(found: Snapshot) -> Roster | None:
    try:
        return Roster.from_store(found.data)
    except UnknownSchema:
        raise
    except InvalidInput:
        return None


def _open(tx: Transaction) -> tuple[OpenStudy, ...]:
    """Return the open studies as the roster has them; one that is broken keeps none from it."""
    queries = [Query(STUDIES, (Filter("state", "==", s),), ("-createdAt",)) for s in OPEN]
    stored = [found for query in queries for found in tx.query(query)]
    unread: list[RatchetError] = []
    return tuple(each(stored, _entry, unread.append))


def _entry(stored: Snapshot) -> OpenStudy:
    return OpenStudy.parse({name: stored.data.get(name) for name in OpenStudy.model_fields})

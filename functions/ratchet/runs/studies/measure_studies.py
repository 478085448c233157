"""Measure studies: the loss on runs of the version that one produced, beside that of its base."""

from collections import defaultdict
from datetime import datetime

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.each import Tell, each
from ratchet.runs.beside import beside
from ratchet.runs.studies.list_studies import load_study
from ratchet.runs.studies.study import STUDIES, LossDifference, Study, study_ref
from ratchet.stats.moments import Moments
from ratchet.stats.run_sums import RunBucket
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction

WATCHED = 30 * DAY  # after its end, a study's version is compared with its base


def measure_studies(store: Store, *, now: datetime, tell: Tell | None = None) -> tuple[str, ...]:
    """Write the loss difference of each study that succeeded in the last 30 days, where it moved.

    Returns the ids of those whose difference is another now. Runs count from 30 days before the
    study ended until today.

    Raises: InvalidInput of a document that cannot be read, where nobody is told.
    """
    where = (Filter("state", "==", "succeeded"), Filter("endedAt", ">=", now - WATCHED))
    stored = store.stream(Query(STUDIES, where, ("endedAt",)))
    studies = list(each(stored, load_study, tell))
    return tuple(study.id for study in studies if _measure(store, study, now, tell))


def _measure(store: Store, study: Study, now: datetime, tell: Tell | None) -> bool:
    """Write a study's difference, if it is another than is written."""
    if study.version is None or study.base is None or study.ended_at is None:
        return False
    since = day_of(study.ended_at - WATCHED)
    days, reference = (
        _days(store, study, version, since, tell) for version in (study.version, study.base)
    )
    compared = beside(days, reference)
    if compared is None:
        return False
    found = LossDifference(**compared._asdict(), difference=compared.difference, as_of=now)
    if _same(found, study.loss_difference):
        return False

    def body(tx: Transaction) -> None:
        present = tx.get(Study, study_ref(study.id).id)
        tx.put(present.model_copy(update={"loss_difference": found}))

    store.transact(body, self_checking=True)
    return True


def _same(found: LossDifference, known: LossDifference | None) -> bool:
    return known is not None and found.model_copy(update={"as_of": known.as_of}) == known


def _days(
    store: Store, study: Study, version: str, since: datetime, tell: Tell | None
) -> dict[datetime, Moments]:
    """Return the loss of a version's runs by day: of the study's component, or of all.

    A study whose component is its policy is of all that the policy serves.
    """
    where = (Filter("version", "==", version), Filter("day", ">=", since))
    stored = store.stream(Query(RunBucket.collection, where, ("day",)))
    days: dict[datetime, Moments] = defaultdict(Moments)
    for bucket in each(stored, lambda found: RunBucket.from_store(found.data), tell):
        if study.component in (bucket.component, study.policy):
            days[bucket.day] += bucket.sums.loss
    return days

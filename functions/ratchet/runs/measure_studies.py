"""Measure studies: the loss on runs of the version that one produced, beside that of its base."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.each import Tell, each
from ratchet.runs.list_studies import load_study
from ratchet.runs.progress import difference_interval
from ratchet.runs.study import STUDIES, LossDifference, Study, study_ref
from ratchet.stats.moments import SCALES, Moments, sum_moments
from ratchet.stats.run_sums import RunBucket
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction

WATCHED = 30 * DAY  # after its end, a study's version is compared with its base
_SCALE = SCALES["loss"]


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


def loss_difference(
    days: Sequence[Moments], reference: Sequence[Moments], now: datetime
) -> LossDifference | None:
    """Return how the loss of some runs differs from that of others; None without runs of both.

    Shapes: one item a day. Units: loss, 0..1.
    """
    new, old = sum_moments(days), sum_moments(reference)
    mean, base = new.mean(_SCALE), old.mean(_SCALE)
    if mean is None or base is None:
        return None
    return LossDifference(
        mean=mean,
        reference=base,
        difference=mean - base,
        interval=difference_interval(days, reference, _SCALE),
        runs=new.n,
        reference_runs=old.n,
        as_of=now,
    )


def _measure(store: Store, study: Study, now: datetime, tell: Tell | None) -> bool:
    """Write a study's difference, if it is another than is written."""
    if study.version is None or study.base is None or study.ended_at is None:
        return False
    since = day_of(study.ended_at - WATCHED)
    days, reference = (
        _days(store, study, version, since, tell) for version in (study.version, study.base)
    )
    found = loss_difference(days, reference, now)
    if found is None or _same(found, study.loss_difference):
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
) -> list[Moments]:
    """Return the loss of a version's runs by day: of the study's component, or of all.

    A study whose component is its policy is of all that the policy serves.
    """
    where = (Filter("version", "==", version), Filter("day", ">=", since))
    stored = store.stream(Query(RunBucket.collection, where, ("day",)))
    days: dict[datetime, Moments] = defaultdict(Moments)
    for bucket in each(stored, lambda found: RunBucket.from_store(found.data), tell):
        if study.component in (bucket.component, study.policy):
            days[bucket.day] += bucket.sums.loss
    return list(days.values())

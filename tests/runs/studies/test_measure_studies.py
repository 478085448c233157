"""Measuring studies: the loss of what one produced, beside that of what it came from."""

from datetime import datetime

import pytest

from ratchet.kernel.clock import day_of
from ratchet.runs.studies.measure_studies import measure_studies
from ratchet.runs.studies.study import LossDifference, Result, Study, study_ref
from ratchet.stats.moments import Moments
from ratchet.stats.run_sums import RunBucket, RunSums
from ratchet.store.port import Store
from tests.support.governed import NOON, POLICY
from tests.support.studying import COMPONENT, DAY, told

BASE, MADE = f"{POLICY}@1.0.0", f"{POLICY}@1.0.1"


def moments(*losses: float) -> Moments:
    """Return the moments of some losses, one run each."""
    units = [round(loss * 10**6) for loss in losses]
    n, wx, wxx = len(units), sum(units), sum(u * u for u in units)
    return Moments(n=n, w=n, wx=wx, wxx=wxx, w2=n, w2x=wx, w2xx=wxx)


def ran(
    store: Store, version: str, day: datetime, *losses: float, component: str = COMPONENT
) -> None:
    """Store the bucket of a day's runs."""
    bucket = RunBucket(
        component=component,
        version=version,
        day=day_of(day),
        shard=0,
        sums=RunSums(runs=len(losses), loss=moments(*losses)),
        updated_at=day,
        expire_at=day + 90 * DAY,
    )
    store.transact(lambda tx: tx.put(bucket))


def succeeded(store: Store, name: str = "s1", component: str = COMPONENT) -> None:
    """Store a study that has produced a version."""
    study = Study(
        id=name,
        type="prompt_synthesis",
        component=component,
        policy=POLICY,
        base=BASE,
        hypothesis="fewer contradictions",
        started_by="person",
        actor="ada",
        created_at=NOON,
        updated_at=NOON,
    ).ended(Result(state="succeeded", version=MADE), NOON)
    store.transact(lambda tx: tx.put(study))


def measured(store: Store, name: str = "s1") -> LossDifference | None:
    found = store.get(study_ref(name))
    assert found is not None
    return Study.from_store(found.data).loss_difference


def test_the_difference_is_that_of_the_means_with_its_interval(store: Store) -> None:
    succeeded(store)
    for i in range(4):
        ran(store, BASE, NOON - i * DAY, 0.25, 0.35)
        ran(store, MADE, NOON + (i + 1) * DAY, 0.21, 0.23)
    now = NOON + 5 * DAY
    assert measure_studies(store, now=now) == ("s1",)
    found = measured(store)
    assert found is not None
    assert (found.as_of, found.same_days) == (now, 0)
    assert (found.mean, found.reference) == pytest.approx((0.22, 0.30))
    assert found.difference == pytest.approx(-0.08)
    assert (found.runs, found.reference_runs) == (8, 8)
    # errors 0.01 and 0.05 x sqrt(8/7) / sqrt(8) each, Welch's freedom 7.56: t = 2.33
    assert found.interval is not None
    assert found.interval.low == pytest.approx(-0.08 - 2.33 * 0.01927, abs=5e-4)
    assert told(store) == []


def test_days_before_the_version_do_not_count_where_both_ran_after_it(embedded: Store) -> None:
    succeeded(embedded)
    for i in range(20):
        ran(embedded, BASE, NOON - i * DAY, 0.5, 0.7)
    for i in range(1, 4):
        ran(embedded, BASE, NOON + i * DAY, 0.25, 0.35)
        ran(embedded, MADE, NOON + i * DAY, 0.25, 0.33)
    measure_studies(embedded, now=NOON + 4 * DAY)
    found = measured(embedded)
    assert found is not None
    assert (found.reference, found.difference) == pytest.approx((0.3, -0.01))
    assert (found.runs, found.reference_runs, found.same_days) == (6, 6, 3)


def test_it_is_written_again_only_where_runs_came(embedded: Store) -> None:
    succeeded(embedded)
    ran(embedded, BASE, NOON, 0.3)
    assert measure_studies(embedded, now=NOON + DAY) == ()
    assert measured(embedded) is None
    ran(embedded, MADE, NOON + DAY, 0.2)
    assert measure_studies(embedded, now=NOON + DAY) == ("s1",)
    assert measure_studies(embedded, now=NOON + 2 * DAY) == ()
    ran(embedded, MADE, NOON + 2 * DAY, 0.2)
    assert measure_studies(embedded, now=NOON + 2 * DAY) == ("s1",)


def test_runs_of_others_count_only_where_the_policy_as_a_whole_was_studied(
    embedded: Store,
) -> None:
    succeeded(embedded)
    succeeded(embedded, "tuned", component=POLICY)
    for version, loss in ((BASE, 0.3), (MADE, 0.2)):
        ran(embedded, version, NOON, loss)
        ran(embedded, version, NOON, 3 * loss, component="critic")
    measure_studies(embedded, now=NOON)
    own, whole = measured(embedded, "s1"), measured(embedded, "tuned")
    assert own is not None
    assert whole is not None
    assert (own.mean, own.reference, own.runs) == (0.2, 0.3, 1)
    # 0.2 and 0.6, against 0.3 and 0.9
    assert (whole.mean, whole.reference, whole.runs) == pytest.approx((0.4, 0.6, 2))


def test_30_days_after_its_end_it_is_left_as_it_is(embedded: Store) -> None:
    succeeded(embedded)
    for version in (BASE, MADE):
        ran(embedded, version, NOON + 29 * DAY, 0.2)
    assert measure_studies(embedded, now=NOON + 31 * DAY) == ()
    assert measure_studies(embedded, now=NOON + 30 * DAY) == ("s1",)


def test_one_that_cannot_be_read_keeps_no_other_from_being_measured(embedded: Store) -> None:
    succeeded(embedded, "a")
    found = embedded.get(study_ref("a"))
    assert found is not None
    embedded.set(study_ref("a"), found.data | {"type": "guessing"})
    succeeded(embedded, "b")
    for version in (BASE, MADE):
        ran(embedded, version, NOON, 0.2)
    errors: list[Exception] = []
    assert measure_studies(embedded, now=NOON, tell=errors.append) == ("b",)
    assert "ops_studies/a does not parse" in str(errors[0])

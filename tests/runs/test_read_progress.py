"""Progress of a component, and of one version: from the trend, and from the version's buckets."""

import pytest

from ratchet.runs.read_progress import read_progress
from ratchet.store.port import Store
from tests.support.run_days import COMPONENT, NOON, put_bucket, refresh, runs


def fill(store: Store) -> None:
    """Thirty days at 0.4, thirty at 0.3; the second half under a second version as well."""
    for back in range(60):
        put_bucket(store, runs(0.3 if back < 30 else 0.4), back=back)
        if back < 30:
            put_bucket(store, runs(0.1, terms={"grounding": [0.2]}), back=back, version="p@1.0.1")
    refresh(store)


def test_progress_is_over_all_versions_or_of_one(embedded: Store) -> None:
    fill(embedded)
    whole = read_progress(embedded, COMPONENT, now=NOON, days=5)
    assert [day.runs for day in whole.days] == [2] * 5
    assert [day.loss for day in whole.days] == pytest.approx([0.2] * 5)
    assert whole.month["loss"].change == pytest.approx(-0.2)
    one = read_progress(embedded, COMPONENT, version="p@1.0.1", now=NOON, days=40)
    assert [day.means for day in one.days] == [pytest.approx({"loss": 0.1, "grounding": 0.2})] * 30
    assert (one.version, one.week["loss"].runs_before) == ("p@1.0.1", 7)
    older = read_progress(embedded, COMPONENT, version="p@1.0.0", now=NOON, days=1)
    assert older.month["loss"].change == pytest.approx(-0.1)


def test_a_component_without_runs_has_no_progress(embedded: Store) -> None:
    found = read_progress(embedded, "nobody", now=NOON)
    assert (found.days, found.week, found.month) == ((), {}, {})

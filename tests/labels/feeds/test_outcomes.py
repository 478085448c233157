"""The feed of outcomes: observations that came with a quality, one in so many."""

from typing import Any

import pytest

from ratchet.labels.settings import LabelSettings
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import labels_in, loaded, said_in
from tests.support.observing import configure, observation, worker


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quality": 0.875}, ("good", 0.875, 75.0)),
        ({"quality": 0.0}, ("bad", 0.0, 100.0)),
        ({"quality": 0.9, "outcome": "failure"}, ("bad", 0.0, 50.0)),
        ({"quality": 0.9, "outcome": "timeout"}, ("bad", 0.0, 50.0)),
    ],
)
def test_the_quality_of_a_success_is_its_grade_and_a_failure_is_bad(
    embedded: SqliteStore, fields: dict[str, Any], expected: tuple[str, float, float]
) -> None:
    at = worker(embedded)
    at.record({"id": "o1"} | observation(**fields))
    loaded(at)
    assert said_in(embedded) == {"outcomes~o1": ("router", "o1", *expected)}
    (found,) = labels_in(embedded).values()
    assert (found.labeller, found.features_ref) == ("router", "ops_observations/o1")


def test_one_in_so_many_is_drawn_and_always_the_same(embedded: SqliteStore) -> None:
    configure(embedded, LabelSettings(sample_outcomes=10))
    at = worker(embedded)
    at.batch("b1", [observation(quality=0.5) for _ in range(500)])
    loaded(at)
    drawn = set(labels_in(embedded))
    assert 30 <= len(drawn) <= 70  # 50 +- 3 standard deviations of a fair draw
    configure(embedded, LabelSettings(sample_outcomes=1))
    assert loaded(at).labels == 500 - len(drawn)

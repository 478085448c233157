"""Trivial: under ten seconds, where it is known."""

import pytest

from ratchet.datasets.filter.trivial import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import SAID, an_example


@pytest.mark.parametrize(
    ("took", "bound", "failed"),
    [
        (10_000.0, 10, False),
        (9_999.9, 10, True),
        (0.0, 10, True),
        (None, 10, False),
        (0.0, 0, False),
    ],
)
def test_the_bound_is_kept_and_an_unknown_duration_is_not_short(
    took: float | None, bound: float, failed: bool
) -> None:
    example = an_example(facts={"outcome": "success", "durationMs": took})
    assert fails(example, SAID, DatasetSettings(min_seconds=bound)) is failed

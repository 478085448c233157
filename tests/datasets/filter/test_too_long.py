"""Too long: over ten minutes, where it is known."""

import pytest

from ratchet.datasets.filter.too_long import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import SAID, an_example


@pytest.mark.parametrize(("took", "failed"), [(600_000.0, False), (600_000.1, True), (None, False)])
def test_the_bound_is_kept_and_an_unknown_duration_is_not_long(
    took: float | None, failed: bool
) -> None:
    example = an_example(facts={"outcome": "success", "durationMs": took})
    assert fails(example, SAID, DatasetSettings()) is failed

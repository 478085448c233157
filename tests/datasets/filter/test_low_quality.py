"""Low quality: the bound itself is kept, and the unknown is not."""

import pytest

from ratchet.datasets.filter.low_quality import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import SAID, an_example


@pytest.mark.parametrize(
    ("quality", "bound", "failed"),
    [(75.0, 75, False), (74.999, 75, True), (None, 75, True), (74.0, 60, False), (None, 0, True)],
)
def test_quality_is_known_and_at_least_the_bound(
    quality: float | None, bound: float, failed: bool
) -> None:
    example = an_example(quality=quality)
    assert fails(example, SAID, DatasetSettings(min_quality=bound)) is failed

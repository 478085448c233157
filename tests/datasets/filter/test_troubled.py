"""Troubled: one error or one retry is enough."""

import pytest

from ratchet.datasets.filter.troubled import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import SAID, an_example


@pytest.mark.parametrize(
    ("errors", "retries", "failed"), [(0, 0, False), (1, 0, True), (0, 1, True)]
)
def test_neither_errors_nor_retries_are_learned(errors: int, retries: int, failed: bool) -> None:
    example = an_example(facts={"outcome": "success", "errors": errors, "retries": retries})
    assert fails(example, SAID, DatasetSettings()) is failed

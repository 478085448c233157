"""Not successful: only what is known to have gone well passes."""

import pytest

from ratchet.datasets.filter.not_successful import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import SAID, an_example


@pytest.mark.parametrize(
    ("outcome", "vouched", "failed"),
    [
        ("success", [], False),
        ("failure", ["person"], True),
        ("timeout", ["check"], True),
        (None, [], True),
        (None, ["judge:j", "check"], True),
        (None, ["person"], False),
    ],
)
def test_an_outcome_is_wanted_unless_a_person_vouches(
    outcome: str | None, vouched: list[str], failed: bool
) -> None:
    example = an_example(facts={"outcome": outcome}, lineage={"vouched": vouched})
    assert fails(example, SAID, DatasetSettings()) is failed

"""Every reason of the collector is registered under its file's name, and looks at one thing."""

import pytest

from ratchet.datasets import filter as filters
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.settings import DatasetSettings
from tests.contracts.test_registries import modules
from tests.support.curated import SAID, an_example


def test_every_file_with_a_rule_is_registered_under_its_name() -> None:
    found = {
        name.replace("_", "-"): module.fails
        for name, module in modules(filters).items()
        if hasattr(module, "fails")
    }
    assert dict(FILTERS) == found
    # The order of the collector's rule, in which the first reason counts.
    assert list(FILTERS) == [
        "not-successful",
        "no-output",
        "low-quality",
        "trivial",
        "too-long",
        "troubled",
    ]


@pytest.mark.parametrize("reason", FILTERS)
def test_what_went_well_fails_for_no_reason(reason: str) -> None:
    assert FILTERS[reason](an_example(), SAID, DatasetSettings()) is False

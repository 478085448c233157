"""No output: space is no answer."""

import pytest

from ratchet.datasets.example import Content
from ratchet.datasets.filter.no_output import fails
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import an_example


@pytest.mark.parametrize(("output", "failed"), [("", True), (" \t\n\u2003", True), ("0", False)])
def test_an_answer_has_a_sign_that_is_no_space(output: str, failed: bool) -> None:
    assert fails(an_example(), Content(input="?", output=output), DatasetSettings()) is failed

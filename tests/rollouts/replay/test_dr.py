"""DR: the model, corrected by its weighted errors."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.replay import dr
from tests.support.replays import FOUR, value


def test_dr_adds_the_mean_of_the_weighted_errors_to_the_direct_method() -> None:
    assert value(dr.terms) == pytest.approx(0.5 + (0.25 - 1 + 0.25 + 3) / 4)


def test_dr_of_a_model_that_knows_nothing_is_ips() -> None:
    blank = replace(FOUR, fitted=np.zeros(4), expected=np.zeros(4))
    assert value(dr.terms, blank) == pytest.approx(5.5 / 4)

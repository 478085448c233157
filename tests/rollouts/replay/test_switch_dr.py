"""Switch-DR: corrected where the weight is small, the model alone where it is not."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ratchet.rollouts.replay import switch_dr
from tests.support.replays import FOUR, value


@pytest.mark.parametrize(
    ("switch", "corrections"),
    [
        (0.0, 0.0),
        (0.5, 0.25),  # a weight at the limit is corrected
        (3.0, 0.25 - 1 + 0.25),
        (np.inf, 0.25 - 1 + 0.25 + 3),
    ],
)
def test_rows_above_the_switch_are_left_to_the_model(switch: float, corrections: float) -> None:
    found = value(partial(switch_dr.terms, switch=switch))
    assert found == pytest.approx(0.5 + corrections / 4)


def test_the_switch_is_at_ten_unless_said() -> None:
    heavy = replace(FOUR, propensity=np.array([0.5, 0.25, 0.05, 0.049]))
    # Weights 0.5, 2, 10, 10.2: the last row's error is left out.
    assert value(switch_dr.terms, heavy) == pytest.approx(0.5 + (0.25 - 1 + 10 * 0.25) / 4)

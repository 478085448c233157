"""DM: what the model expects, whatever was logged."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.replay import dm
from tests.support.replays import FOUR, value


def test_dm_is_the_mean_of_what_the_model_expects() -> None:
    assert value(dm.terms) == pytest.approx((0.6 + 0.4 + 0.5 + 0.5) / 4)


def test_dm_does_not_ask_what_happened() -> None:
    assert value(dm.terms, replace(FOUR, reward=np.zeros(4))) == value(dm.terms)

"""SNDR: the correction of DR under weights of mean 1."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.replay import sndr
from tests.support.replays import FOUR, value


def test_sndr_divides_the_correction_by_the_weights() -> None:
    assert value(sndr.terms) == pytest.approx(0.5 + (0.25 - 1 + 0.25 + 3) / (0.5 + 2 + 1 + 4))


def test_sndr_of_a_model_that_knows_nothing_is_snips() -> None:
    blank = replace(FOUR, fitted=np.zeros(4), expected=np.zeros(4))
    assert value(sndr.terms, blank) == pytest.approx(5.5 / 7.5)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.stats.special import log_beta, log_gamma


@given(x=st.floats(1e-6, 1e12))
def test_the_logarithm_of_gamma_is_that_of_the_standard_library(x: float) -> None:
    assert float(log_gamma(np.array(x))) == pytest.approx(math.lgamma(x), rel=1e-10, abs=1e-10)


def test_beta_of_halves_is_pi() -> None:
    assert float(log_beta(np.array(0.5), np.array(0.5))) == pytest.approx(math.log(math.pi))

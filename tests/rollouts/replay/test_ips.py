"""IPS: the mean of weighted rewards."""

import pytest

from ratchet.rollouts.replay import ips
from tests.support.replays import value


def test_ips_is_the_mean_of_weighted_rewards() -> None:
    assert value(ips.terms) == pytest.approx((0.5 + 0 + 1 + 4) / 4)

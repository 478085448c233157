"""SNIPS: the mean of rewards under the weights."""

import pytest

from ratchet.rollouts.replay import ips, snips
from tests.support.replays import value


def test_snips_divides_by_the_weights_instead_of_the_rows() -> None:
    assert value(snips.terms) == pytest.approx((0.5 + 0 + 1 + 4) / (0.5 + 2 + 1 + 4))


def test_snips_stays_within_the_rewards_where_ips_does_not() -> None:
    assert value(ips.terms) > 1
    assert value(snips.terms) < 1

"""A pair turned from events to non-events, and the bounds of no knowledge."""

import numpy as np

from ratchet.rollouts.pair import Pair, nothing
from ratchet.rollouts.strata import combine


def test_a_mirrored_pair_counts_what_did_not_happen() -> None:
    num = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    den = np.array([[[2.0, 2.0], [1.0, 3.0]]])
    pair = Pair(num, den, np.array([0.5]), np.array([4.0, 4.0]))
    assert pair.mirrored().num.tolist() == [[[1.0, 2.0], [1.0, 2.0]]]
    assert combine(pair.mirrored()).estimate == -combine(pair).estimate
    assert pair.mirrored().mirrored().num.tolist() == num.tolist()


def test_an_exchanged_pair_is_the_control_against_the_challenger() -> None:
    num = np.array([[[1.0, 2.0], [3.0, 5.0]]])
    den = np.array([[[4.0, 4.0], [8.0, 8.0]]])
    turned = Pair(num, den, np.array([0.1]), np.array([9.0, 3.0])).exchanged()
    assert combine(turned).means.tolist() == [0.5, 0.375]
    assert (turned.share.tolist(), turned.units.tolist()) == ([0.9], [3.0, 9.0])


def test_no_knowledge_bounds_nothing() -> None:
    for shape in ((), (3,), (2, 0)):
        found = nothing(shape)
        assert found.trusted.shape == shape
        assert not found.trusted.any()
        assert np.isnan(found.estimate).all()
        assert (found.low == -np.inf).all()
        assert (found.high == np.inf).all()

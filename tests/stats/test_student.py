"""Student's t far out in its tail, against scipy's figures and the closed form of 2 degrees."""

import math

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.student import t_bound, t_tail


# scipy 1.16, scipy.stats.t.isf
@pytest.mark.parametrize(
    ("tail", "freedom", "value"),
    [
        (1e-6, 6, 17.830314500656),
        (1e-6, 13, 8.081844372005),
        (1e-6, 27, 6.021340255560),
        (1e-9, 13, 14.555323057090),
        (0.001, 41, 3.301272888859),
        (0.025, 1, 12.706204736175),
    ],
)
def test_the_bound_is_scipys(tail: float, freedom: int, value: float) -> None:
    assert t_bound(tail, freedom) == pytest.approx(value, rel=1e-7)
    assert t_tail(value, freedom) == pytest.approx(tail, rel=1e-6)


def test_two_degrees_of_freedom_have_a_closed_form() -> None:
    # P(T > t) = (1 - t / sqrt(2 + t^2)) / 2
    assert t_tail(3.0, 2) == pytest.approx((1 - 3 / math.sqrt(11)) / 2, rel=1e-12)
    assert t_tail(0.0, 5) == 0.5


def test_a_tail_beyond_what_can_be_told_is_bounded_and_not_endless() -> None:
    assert t_bound(1e-30, 20) == t_bound(1e-10, 20) < math.inf


@pytest.mark.parametrize(("tail", "freedom"), [(0.0, 5), (0.5, 5), (0.01, 0)])
def test_what_is_no_small_chance_or_has_no_freedom_is_refused(tail: float, freedom: int) -> None:
    with pytest.raises(InvalidInput, match="no bound") as caught:
        t_bound(tail, freedom)
    assert caught.value.field == "tail"

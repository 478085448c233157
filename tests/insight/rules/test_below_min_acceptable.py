"""Below the minimum: poor, and not so poor that it must be trained anew."""

from ratchet.kernel.clock import HOUR
from ratchet.store.port import Store
from tests.support.watching import NOON, alert_of, look, rewarded, standing


def test_between_the_thresholds_the_minimum_alone_is_told(store: Store) -> None:
    for hour in range(2):
        rewarded(store, "router", 0.49, now=NOON + hour * HOUR)
        rewarded(store, "good", 0.56, now=NOON + hour * HOUR)
        look(store, NOON + hour * HOUR)
    assert standing(store) == [("below-min-acceptable", "router")]
    told = alert_of(store, "below-min-acceptable")
    assert told.text == "router has mean reward 0.490, under 0.55"
    assert told.evidence["threshold"] == 0.55

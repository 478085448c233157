"""The approval gate asks a person, and says on whose behalf."""

from ratchet.rollouts.gates import approval
from ratchet.store.port import Store
from tests.support.governed import POLICY
from tests.support.roads import road_of


def test_it_asks_whatever_comes(embedded: Store) -> None:
    entered = approval.enter(road_of(embedded, "1.0.1"))
    assert (entered.result, entered.draft) == ("asks", None)
    assert POLICY in entered.reasons[0]

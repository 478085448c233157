"""Golden sets as they are shown: what is left of a budget, and every look at one."""

from ratchet.rollouts.golden.golden_set import GOLDEN_SETS
from ratchet.rollouts.golden.read import get_exposure, get_golden
from ratchet.rollouts.golden.show import list_golden, show_golden
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from tests.support.golden_sets import CHAMPION, NAME, expose, frozen_set, scores
from tests.support.governed import KEYS
from tests.support.turns import drafted


def test_what_is_left_is_the_budget_without_the_looks_and_never_below_none(store: Store) -> None:
    blobs = MemoryBlobs()
    drafted(store)
    frozen_set(store, blobs, budget=2)
    frozen_set(store, blobs, name="bookings", budget=2)
    left = []
    for failed in range(3):
        expose(store, blobs, scores(4, failed), purpose="look")
        left.append([(g.name, g.exposures, g.left) for g in list_golden(store, KEYS)])
    assert left == [
        [(NAME, 1, 1), ("bookings", 0, 2)],
        [(NAME, 2, 0), ("bookings", 0, 2)],
        [(NAME, 3, 0), ("bookings", 0, 2)],
    ]


def test_every_look_is_shown_and_one_changed_by_hand_is_named(embedded: Store) -> None:
    blobs = MemoryBlobs()
    drafted(embedded)
    frozen_set(embedded, blobs)
    expose(embedded, blobs, scores(4, 1))
    expose(embedded, blobs, scores(4, 2), CHAMPION)
    changed = get_exposure(embedded, KEYS, NAME, 1).to_map() | {"by": "nobody"}
    embedded.set(Ref("ops_golden_exposures", "airline~000001"), changed)
    found = show_golden(embedded, KEYS, NAME)
    assert [(look.sequence, look.version) for look in found.looks] == [(2, CHAMPION)]
    assert "airline~000001 is not what was sealed" in found.broken[0]


def test_a_set_whose_name_begins_as_anothers_shows_its_own_looks(embedded: Store) -> None:
    blobs = MemoryBlobs()
    drafted(embedded)
    frozen_set(embedded, blobs)
    frozen_set(embedded, blobs, name="airline-2")
    expose(embedded, blobs, scores(4, 1))
    assert len(show_golden(embedded, KEYS, NAME).looks) == 1
    assert show_golden(embedded, KEYS, "airline-2").looks == ()


def test_a_broken_set_is_told_beside_the_others(embedded: Store) -> None:
    blobs = MemoryBlobs()
    frozen_set(embedded, blobs)
    frozen_set(embedded, blobs, name="bookings")
    spoiled = get_golden(embedded, KEYS, NAME).to_map() | {"source": "elsewhere"}
    embedded.set(Ref(GOLDEN_SETS, NAME), spoiled)
    told: list[str] = []
    found = list_golden(embedded, KEYS, tell=lambda error: told.append(error.message))
    assert [golden.name for golden in found] == ["bookings"]
    assert NAME in told[0]

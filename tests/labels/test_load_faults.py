"""Whatever dies, repeats or overlaps while labels are loaded: each label once, counted once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from ratchet.govern.roles import person
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import Unavailable
from ratchet.labels.gold import take_gold
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.labelled import (
    NIGHT,
    approval,
    assert_counted,
    feeding,
    loaded,
    put_approvals,
    said_in,
)
from tests.support.life import When
from tests.support.observing import NOON, Worker

pytestmark = pytest.mark.slow

GOLD = [{"agent": "a", "subject": f"o{i}", "label": "bad"} for i in range(3)]
LOST = Unavailable("the answer was lost")


def prepared(store: Store) -> Worker:
    """Return a worker whose store has something for every feed."""
    at = feeding(store)
    # Some of it older than what is read again of itself.
    put_approvals(store, [approval(9, decided_at=NOON - 5 * HOUR)])
    take_gold(store, "early", GOLD, actor=person("ada"), now=NOON - 5 * HOUR)
    take_gold(store, "first", GOLD, actor=person("ada"), now=NOON)
    return at


def whole() -> tuple[object, int]:
    """Return what a load that nothing disturbs comes to, and the calls of the store it takes."""
    store = SqliteStore()
    counting = FaultyStore(prepared(store).store)
    loaded(Worker(counting, feeding(SqliteStore()).clock))
    told = said_in(store), [s.data for s in store.query(Query("ops_label_stats"))]
    store.close()
    return told, counting.calls


@pytest.mark.parametrize(("when", "error"), [("before", None), ("after", None), ("after", LOST)])
def test_a_death_at_any_call_of_the_store_loses_and_doubles_nothing(
    when: When, error: Unavailable | None
) -> None:
    expected, calls = whole()
    assert calls > 20
    for n in range(1, calls + 1):
        store = SqliteStore()
        at = prepared(store)
        with suppress(Died, Unavailable):
            loaded(Worker(FaultyStore(store, n, when, error), at.clock))
        loaded(at)
        assert (said_in(store), [s.data for s in store.query(Query("ops_label_stats"))]) == expected
        assert_counted(store)
        store.close()


def test_loads_that_overlap_count_each_label_once(store: Store) -> None:
    at = prepared(store)
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: loaded(at), range(3)))
    assert sum(report.labels for report in reports) >= 15
    assert len(said_in(store)) == 15
    assert_counted(store)
    assert loaded(at, NIGHT).labels == 0

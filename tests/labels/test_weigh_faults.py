"""A night of weights that dies anywhere and runs again leaves what one that lived leaves."""

import pytest

from ratchet.kernel.errors import Unavailable
from ratchet.store.port import Query, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.judge_nights import DAY, judge_all, label_all, night, written
from tests.support.observing import NOON, alerts

pytestmark = pytest.mark.slow

LOST = Unavailable("the answer was lost")


@pytest.fixture(scope="module")
def before() -> list[Write]:
    """What there is before the night: two agents, four judges, and the weights of the last one."""
    store = SqliteStore()
    for agent in ("a", "b"):
        label_all(store, agent=agent)
        judge_all(store, "wise", agent=agent, ts=NOON - 2 * DAY)
    judge_all(store, "liar", flipped=range(16), agent="b", ts=NOON - 2 * DAY)
    judge_all(store, "gone", agent="a", ts=NOON - 30.5 * DAY)
    judge_all(store, "new", flipped=range(16), agent="a")
    night(store, NOON - DAY)
    found = [
        Write("set", s.ref, s.data) for c in store.collections() for s in store.query(Query(c))
    ]
    store.close()
    return found


def world(before: list[Write]) -> SqliteStore:
    """Return a store that holds what there was."""
    store = SqliteStore()
    store.commit(before)
    return store


@pytest.mark.parametrize(("when", "error"), [("before", None), ("after", None), ("after", LOST)])
def test_a_death_at_any_call_of_the_store_changes_nothing(
    before: list[Write], when: str, error: Exception | None
) -> None:
    whole = world(before)
    counting = FaultyStore(whole)
    night(counting)
    expected, told = written(whole), alerts(whole)
    whole.close()
    assert len(expected) == 5 + 4 + 5  # weights, the night before, this night
    for n in range(1, counting.calls + 1):
        store = world(before)
        try:
            night(FaultyStore(store, n, when, error))  # type: ignore[arg-type]
        except (Died, Unavailable):
            night(store)
        assert written(store) == expected, f"{when} call {n}, {counting.log[n - 1]}"
        assert alerts(store) == told
        store.close()

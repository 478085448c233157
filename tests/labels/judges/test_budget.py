"""The budget of a judge: a day's, kept in the store, and never passed, whoever spends at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ratchet.kernel.errors import Refused
from ratchet.labels.judges.budget import reserve, settle, spent_today
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON

DAY = timedelta(days=1)


def test_what_is_set_aside_counts_until_what_was_spent_takes_its_place(store: Store) -> None:
    reserve(store, "j", 0.75, limit=1.0, now=NOON)
    assert spent_today(store, "j", now=NOON) == 0.75
    with pytest.raises(Refused) as raised:
        reserve(store, "j", 0.5, limit=1.0, now=NOON)
    assert raised.value.field == "maxCostUsdDay"
    assert "raise maxCostUsdDay of j" in raised.value.mend
    settle(store, "j", reserved=0.75, usd=0.25, now=NOON)
    reserve(store, "j", 0.5, limit=1.0, now=NOON)
    assert spent_today(store, "j", now=NOON) == 0.75
    assert spent_today(store, "other", now=NOON) == 0.0


def test_another_day_begins_with_nothing_and_owes_nothing_to_the_last(
    embedded: SqliteStore,
) -> None:
    reserve(embedded, "j", 1.0, limit=1.0, now=NOON)
    assert spent_today(embedded, "j", now=NOON + DAY) == 0.0
    reserve(embedded, "j", 0.5, limit=1.0, now=NOON + DAY)
    settle(embedded, "j", reserved=1.0, usd=0.0, now=NOON)  # of a case that began yesterday
    assert spent_today(embedded, "j", now=NOON + DAY) == 0.5


def test_the_smallest_price_counts(embedded: SqliteStore) -> None:
    for _ in range(3):
        reserve(embedded, "j", 1e-10, limit=1.0, now=NOON)
    assert spent_today(embedded, "j", now=NOON) == 3e-9


def test_many_at_once_never_pass_the_limit(embedded: SqliteStore) -> None:
    def spend(_: int) -> bool:
        try:
            reserve(embedded, "j", 0.25, limit=1.0, now=NOON)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, range(12))) == 4
    assert spent_today(embedded, "j", now=NOON) == 1.0

"""A weight is kept with its night, and a judge that earns nothing is named once."""

import pytest

from ratchet.labels.judge_weight import JudgeWeightNight
from ratchet.labels.keep_weight import keep_weight
from ratchet.labels.settings import JudgeSettings
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judge_nights import DAY, weights
from tests.support.judgements import weigh
from tests.support.observing import NOON


def kept(store: Store, weight: float, days: int = 0, **fields: object) -> bool:
    """Keep a weight of some day; returns whether another thing is found of the judge."""
    weigh(store, strict=weight)  # as anybody would build one
    (before,) = weights(store).values()
    store.delete(next(iter(store.query(Query(before.collection)))).ref)
    new = before.model_copy(update={"ts": NOON + days * DAY} | fields)
    return keep_weight(store, new, JudgeSettings()).found


def test_the_variance_is_that_of_the_nights_of_a_week(embedded: SqliteStore) -> None:
    for day, weight in enumerate([0.9, 0.1, 0.2, 0.3, 0.2, 0.3, 0.2, 0.3]):
        kept(embedded, weight, day)
        (found,) = weights(embedded).values()
        if day == 0:
            assert found.week_variance is None
    # The seven nights to the last: mean 1.6 / 7, the first of all is out of it.
    spread = sum((x - 1.6 / 7) ** 2 for x in (0.1, 0.2, 0.3, 0.2, 0.3, 0.2, 0.3)) / 6
    assert found.week_variance == pytest.approx(spread)


def test_a_night_is_of_one_day_and_expires(embedded: SqliteStore) -> None:
    kept(embedded, 0.4)
    kept(embedded, 0.5)
    kept(embedded, 0.6, days=1)
    stored = embedded.query(Query(JudgeWeightNight.collection))
    nights = [JudgeWeightNight.from_store(one.data) for one in stored]
    assert [night.weight for night in nights] == [0.5, 0.6]
    assert nights[0].expire_at == NOON + 90 * DAY


def test_what_is_found_of_a_judge_is_told_with_its_reason(embedded: SqliteStore) -> None:
    reason = "it says the opposite"
    assert kept(embedded, 0.0, finding="flipped", reason=reason)
    (alert,) = embedded.query(Query("ops_alerts"))
    assert alert.data["text"] == f"judge strict earns nothing for router: {reason}"
    assert alert.data["command"] == "ratchet judges weights --agent router"


def test_few_labels_are_no_finding_to_tell(embedded: SqliteStore) -> None:
    kept(embedded, 0.0, finding="few")
    assert embedded.query(Query("ops_alerts")) == []

"""Settings of ingestion: safe defaults, and shards that change at any time without loss."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Query, Store
from tests.support.observing import Worker, configure, observation, worker
from tests.support.recount import check


def test_the_defaults_are_four_shards_thirty_days_and_no_sampling() -> None:
    found = Ingest()
    assert (found.shards, found.retention.days, found.sample_successes) == (4, 30, 1)
    assert found.lag.total_seconds() == 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shards", 0),
        ("shards", 65),
        ("lagSeconds", -1),
        ("lagSeconds", float("nan")),
        ("retentionDays", 0),
        ("sampleSuccesses", 0),
        ("maxSeriesPerHour", 0),
        ("shard", 4),
    ],
)
def test_a_setting_that_is_wrong_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        Ingest.parse({field: value})
    assert raised.value.field == field


def reshard(at: Worker, shards: int) -> Worker:
    """Change the shards by hand, and let a fresh process see it."""
    configure(at.store, Ingest(shards=shards))
    return Worker(at.store, at.clock)


def test_shards_go_up_and_down_without_loss(store: Store) -> None:
    at = worker(store, shards=1)
    sent = 0
    for shards in (1, 4, 16, 2, 1):
        at = reshard(at, shards)
        for _ in range(12):
            at.record({"id": f"o{sent}"} | observation())
            sent += 1
        at.later()
    assert sum(at.score().scored for _ in range(2)) == sent
    at.feedback([{"obsId": f"o{i}", "source": "person", "grade": 0.5} for i in range(sent)])
    assert reshard(at, 64).scored_later().scored == 0
    assert at.fold().corrected == sent
    check(store)
    shards_used = {s.data["shard"] for s in store.query(Query("ops_observations"))}
    assert len(shards_used) > 4
    assert shards_ever(store) == 64


def test_what_was_written_to_a_shard_that_is_gone_is_still_rolled_and_swept(store: Store) -> None:
    at = worker(store, shards=8)
    for i in range(20):
        at.record({"id": f"o{i}"} | observation())
    at.scored_later()
    for i in range(10):
        store.delete(next(s.ref for s in store.query(Query("ops_rewards")) if s.ref.id == f"o{i}"))
    at = reshard(at, 1)
    assert at.sweep().missing == 10
    assert at.roll().changed >= 2


def test_every_reader_knows_of_new_shards_before_anything_is_written_to_them(
    store: Store,
) -> None:
    stale = worker(store, shards=1)
    stale.record(observation())
    fresh = reshard(stale, 8)
    for i in range(20):
        fresh.record({"id": f"o{i}"} | observation())
    # The old process still has `shards: 1` in its cache.
    assert stale.ingest.shards == 1
    assert stale.scored_later().scored == 21


def test_counting_shards_again_costs_no_write(embedded: Store) -> None:
    at = worker(embedded, shards=4)
    assert at.ingest.shards == 4
    configure(embedded, Ingest(shards=2))
    assert Worker(embedded, at.clock).ingest.shards == 2
    assert shards_ever(embedded) == 4

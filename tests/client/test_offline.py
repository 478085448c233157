import asyncio

import pytest

from ratchet.client import AsyncOfflineTransport, Batch, OfflineTransport, SendResult
from ratchet.kernel.errors import NotFound, Unavailable

BATCH = Batch.of("b1", [{"component": "planner", "outcome": "success"}])


def test_a_batch_sent_twice_counts_once() -> None:
    offline = OfflineTransport()
    assert offline.send(BATCH) == offline.send(BATCH) == SendResult(1)
    assert offline.observations == BATCH.observations
    assert offline.requests == 2


def test_down_means_every_request_fails_and_nothing_is_taken() -> None:
    offline = OfflineTransport({"p": {"version": "p@1.0.0", "params": {}}})
    offline.down = True
    for call in (
        lambda: offline.send(BATCH),
        lambda: offline.feedback([{}]),
        lambda: offline.resolve("p", None),
    ):
        with pytest.raises(Unavailable):
            call()
    assert (offline.batches, offline.grades) == ({}, [])


def test_resolve_answers_from_the_dictionary() -> None:
    offline = OfflineTransport({"p": {"version": "p@1.0.0", "params": {"x": 1}}})
    first = offline.resolve("p", None)
    assert first is not None
    assert (first.version, first.params) == ("p@1.0.0", {"x": 1})
    assert offline.resolve("p", first.etag) is None
    offline.policies["p"] = {"version": "p@1.0.1", "params": {"x": 1}}
    again = offline.resolve("p", first.etag)
    assert again is not None
    assert again.version == "p@1.0.1"
    with pytest.raises(NotFound):
        offline.resolve("q", None)


def test_the_asyncio_twin_keeps_everything_in_offline() -> None:
    async def story() -> None:
        twin = AsyncOfflineTransport({"p": {"version": "p@1.0.0", "params": {}}})
        await twin.send(BATCH)
        await twin.feedback([{"grade": 1}])
        assert await twin.resolve("p", None) is not None
        assert twin.offline.observations == BATCH.observations
        assert twin.offline.grades == [{"grade": 1}]

    asyncio.run(story())

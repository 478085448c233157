"""Exposures by the recorders: each once in a process, beside the observations, in every account."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    AsyncOfflineTransport,
    AsyncRecorder,
    OfflineTransport,
    Recorder,
    buffer,
)
from ratchet.client.direct import DirectTransport
from ratchet.kernel.clock import ManualClock
from ratchet.rollouts.assign import Assignment
from ratchet.store.port import Query, Store
from tests.client.service import WAIT, Service
from tests.client.test_outbox import adds_up
from tests.client.test_recorder import GOOD, NEVER, Awkward
from tests.support.observing import KEYS, NOON, worker

MET: dict[str, Any] = {
    "rolloutId": "r1",
    "step": 0,
    "rolloutArm": "control",
    "unit": "u1",
    "propensity": 0.9,
}


@pytest.fixture
def offline() -> OfflineTransport:
    return OfflineTransport()


@pytest.fixture
def recorder(offline: OfflineTransport) -> Iterator[Recorder]:
    with Recorder(offline, flush_seconds=NEVER, retry_seconds=0.001) as recorder:
        yield recorder


def test_an_exposure_is_sent_beside_the_observations_with_its_kind_and_instant(
    offline: OfflineTransport,
) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    with Recorder(offline, flush_seconds=NEVER, clock=lambda: noon) as recorder:
        recorder.expose(MET)
        recorder.record(GOOD)
    assert offline.exposures == [MET | {"kind": "exposure", "ts": 1767355200000}]
    assert offline.observations == [GOOD | {"ts": 1767355200000}]
    assert len(offline.batches) == 1


def test_what_an_assignment_says_of_itself_is_an_exposure(store: Store) -> None:
    work = worker(store)
    assigned = Assignment("r1", 2, "1.0.1", 0.1, "router-core@1.0.1", "alice@example.com")
    clock = ManualClock(NOON)
    direct = DirectTransport(store, KEYS, clock)
    with Recorder(direct, flush_seconds=NEVER, clock=clock) as recorder:
        recorder.expose(assigned.as_exposure())
        recorder.record(GOOD, **assigned.as_observation(), exposed_at=clock())
        assert recorder.flush()
        assert (recorder.stats.accepted, recorder.rejections) == (2, ())
    (document,) = store.query(Query("ops_observations"))
    (met,), (item,) = document.data["exposures"], document.data["items"]
    assert met["unit"] == item["unit"] != assigned.unit
    assert {k: v for k, v in met.items() if k != "unit"} == {
        "ts": NOON,
        "rolloutId": "r1",
        "step": 2,
        "rolloutArm": "1.0.1",
        "propensity": 0.1,
        "intendedVersion": "router-core@1.0.1",
    }
    assert (item["rolloutArm"], item["rolloutStep"], item["exposedAt"]) == ("1.0.1", 2, NOON)
    assert work.scored_later().scored == 1


def test_keywords_and_mappings_are_the_same_and_the_same_is_sent_once(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    recorder.expose(MET)
    recorder.expose(
        rollout_id="r1", step=0, rollout_arm="control", unit="u1", propensity=0.9, ts=NOON
    )
    recorder.expose({k: v for k, v in MET.items() if k != "step"}, step=0)
    assert recorder.flush()
    assert len(offline.exposures) == 1
    assert (recorder.stats.recorded, recorder.stats.accepted) == (1, 1)
    assert adds_up(recorder.stats)


@pytest.mark.parametrize(
    "other", [{"rolloutId": "r2"}, {"step": 1}, {"rolloutArm": "1.0.1"}, {"unit": "u2"}]
)
def test_another_rollout_step_arm_or_unit_is_another_exposure(
    other: dict[str, Any], recorder: Recorder, offline: OfflineTransport
) -> None:
    for _ in range(2):
        recorder.expose(MET)
        recorder.expose(MET | other)
        assert recorder.flush()
    assert len(offline.exposures) == 2


def test_the_longest_unmet_is_forgotten_first(
    recorder: Recorder, offline: OfflineTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "MAX_EXPOSED", 2)
    for unit in ("a", "b", "a", "c", "a", "b"):
        recorder.expose(MET, unit=unit)
    recorder.flush()
    assert [met["unit"] for met in offline.exposures] == ["a", "b", "c", "b"]


def test_an_exposure_that_found_the_buffer_full_may_come_again(offline: OfflineTransport) -> None:
    offline.down = True
    with Recorder(offline, max_buffer=1, flush_seconds=NEVER, attempts=1) as recorder:
        recorder.record(GOOD)
        recorder.expose(MET)
        assert (recorder.stats.recorded, recorder.stats.dropped) == (2, 1)
        offline.down = False
        assert recorder.flush()
        recorder.expose(MET)
        assert recorder.flush()
        assert (recorder.stats.accepted, adds_up(recorder.stats)) == (2, True)
    assert len(offline.exposures) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.expose(),
        lambda r: r.expose(None),
        lambda r: r.expose("text"),
        lambda r: r.expose(MET, MET),
        lambda r: r.expose(Awkward()),
        lambda r: r.expose(MET, unit=None),
        lambda r: r.expose(MET, unit=7),
        lambda r: r.expose(MET, rollout_id=""),
        lambda r: r.expose(MET, step=None),
        lambda r: r.expose(MET, step=[0]),
        lambda r: r.expose(MET, propensity=None),
    ],
)
def test_nothing_raises_and_what_is_invalid_is_counted_and_not_remembered(
    call: Callable[[Recorder], None], recorder: Recorder, offline: OfflineTransport
) -> None:
    call(recorder)
    call(recorder)
    recorder.expose(MET)
    assert recorder.flush()
    stats = recorder.stats
    assert (stats.recorded, stats.invalid, stats.accepted) == (3, 2, 1)
    assert adds_up(stats)
    assert len(offline.exposures) == 1


def test_exposures_fill_a_flush_as_observations_do(service: Service, transport: Any) -> None:
    with Recorder(transport, flush_size=3, flush_seconds=NEVER) as recorder:
        recorder.flush()
        recorder.expose(MET)
        recorder.record(GOOD)
        recorder.expose(MET, unit="u2")
        assert service.until(lambda s: len(s.stored) == 1)
    assert [o.get("kind") for o in service.observations] == ["exposure", None, "exposure"]


def test_many_threads_expose_a_unit_once(recorder: Recorder, offline: OfflineTransport) -> None:
    start = threading.Barrier(8)

    def expose() -> None:
        start.wait(WAIT)
        for i in range(200):
            recorder.expose(MET, unit=f"u{i}")

    threads = [threading.Thread(target=expose) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert recorder.flush()
    assert sorted(met["unit"] for met in offline.exposures) == sorted(f"u{i}" for i in range(200))


def test_exposures_that_were_spooled_are_sent_by_the_next_process(tmp_path: Path) -> None:
    down = OfflineTransport()
    down.down = True
    with Recorder(down, spool=tmp_path, attempts=1, flush_seconds=NEVER) as recorder:
        recorder.expose(MET)
        recorder.record(GOOD)
    offline = OfflineTransport()
    with Recorder(offline, spool=tmp_path, flush_seconds=NEVER) as later:
        later.flush()
        assert (later.stats.adopted, later.stats.accepted) == (2, 2)
    assert (len(offline.exposures), len(offline.observations)) == (1, 1)


def test_an_event_loop_exposes_once_too() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_seconds=NEVER) as recorder:
            for _ in range(3):
                recorder.expose(MET)
                recorder.expose(unit="u2")
            recorder.record(GOOD)
            assert await recorder.flush()
            assert (recorder.stats.invalid, recorder.stats.accepted) == (3, 2)
        assert [met["unit"] for met in transport.offline.exposures] == ["u1"]

    asyncio.run(story())

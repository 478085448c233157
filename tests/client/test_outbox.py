"""The outbox under a schedule of faults: nothing is lost, doubled or counted twice."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.client.batch import Batch
from ratchet.client.ledger import RecorderStats
from ratchet.client.outbox import Outbox, Steps
from ratchet.client.spool import Spool
from ratchet.client.transport import Rejected, SendResult
from ratchet.kernel.errors import (
    Forbidden,
    InvalidBatch,
    InvalidInput,
    Refused,
    Throttled,
    TooLarge,
    Unavailable,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {"component": "planner", "outcome": "success"}


def adds_up(stats: RecorderStats) -> bool:
    ended = stats.accepted + stats.rejected + stats.sampled + stats.dropped + stats.invalid
    waits = stats.pending + stats.spooled + stats.handed_over
    return stats.recorded + stats.adopted == ended + waits


class Rig:
    """An outbox, a clock, and a service that does as it is told."""

    def __init__(self, spool: Spool | None = None, **options: Any) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.bodies: list[tuple[str, bytes]] = []
        self.stored: dict[str, list[dict[str, Any]]] = {}
        self.outbox = Outbox(
            clock=lambda: NOON,
            spool=spool,
            now=lambda: self.now,
            **{"max_buffer": 1000, "flush_size": 10, "attempts": 3, "retry_seconds": 1.0} | options,
        )

    @property
    def stats(self) -> RecorderStats:
        return self.outbox.ledger.snapshot()

    def add(self, n: int = 1, **fields: Any) -> None:
        for _ in range(n):
            self.outbox.buffer.add((), GOOD | fields)

    def answer(self, batch: Batch, fault: str) -> Any:
        self.bodies.append((batch.id, batch.body()))
        n = len(batch)
        if fault in ("ok", "lost"):
            self.stored.setdefault(batch.id, batch.observations)
        results: dict[str, Any] = {
            "ok": SendResult(n),
            "lost": Unavailable("after the act"),
            "down": Unavailable("before the act"),
            "bug": ZeroDivisionError("a bug in a transport"),
            "partly": SendResult(n - 1, (Rejected(0, "quality", "over 1"),)),
            "sampled": SendResult(0, (), n),
            "short": SendResult(n // 2),
            "over": SendResult(n + 5, (), 3),
            "refused": Refused("no"),
            "forbidden": Forbidden("this role may not"),
            "wait5": Throttled("too often", retry_after=5.0),
            "wait30": Throttled("too often", retry_after=30.0),
            "wait900": Throttled("too often", retry_after=900.0),
        }
        return results[fault]

    def run(self, *faults: str, whole: bool = True, asked: bool = False, cut: int = -1) -> None:
        """Drive one round; the last fault repeats; `cut` cancels the round after so many steps."""
        steps: Steps = self.outbox.round(whole=whole, asked=asked)
        left = list(faults) or ["ok"]
        answer: Any = None
        try:
            while cut != 0:
                step = steps.send(answer)
                cut -= 1
                if isinstance(step, Batch):
                    answer = self.answer(step, left[0])
                    left = left[1:] or left
                elif isinstance(step, float):
                    self.pauses.append(step)
                    self.now += step
                    answer = None
                else:
                    answer = step()
                assert adds_up(self.stats)
        except StopIteration:
            pass
        finally:
            steps.close()


@contextmanager
def a_spool(max_bytes: int = 10**6) -> Iterator[Spool]:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), max_bytes=max_bytes, clock=lambda: NOON)
        yield spool
        spool.close()


def test_a_batch_has_at_most_500_and_one_id() -> None:
    rig = Rig(max_buffer=2000)
    rig.add(1100)
    rig.run()
    assert [len(items) for items in rig.stored.values()] == [500, 500, 100]
    assert rig.stats.accepted == 1100


def test_a_batch_stays_under_a_stored_documents_size() -> None:
    rig = Rig()
    rig.add(400, unit="x" * 10_000)
    rig.run()
    assert len(rig.bodies) > 1
    assert max(len(body) for _, body in rig.bodies) < 2**20
    assert rig.stats.accepted == 400


def test_a_round_that_is_not_whole_leaves_what_does_not_fill_a_flush() -> None:
    rig = Rig()
    rig.add(9)
    rig.run(whole=False)
    assert rig.stats.pending == 9
    rig.add(1)
    rig.run(whole=False)
    assert rig.stats.accepted == 10


def test_a_retry_carries_the_same_id_and_the_same_bytes_after_growing_pauses() -> None:
    rig = Rig()
    rig.add(3)
    rig.run("lost", "down", "ok")
    assert len(set(rig.bodies)) == 1
    assert len(rig.bodies) == 3
    assert rig.stats.retries == 2
    assert 0.5 <= rig.pauses[0] <= 1.0 <= rig.pauses[1] <= 2.0
    assert rig.stats.accepted == 3


@pytest.mark.parametrize(
    "error", [InvalidInput("bad"), TooLarge("big"), Refused("no"), Refused("token")]
)
def test_a_refusal_is_not_retried_and_its_reason_is_kept(error: Exception) -> None:
    rig = Rig()
    rig.add(3)
    steps = rig.outbox.round(whole=True)
    batch = next(steps)
    assert isinstance(batch, Batch)
    with pytest.raises(StopIteration):
        steps.send(error)
    assert rig.stats.rejected == 3
    (reason,) = rig.outbox.ledger.rejections
    assert str(error) in reason.reason
    assert reason.batch == batch.id


def test_the_reasons_of_a_batch_refused_as_a_whole_are_kept_item_by_item() -> None:
    rig = Rig()
    rig.add(2)
    steps = rig.outbox.round(whole=True)
    next(steps)
    items = [{"index": i, "field": "quality", "reason": "over 1"} for i in range(2)]
    with pytest.raises(StopIteration):
        steps.send(InvalidBatch("all of it", rejected=items))
    assert [(r.index, r.field) for r in rig.outbox.ledger.rejections] == [
        (0, "quality"),
        (1, "quality"),
    ]


def test_an_answer_that_does_not_add_up_never_counts_as_accepted() -> None:
    rig = Rig()
    rig.add(10)
    rig.run("short")
    assert (rig.stats.accepted, rig.stats.rejected) == (5, 5)
    assert "5 off 10" in rig.outbox.ledger.rejections[-1].reason


def test_without_a_spool_a_batch_waits_in_memory_under_its_id() -> None:
    rig = Rig()
    rig.add(3)
    rig.run("down")
    assert rig.stats.pending == 3
    rig.add(2)
    rig.run("ok", asked=True)
    assert len({batch_id for batch_id, _ in rig.bodies}) == 2
    assert len(rig.bodies) == 3 + 2
    assert rig.stats.accepted == 5


def test_what_is_on_its_way_counts_against_the_buffer() -> None:
    rig = Rig(max_buffer=5)
    rig.add(4)
    rig.run("down")
    rig.add(4)
    assert (rig.stats.pending, rig.stats.dropped) == (5, 3)


def test_a_service_that_is_down_is_left_alone_for_a_growing_while() -> None:
    rig = Rig()
    rig.add(1)
    rig.run("down")
    sends = []
    for _ in range(40):
        before = len(rig.bodies)
        rig.run("down")
        sends.append(len(rig.bodies) - before)
        rig.now += 1.0
    assert set(sends) == {0, 1}  # one probe each, no retries
    assert 3 <= sum(sends) <= 8
    rig.now += 60.0
    rig.run("ok")
    assert rig.stats.accepted == 1


def test_a_service_that_came_back_is_retried_again() -> None:
    rig = Rig()
    rig.add(1)
    rig.run("down")
    rig.run("ok", asked=True)
    rig.add(1)
    rig.run("down", "ok")
    assert (rig.stats.accepted, rig.stats.retries) == (2, 3)


def test_a_round_that_was_asked_for_probes_a_service_that_is_down_once() -> None:
    with a_spool() as spool:
        rig = Rig(spool, max_buffer=2000)
        rig.add(1)
        rig.run("down")
        rig.add(1500)
        before = len(rig.bodies)
        rig.run("down", asked=True)
        assert len(rig.bodies) - before == 1
        assert rig.stats.spooled == 1501


def test_while_the_service_is_down_batches_go_to_disk_and_come_back_in_order() -> None:
    with a_spool() as spool:
        rig = Rig(spool)
        for i in range(4):
            rig.add(2, run_id=f"r{i}")
            rig.run("down")
        assert (rig.stats.spooled, rig.stats.pending) == (8, 0)
        assert len({batch_id for batch_id, _ in rig.bodies}) == 1  # the others were not even tried
        rig.now += 60.0
        rig.run("ok")
        assert rig.stats.accepted == 8
        runs = [items[0]["runId"] for items in rig.stored.values()]
        assert runs == ["r0", "r1", "r2", "r3"]
        assert spool.claim() is None


def test_a_full_spool_refuses_the_newest() -> None:
    with a_spool(max_bytes=400) as spool:
        rig = Rig(spool)
        for i in range(5):
            rig.add(1, run_id=f"r{i}")
            rig.run("down")
        stats = rig.stats
        assert stats.spooled >= 1
        assert stats.dropped == 5 - stats.spooled
        rig.now += 60.0
        rig.run("ok")
        assert "r0" in [items[0]["runId"] for items in rig.stored.values()]


def test_a_cancelled_round_keeps_its_batch_and_its_id() -> None:
    rig = Rig()
    rig.add(3)
    rig.run("ok", cut=1)
    assert rig.stats.pending == 3
    rig.run("ok")
    assert len({batch_id for batch_id, _ in rig.bodies}) == 1
    assert rig.stats.accepted == 3


def test_no_retry_is_begun_that_would_end_after_the_close() -> None:
    rig = Rig(attempts=50)
    rig.add(3)
    rig.outbox.close(5.0)
    rig.run("down")
    assert rig.now <= 5.0
    rig.outbox.give_up()
    assert (rig.stats.dropped, rig.stats.pending) == (3, 0)


def test_what_is_dropped_at_the_end_names_the_last_error() -> None:
    rig = Rig(attempts=1)
    rig.add(3)
    rig.run("forbidden")
    rig.outbox.give_up()
    (told,) = [text for text in rig.outbox.ledger.told() if "dropped" in text]
    assert told == (
        "observations are dropped: there is no spool, and the service does not take them: "
        "Forbidden('this role may not')"
    )


def test_what_was_never_tried_names_no_error_and_a_full_spool_is_named() -> None:
    rig = Rig()
    rig.add(3)
    rig.outbox.give_up()
    assert rig.outbox.ledger.told() == [
        "observations are dropped: there is no spool, and no attempt to send them has ended"
    ]
    with a_spool(max_bytes=1) as spool:
        rig = Rig(spool)
        rig.add(3)
        rig.run("down")
        (told,) = [text for text in rig.outbox.ledger.told() if "dropped" in text]
    assert told.endswith(
        "no room to spool them, and the service does not take them: Unavailable('before the act')"
    )


def test_an_answer_after_giving_up_changes_nothing() -> None:
    with a_spool() as spool:
        rig = Rig(spool)
        rig.add(3)
        steps = rig.outbox.round(whole=True)
        batch = next(steps)
        assert isinstance(batch, Batch)
        rig.outbox.close(0.0)
        rig.outbox.give_up()
        assert rig.stats.spooled == 3
        with pytest.raises(StopIteration):
            steps.send(SendResult(3))
        assert (rig.stats.spooled, rig.stats.accepted) == (3, 0)
        assert adds_up(rig.stats)


def test_an_unreadable_file_is_put_aside_and_counted() -> None:
    with a_spool() as spool:
        rig = Rig(spool)
        rig.add(3)
        rig.run("down")
        (path,) = spool.folder.glob("*.json.gz")
        path.write_bytes(path.read_bytes()[:20])
        rig.now += 60.0
        rig.run("ok")
        assert (rig.stats.dropped, rig.stats.spooled) == (3, 0)
        assert len(list(spool.folder.glob("*.bad"))) == 1


def test_what_another_process_took_from_the_spool_is_handed_over() -> None:
    with a_spool() as spool:
        rig = Rig(spool)
        rig.add(3)
        rig.run("down")
        other = Rig(Spool(spool.folder, max_bytes=10**6))
        other.run("ok")
        assert (other.stats.adopted, other.stats.accepted) == (3, 3)
        other.outbox.give_up()
        rig.now += 60.0
        rig.run("ok")
        assert (rig.stats.handed_over, rig.stats.spooled) == (3, 0)
        assert adds_up(rig.stats)


def test_the_next_attempt_comes_no_sooner_than_the_service_said() -> None:
    rig = Rig()
    rig.add(3)
    rig.run("wait5", "ok")
    assert len(rig.pauses) == 1
    assert 5.0 <= rig.pauses[0] <= 8.0  # 8 s is the longest pause between two attempts
    assert rig.stats.accepted == 3


@pytest.mark.parametrize(("fault", "seconds"), [("wait30", 30.0), ("wait900", 60.0)])
def test_a_long_wait_is_a_service_that_is_down_for_a_minute_at_most(
    fault: str, seconds: float
) -> None:
    rig = Rig()
    rig.add(3)
    rig.run(fault)
    assert (len(rig.bodies), rig.pauses, rig.stats.pending) == (1, [], 3)
    rig.now = seconds - 0.1
    rig.run("ok", asked=True)  # not even a flush asks sooner than the service said
    assert len(rig.bodies) == 1
    rig.now = seconds + 0.1
    rig.run("ok")
    assert rig.stats.accepted == 3


def test_while_the_service_throttles_batches_go_to_disk_and_come_back() -> None:
    with a_spool() as spool:
        rig = Rig(spool)
        rig.add(3)
        rig.run("wait30")
        assert rig.stats.spooled == 3
        rig.run("ok", asked=True)
        assert rig.stats.spooled == 3
        rig.now = 30.1
        rig.run("ok")
        assert rig.stats.accepted == 3


def test_a_recorder_that_closes_tries_once_more_though_it_was_told_to_wait() -> None:
    rig = Rig()
    rig.add(3)
    rig.run("wait30")
    rig.outbox.close(5.0)
    rig.run("ok", asked=True)
    assert rig.stats.accepted == 3


FAULT = st.sampled_from(
    ["ok", "lost", "down", "bug", "partly", "sampled", "short", "over", "refused", "wait5"]
)
STEP = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 30)),
    st.tuples(st.just("bad"), st.integers(1, 3)),
    st.tuples(st.just("worse"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("cut"), st.integers(0, 6), FAULT),
    st.tuples(st.just("round"), st.booleans(), st.booleans(), st.lists(FAULT, max_size=4)),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(STEP, max_size=25), st.sampled_from([None, 2_000, 10**6]), st.sampled_from([20, 1000])
)
def test_the_accounts_add_up_under_any_schedule_of_faults(
    schedule: list[tuple[Any, ...]], spool_bytes: int | None, max_buffer: int
) -> None:
    with a_spool(spool_bytes or 1) as spool:
        rig = Rig(spool if spool_bytes else None, max_buffer=max_buffer)
        made = 0
        for kind, *args in schedule:
            if kind == "add":
                for _ in range(args[0]):
                    rig.add(1, run_id=f"r{made}")
                    made += 1
            elif kind == "bad":
                rig.add(args[0], meta={"x": object()})
            elif kind == "worse":
                for _ in range(args[0]):
                    rig.outbox.buffer.refuse(ValueError("not even a map"))
            elif kind == "wait":
                rig.now += args[0]
            elif kind == "cut":
                rig.run(args[1], cut=args[0])
            else:
                rig.run(*args[2], whole=args[0], asked=args[1])
            assert adds_up(rig.stats)
        rig.outbox.close(0.0)
        rig.run("down", asked=True)
        rig.outbox.give_up()
        stats = rig.stats
        assert stats.pending == 0
        assert adds_up(stats)
        runs = [o["runId"] for items in rig.stored.values() for o in items]
        assert len(runs) == len(set(runs))  # nobody is in two batches
        assert all(len({b for i, b in rig.bodies if i == name}) == 1 for name, _ in rig.bodies)
        on_disk = 0
        while (claim := spool.claim()) is not None:
            assert claim.batch is not None
            on_disk += claim.count
        assert on_disk >= stats.spooled


def test_pauses_have_jitter() -> None:
    rig = Rig(attempts=2)
    for _ in range(5):
        rig.add(1)
        rig.run("down", "ok", asked=True)
    assert len(set(rig.pauses)) > 1

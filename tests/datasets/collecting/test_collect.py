"""Collecting: each trace becomes an example or a dead letter, once, whatever comes between."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

import pytest

from ratchet.datasets.collecting import collect
from ratchet.datasets.collecting.collect import BATCH
from ratchet.datasets.collecting.receive import CHUNK
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import Unavailable
from ratchet.store.counting import CountingStore
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import PLANNER, World, broken, event, trial
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.observing import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return World(embedded)


def test_what_arrived_becomes_examples_with_their_words_raw_and_redacted(store: Store) -> None:
    world = World(store)
    world.receive(event("e1", output="Ask ada@example.com, or bob@example.com."))
    world.receive_lines(trial(3))
    world.run("r1")
    report = world.collect()
    assert (report.collected, report.dead, report.stopped) == (3, 0, ())
    assert set(world.examples()) == {
        ("events", "%2Ftests~e1"),
        ("trajectories", "airline~3~0"),
        ("runs", "r1"),
    }
    example = world.example("events", "%2Ftests~e1")
    assert (example.reason, example.quality, example.component) == ("", 100.0, PLANNER)
    assert example.redaction is not None
    assert example.redaction.counts == {"EMAIL": 2}
    assert world.words(example.content).output == "Ask ada@example.com, or bob@example.com."
    assert world.words(example.redaction.content).output == "Ask [EMAIL_1], or [EMAIL_2]."


def test_to_collect_again_reads_what_may_have_come_late_and_writes_nothing(world: World) -> None:
    world.receive(event("e1"), broken())
    world.run("r1")
    world.collect(MINUTE)
    before = world.store.query(Query("ops_examples")), world.dead()
    report = world.collect(HOUR)  # the hour of the last time is over, and read once more
    assert (report.sources["events"].read, report.sources["events"].known) == (2, 2)
    assert (report.collected, report.dead) == (0, 0)
    assert (world.store.query(Query("ops_examples")), world.dead()) == before


def test_a_trace_that_commits_late_is_not_passed_by(world: World) -> None:
    world.receive(event("late"))
    (late,) = world.store.query(Query("ops_traces"))
    world.store.delete(late.ref)
    world.clock.advance(MINUTE)
    world.receive(event("e1"))
    world.collect(MINUTE)
    world.store.set(late.ref, late.data)  # it shows two minutes after the cursor passed it by
    assert world.collect().collected == 1
    assert ("events", "%2Ftests~late") in world.examples()


def test_what_is_malformed_becomes_a_dead_letter_that_says_why(world: World) -> None:
    world.receive(event("e1"), broken())
    report = world.collect()
    assert report.sources["events"].dead == {"RATCHET-7101": 1}
    (letter,) = world.dead().values()
    assert (letter.code, letter.field, letter.attempts) == ("RATCHET-7101", "data.input", 1)
    assert letter.raw is not None
    assert b'"id":"bad"' in world.blobs.get(letter.raw)
    assert set(world.examples()) == {("events", "%2Ftests~e1")}


def test_a_trace_that_is_mended_replaces_its_example_and_ends_its_dead_letter(
    world: World,
) -> None:
    world.receive(event("e1"), broken("e2"))
    world.collect()
    first = world.example("events", "%2Ftests~e1")
    world.receive(event("e1", output="Another answer."), event("e2"))
    assert world.collect().collected == 2
    assert world.dead() == {}
    second = world.example("events", "%2Ftests~e1")
    assert world.words(second.content).output == "Another answer."
    assert second.collected_at == first.collected_at
    assert second.changed_at == world.clock()


def test_a_trace_whose_bytes_are_gone_is_a_dead_letter(world: World) -> None:
    world.receive(event("e1"))
    (stored,) = world.store.query(Query("ops_traces"))
    world.blobs.delete(stored.data["raw"])
    world.collect()
    (letter,) = world.dead().values()
    assert (letter.code, letter.field) == ("RATCHET-7103", "raw")


def test_a_trace_that_was_broken_by_hand_is_a_dead_letter_and_stops_no_other(world: World) -> None:
    world.receive(event("e1"), event("e2"))
    stored = world.store.get(Ref("ops_traces", "events~%252Ftests%7Ee1"))
    assert stored is not None
    world.store.set(stored.ref, stored.data | {"rawBytes": "many"})
    world.collect()
    assert set(world.examples()) == {("events", "%2Ftests~e2")}
    ((key, letter),) = world.dead().items()
    assert key == ("events", "%2Ftests~e1")
    assert letter.field == "rawBytes"
    world.store.set(stored.ref, stored.data | {"changedAt": world.clock()})
    world.collect()
    assert world.dead() == {}


def test_an_example_that_a_person_withdrew_stays_so_when_it_is_told_anew(world: World) -> None:
    world.receive(event("e1"))
    world.collect()
    gone = {"withdrawn_at": world.clock(), "withdrawn_by": "ada", "withdrawn_reason": "asked to"}
    example = world.example("events", "%2Ftests~e1").model_copy(update=gone)
    world.store.set(Ref("ops_examples", example.key()), example.to_map())
    world.receive(event("e1", output="Another answer."))
    world.collect()
    after = world.example("events", "%2Ftests~e1")
    assert world.words(after.content).output == "Another answer."
    assert (after.withdrawn_by, after.kept) == ("ada", False)


def test_the_collectors_rule_says_why_an_example_is_not_kept(world: World) -> None:
    world.receive(event("short", durationMs=9_000.0), event("failed", outcome="failure"))
    world.collect()
    reasons = {name: one.reason for (_, name), one in world.examples().items()}
    assert reasons == {"%2Ftests~short": "trivial", "%2Ftests~failed": "not-successful"}


def test_what_was_read_is_collected_known_withdrawn_or_dead_over_all_pages(world: World) -> None:
    count = 2 * BATCH + 60
    for start in range(0, count, 230):
        size = min(230, count - start)
        world.receive(*[event(f"e{i}") for i in range(start, start + size)], broken(f"b{start}"))
    report = world.collect().sources["events"]
    assert report.read == count + 2
    assert (report.collected, report.known, report.dead) == (count, 0, {"RATCHET-7101": 2})
    assert (len(world.examples()), len(world.dead())) == (count, 2)


def test_two_collectors_at_once_make_each_example_once(embedded: SqliteStore) -> None:
    world = World(embedded)
    world.receive(*[event(f"e{i}") for i in range(40)], broken())
    world.clock.advance(HOUR)
    threads = [threading.Thread(target=world.collect, args=(timedelta(0),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(world.examples()), len(world.dead())) == (40, 1)
    assert world.dead()["events", "%2Ftests~bad"].attempts == 1


def test_an_example_costs_three_reads_and_a_write(embedded: SqliteStore) -> None:
    store = CountingStore(embedded)
    world = World(store)
    world.collect()
    world.receive(*[event(f"e{i}") for i in range(BATCH)])
    before = store.bill
    assert world.collect().collected == BATCH
    cost = store.bill - before
    # The trace, the example and its dead letter; beside them cursors, and labels 30 at once.
    assert 3 * BATCH <= cost.reads <= 3 * BATCH + 60
    assert BATCH <= cost.writes <= BATCH + 30


def test_what_is_too_much_for_one_call_is_left_to_the_next_and_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "MAX_READ", BATCH)
    for start in (0, 250):
        world.receive(*[event(f"e{i}") for i in range(start, start + 250)])
    first = world.collect(MINUTE).sources["events"]
    assert (first.behind, first.collected < 500) == (True, True)
    while world.collect(MINUTE).sources["events"].behind:
        pass
    assert len(world.examples()) == 500


def test_a_batch_is_no_larger_than_fits_into_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "MAX_BYTES", 10_000)  # of four shards
    world.receive(*[event(f"e{i}", output="x" * 2_000) for i in range(30)])
    report = world.collect().sources["events"]
    assert (report.collected, report.behind) == (30, False)


def test_a_batch_that_one_commit_does_not_hold_is_written_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.receive(*[event(f"e{i}") for i in range(40)], broken())
    monkeypatch.setattr("ratchet.store.sqlite.MAX_COMMIT", 8_000)
    report = world.collect().sources["events"]
    assert (report.collected, report.dead) == (40, {"RATCHET-7101": 1})
    assert (len(world.examples()), len(world.dead())) == (40, 1)


def test_a_long_file_that_is_collected_while_it_is_read_loses_no_line(world: World) -> None:
    def lines() -> Iterator[bytes]:
        yield from (trial(task) for task in range(CHUNK))
        world.collect(timedelta(minutes=20))  # 13:00, and the file was begun at 12:40
        yield from (trial(task) for task in range(CHUNK, CHUNK + 10))

    world.clock.advance(timedelta(minutes=40))
    assert world.receive_file(lines(), "airline").accepted == CHUNK + 10
    world.collect()
    assert len(world.examples()) == CHUNK + 10


def test_documents_that_are_broken_by_hand_stop_no_source(world: World) -> None:
    world.store.set(Ref("ops_labels", "l1"), {"withdrawnAt": NOON})
    world.store.set(Ref("ops_labels", "長" * 400), {"loadedAt": NOON})
    world.run("r1")
    world.collect()
    run = world.store.get(Ref("ops_runs", "r1"))
    assert run is not None
    world.store.set(run.ref, {"shard": 0})
    world.receive(event("e1"))
    totals = {"shard": 0, "changedAt": world.clock()}
    world.store.set(Ref("ops_run_totals", "r1"), totals)
    world.store.set(Ref("ops_checkpoints", "collect~trajectories~0"), {"at": "long ago"})
    report = world.collect()
    assert {name: sum(one.dead.values()) for name, one in report.sources.items()} == {
        "events": 0,
        "labels": 0,
        "runs": 1,
        "trajectories": 0,
    }
    assert report.sources["events"].collected == 1
    assert sorted(source for source, _ in world.dead()) == ["labels", "labels", "runs"]


def test_words_are_written_before_too_many_are_in_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "MAX_BYTES", 5_000)
    for number in range(5):
        address = world.blobs.put(f"Text {number}. ".encode() + b"x" * 3_000)
        world.run(f"r{number}", input=f"blob:{address}")
    world.blobs = counted = FaultyBlobs(world.blobs)
    assert world.collect().sources["runs"].collected == 5
    assert [len(list(calls)) for name, calls in groupby(counted.log) if name == "get"] == [2, 2, 1]


def test_a_source_that_fails_keeps_no_other_from_being_collected(embedded: SqliteStore) -> None:
    world = World(embedded)
    world.receive(event("e1"))
    world.run("r1")
    world.blobs = FaultyBlobs(world.blobs, 1, error=Unavailable("no answer"))
    with pytest.raises(Unavailable):
        world.collect()
    assert list(world.examples()) == [("runs", "r1")]
    world.collect()
    assert ("events", "%2Ftests~e1") in world.examples()


class Meeting(MemoryBlobs):
    """Blobs that answer nobody before two have asked."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = threading.Barrier(2, timeout=10)

    def put(self, data: bytes) -> str:
        self.barrier.wait()
        return super().put(data)

    def get(self, sha256: str) -> bytes:
        self.barrier.wait()
        return super().get(sha256)


def test_blobs_are_not_waited_for_one_by_one(embedded: SqliteStore) -> None:
    world = World(embedded, Meeting())
    world.receive(*(event(f"e{i}") for i in range(4)))
    assert world.collect().collected == 4

"""A run is extracted with what it refers to, what was observed of it, and what was said of it."""

import json

import pytest

from ratchet.datasets.extract.clean import MAX_RAW
from ratchet.kernel.errors import Malformed
from ratchet.observe.run_totals import RunObserved, RunTotals
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World
from tests.support.faulty_blobs import FaultyBlobs


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return World(embedded)


def observed(world: World, run_id: str, **sums: int) -> None:
    """Let observations of a run be summed, as the scorer does."""
    run = world.store.get(Ref("ops_runs", run_id))
    assert run is not None
    now = world.clock()
    totals = RunTotals(
        run_id=run_id,
        shard=run.data["shard"],
        sums=RunObserved(**sums),
        changed_at=now,
        expire_at=run.data["expireAt"],
    )
    world.store.set(Ref("ops_run_totals", run_id), totals.to_map())


def test_references_are_read_from_the_blobs(world: World) -> None:
    trace = json.dumps([{"role": "user", "content": "Left?"}]).encode()
    address = world.blobs.put(b"Which way is shorter?")
    world.run("r1", input=f"blob:{address}", traces=[f"blob:{world.blobs.put(trace)}"])
    world.collect()
    words = world.words(world.example("runs", "r1").content)
    assert (words.input, words.output) == ("Which way is shorter?", "The left one.")
    assert [step.text for step in words.steps] == ["Left?"]


def test_a_run_that_refers_to_nothing_of_ours_is_a_dead_letter(world: World) -> None:
    world.run("r1", output="https://example.com/answer.txt")
    world.run("r2", traces=[f"blob:{world.blobs.put(b'[' * 100_000)}"])
    world.run("r3", input=f"blob:{world.blobs.put(bytes(range(256)))}")
    world.collect()
    told = {name: (one.code, one.field) for (_, name), one in world.dead().items()}
    assert told["r1"] == ("RATCHET-7103", "output")
    assert told["r3"] == ("RATCHET-7102", "input")
    assert told["r2"][0] == "RATCHET-7102"
    assert world.examples() == {}


def test_a_run_without_an_input_is_words_of_nothing(world: World) -> None:
    world.run("r1", input=None)
    report = world.collect()
    assert report.sources["runs"].read == 0
    assert (world.examples(), world.dead()) == ({}, {})


def test_what_is_observed_later_is_known_of_the_example(world: World) -> None:
    world.run("r1")
    world.collect()
    assert world.example("runs", "r1").facts.tokens is None
    observed(world, "r1", n=1, tokens_in=300, tokens_out=200, retries=2)
    world.collect()
    after = world.example("runs", "r1")
    assert (after.facts.tokens, after.facts.retries, after.reason) == (500, 2, "troubled")


def test_a_run_that_is_told_anew_replaces_its_example(world: World) -> None:
    world.run("r1", outcome="failure")
    world.collect()
    assert world.example("runs", "r1").reason == "not-successful"
    world.run("r1")
    world.collect()
    assert world.example("runs", "r1").reason == ""
    assert len(world.examples()) == 1


def test_a_run_costs_four_reads_and_a_write(embedded: SqliteStore) -> None:
    store = CountingStore(embedded)
    world = World(store)
    world.collect()
    for i in range(50):
        world.run(f"r{i}", input=f"Question {i}?")
    before = store.bill
    assert world.collect().collected == 50
    cost = store.bill - before
    # The run and what was observed of it, the example and its dead letter.
    assert 4 * 50 <= cost.reads <= 4 * 50 + 60
    assert 50 <= cost.writes <= 50 + 30


def test_a_run_that_refers_to_more_than_a_trace_may_have_is_not_read_to_its_end(
    world: World,
) -> None:
    address = world.blobs.put(b"x" * (MAX_RAW // 2))
    counted = FaultyBlobs(world.blobs)
    world.blobs = counted
    world.run("r1", traces=[f"blob:{address}"] * 10)
    world.collect()
    assert world.dead()["runs", "r1"].code == Malformed.code
    assert counted.log.count("get") == 2

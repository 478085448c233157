"""What arrives is kept once as its bytes, and whoever sent what is not taken is told why."""

import json
from collections.abc import Iterator

import pytest

from ratchet.datasets.collecting import receive
from ratchet.datasets.collecting.receive import LONGEST_ID, MAX_EVENTS, Received
from ratchet.datasets.collecting.trace import Trace
from ratchet.datasets.extract.clean import MAX_RAW
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, event, trial


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return World(embedded)


def traces(world: World) -> dict[str, Trace]:
    stored = world.store.query(Query(Trace.collection))
    return {one.source_id: one for one in (Trace.from_store(s.data) for s in stored)}


def test_an_event_is_kept_as_it_arrived_in_a_shard_of_its_own(world: World) -> None:
    assert world.receive(event("e1", output="Bonn")).to_map() == {
        "accepted": 1,
        "known": 0,
        "rejected": (),
    }
    (trace,) = traces(world).values()
    assert (trace.source, trace.revision, trace.received_by) == ("events", 1, "tests")
    assert json.loads(world.blobs.get(trace.raw)) == event("e1", output="Bonn")
    assert trace.expire_at - trace.changed_at == 180 * 24 * HOUR


def test_the_same_event_again_changes_nothing_and_another_content_is_a_revision(
    store: Store,
) -> None:
    world = World(store)
    world.receive(event("e1"), event("e2"))
    before = traces(world)
    world.clock.advance(HOUR)
    reordered = dict(reversed(list(event("e1").items())))
    again = world.receive(reordered, event("e2", output="It moved."))
    assert (again.accepted, again.known) == (1, 1)
    after = traces(world)
    assert after["%2Ftests~e1"] == before["%2Ftests~e1"]
    assert after["%2Ftests~e2"].revision == 2
    assert after["%2Ftests~e2"].changed_at == world.clock()


def test_ids_of_two_sources_are_two_events_and_a_long_one_is_its_hash(world: World) -> None:
    world.receive(
        event("a") | {"source": "s", "id": "t~a"},
        event("a") | {"source": "s~t", "id": "a"},
        event("a") | {"source": "x" * 5000, "id": "é" * 5000},
    )
    assert len(traces(world)) == 3
    assert max(map(len, traces(world))) == len("sha256:") + 64


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "half \ud800"}, "id"),
        ({"source": None}, "source"),
        ({"type": "execution.began"}, "type"),
        ({"specversion": "0.3"}, "specversion"),
    ],
)
def test_an_event_that_is_none_is_refused_by_field_and_the_others_are_kept(
    world: World, wrong: dict[str, object], field: str
) -> None:
    answer = world.receive(event("e1"), event("e2") | wrong, event("e3"))
    assert [(one.index, one.field) for one in answer.rejected] == [(1, field)]
    assert set(traces(world)) == {"%2Ftests~e1", "%2Ftests~e3"}


def test_a_batch_of_nothing_but_refused_events_is_refused(world: World) -> None:
    with pytest.raises(InvalidBatch) as refused:
        world.receive(event("e1") | {"id": ""})
    assert refused.value.rejected[0].field == "id"
    assert (refused.value.field, refused.value.message) == (
        "id",
        "id: a text is wanted, and not empty",
    )
    with pytest.raises(InvalidBatch, match=r"all 2 .* the first: type: not execution.completed"):
        world.receive(event("e1") | {"type": "x"}, event("e2") | {"id": ""})
    for count in (0, MAX_EVENTS + 1):
        with pytest.raises(InvalidInput, match="1 to 500"):
            world.receive(*[event()] * count)
    assert traces(world) == {}


def test_half_a_character_inside_an_event_is_kept_for_the_extractor_to_find(world: World) -> None:
    world.receive(event("e1", input="half \ud800 of one"))
    (trace,) = traces(world).values()
    assert b"half \\ud800 of one" in world.blobs.get(trace.raw)


def test_a_line_is_known_by_its_file_task_and_trial_so_that_it_can_be_mended(world: World) -> None:
    world.receive_lines(trial(3, 1), b"", b"  \r\n", trial(4, 0))
    again = world.receive_lines(trial(3, 1, reward=0.0), trial(4, 0))
    assert (again.accepted, again.known) == (1, 1)
    assert {name: one.revision for name, one in traces(world).items()} == {
        "airline~3~1": 2,
        "airline~4~0": 1,
    }
    world.receive_lines(trial(3, 1), name="retail")
    assert "retail~3~1" in traces(world)


def test_two_lines_of_a_file_that_say_the_same_trial_are_both_kept(world: World) -> None:
    lines = trial(3, 1), trial(3, 1, reward=0.0)
    assert world.receive_lines(*lines).accepted == 2
    assert world.receive_lines(*lines).known == 2
    assert sum(one.revision for one in traces(world).values()) == 2


def test_lines_without_a_file_or_a_task_are_known_by_their_bytes(world: World) -> None:
    for name in ("", "airline"):
        sent = world.receive_lines(trial(1), b"no json", b"[1]", b'{"task_id": null}', name=name)
        assert sent.accepted == 4
    assert (
        sorted(name.partition("~")[0] for name in traces(world) if "~" in name) == ["airline"] * 4
    )
    assert world.receive_lines(trial(1), name="").known == 1


def test_a_file_without_a_trajectory_is_refused_before_any_of_it_is_kept(world: World) -> None:
    pretty = b'[\n  {\n    "task_id": 1,\n    "traj": []\n  }\n]'.split(b"\n")
    with pytest.raises(InvalidInput, match="6 lines of airline, and none") as refused:
        world.receive_lines(*pretty)
    assert refused.value.field == "file"
    assert traces(world) == {}
    assert world.receive_lines(*pretty, trial(1)).accepted == 7
    assert world.receive_lines(b"", b" ") == Received()


def test_what_is_no_trajectory_is_not_held_back_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "CHUNK_BYTES", 100)
    read: list[int] = []

    def lines() -> Iterator[bytes]:
        for number in range(50):
            read.append(number)
            yield b"no json, and long enough to be over it with three"

    with pytest.raises(InvalidInput, match="3 lines of airline"):
        world.receive_file(lines(), "airline")
    assert len(read) == 3


def test_long_lines_are_kept_before_more_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "CHUNK_BYTES", 5_000)
    kept: list[int] = []

    def lines() -> Iterator[bytes]:
        for task in range(4):
            kept.append(len(traces(world)))
            yield trial(task, info={"x": "y" * 3_000})

    world.receive_file(lines(), "airline")
    assert kept == [0, 0, 2, 2]


def test_a_file_may_have_as_long_a_name_as_a_file_has(world: World) -> None:
    assert world.receive_lines(trial(1), b"no json", name="n" * 255).accepted == 2
    assert all(len(source_id) <= LONGEST_ID for source_id in traces(world))


def test_a_line_over_the_limit_is_answered_and_not_kept(world: World) -> None:
    sent = world.receive_lines(trial(1), b"x" * (MAX_RAW + 1), trial(2))
    assert [(one.index, one.reason) for one in sent.rejected] == [
        (1, "8388609 bytes, a trace has at most 8388608")
    ]
    assert set(traces(world)) == {"airline~1~0", "airline~2~0"}


def test_to_receive_costs_a_read_and_a_write_each(embedded: SqliteStore) -> None:
    store = CountingStore(embedded)
    world = World(store)
    world.receive(event("warm"))
    before = store.bill
    world.receive(*[event(f"e{i}") for i in range(300)])
    cost = store.bill - before
    assert (cost.reads, cost.writes) == (300, 300)

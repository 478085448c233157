"""Poisoned bytes end as dead letters with their code, and the traces beside them as examples."""

import json

import pytest

from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, event, trial

DEEP = b'{"task_id":1,"trial":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def asked(text: str) -> bytes:
    said = [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]
    return trial(9, traj=said)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\x89PNG\r\x1a\x00\xff", "RATCHET-7102"),
        (asked("\x00\x01\x02\x03"), "RATCHET-7102"),
        (asked("half \ud800"), "RATCHET-7102"),
        (DEEP, "RATCHET-7102"),
        (b'{"task_id": 1, "task_id": 2}', "RATCHET-7101"),
        (b'{"task_id": 1', "RATCHET-7101"),
        (b"[]", "RATCHET-7101"),
    ],
    ids=["binary", "control", "surrogate", "deep", "twice", "cut", "list"],
)
def test_a_poisoned_line_of_a_file_is_a_dead_letter(
    embedded: SqliteStore, line: bytes, code: str
) -> None:
    world = World(embedded)
    world.receive_lines(trial(1), line, trial(2))
    world.collect()
    (letter,) = world.dead().values()
    assert letter.code == code
    assert letter.raw is not None
    assert world.blobs.get(letter.raw) == line
    assert {source_id for _, source_id in world.examples()} == {"airline~1~0", "airline~2~0"}


def test_marks_of_direction_are_text_like_any_other(embedded: SqliteStore) -> None:
    world = World(embedded)
    text = "Book \u202eevil\u202c and \u2066this\u2069"
    world.receive_lines(asked(text))
    world.receive(event("e1", input=text))
    world.collect()
    words = {world.words(one.content).input for one in world.examples().values()}
    assert (words, world.dead()) == ({text}, {})


def test_an_event_with_half_a_character_is_a_dead_letter(embedded: SqliteStore) -> None:
    world = World(embedded)
    sent = json.loads(json.dumps(event("e1", input="half \ud800")))
    world.receive(sent, event("e2"))
    world.collect()
    assert [one.code for one in world.dead().values()] == ["RATCHET-7102"]
    assert set(world.examples()) == {("events", "%2Ftests~e2")}

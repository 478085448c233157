"""Memory: each subject stands for itself, old data count once, and what is well takes no place."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ratchet.insight.hysteresis import Band
from ratchet.insight.memory import FORGOTTEN, MOST, Memory, followed, parse_memory
from ratchet.insight.rule import Condition
from ratchet.store.port import Ref, Snapshot
from tests.support.watching import FIVE, NOON

BAND = Band(opens=10, closes=5, opens_after=2, closes_after=2)


def at(level: float, subject: str = "a", **fields: object) -> Condition:
    return Condition.parse(
        {"subject": subject, "text": "t", "command": "c", "level": level} | fields
    )


def followed_all(*seen: list[Condition]) -> tuple[Memory, list[list[str]]]:
    """Return what is kept in the end, and what was open after each look."""
    memory, opened = Memory(), []
    for i, found in enumerate(seen):
        memory = followed(memory, found, BAND, NOON + i * FIVE).memory
        opened.append(memory.open)
    return memory, opened


def test_each_subject_stands_for_itself() -> None:
    look = [at(11, "a"), at(11, "b"), at(1, "c")]
    _, opened = followed_all(look, [at(11, "a"), at(7, "b"), at(11, "c")], [at(11, "c")])
    assert opened == [[], ["a"], ["a", "c"]]


def test_a_look_without_data_neither_opens_nor_closes_nor_breaks_the_row() -> None:
    _, opened = followed_all([at(11)], [], [at(11)], [at(1)], [], [], [at(1)])
    assert opened == [[], [], ["a"], ["a"], ["a"], ["a"], []]


def test_the_same_data_seen_again_are_no_second_look() -> None:
    old = at(11, as_of=NOON)
    _, opened = followed_all([old], [old], [old], [at(11, as_of=NOON + FIVE)])
    assert opened == [[], [], [], ["a"]]


def test_what_is_open_is_bad_until_it_is_well() -> None:
    memory, _ = followed_all([at(11)], [at(11)])
    for level, bad in ((11.0, 1), (7.0, 1), (5.0, 0)):
        turn = followed(memory, [at(level)], BAND, NOON + FIVE)
        assert (len(turn.bad), turn.opened, turn.closed) == (bad, [], [])


def test_what_is_well_takes_no_place() -> None:
    memory, _ = followed_all(
        [at(11)], [at(11)], [at(1)], [at(1)], [at(3, f"s{i}") for i in range(9)]
    )
    assert memory.subjects == ()
    assert memory.at == NOON + 4 * FIVE


def test_a_subject_that_is_gone_is_forgotten_in_the_end() -> None:
    memory, _ = followed_all([at(11)], [at(11)])
    soon = followed(memory, [], BAND, NOON + FORGOTTEN)
    assert soon.memory.open == ["a"]
    late = followed(memory, [], BAND, NOON + FIVE + FORGOTTEN)
    assert (late.memory.subjects, late.closed) == ((), [])


def test_only_so_many_are_kept_and_those_that_are_open_come_first() -> None:
    many = [at(11, f"s{i:04d}") for i in range(MOST)]
    memory, _ = followed_all([at(11, "z")], [at(11, "z"), *many])
    assert len(memory.subjects) == MOST
    assert memory.subjects[0].subject == "z"


def test_what_was_broken_by_hand_begins_anew() -> None:
    broken = Snapshot(Ref("ops_checkpoints", "watch~x"), {"v": 1, "value": {"at": "soon"}}, 1)
    assert parse_memory(broken) == parse_memory(None) == Memory()


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(0, 20)), max_size=30),
)
def test_what_opens_and_closes_adds_up_to_what_is_open(series: list[dict[str, float]]) -> None:
    memory, open_now = Memory(), set[str]()
    for i, found in enumerate(series):
        turn = followed(
            memory, [at(v, s) for s, v in found.items()], BAND, NOON + timedelta(minutes=i)
        )
        assert not set(turn.opened) & open_now
        assert set(turn.closed) <= open_now
        open_now = open_now - set(turn.closed) | set(turn.opened)
        memory = parse_memory(
            Snapshot(Ref("ops_checkpoints", "watch~x"), {"value": turn.memory.to_map()}, 1)
        )
        assert set(memory.open) == open_now

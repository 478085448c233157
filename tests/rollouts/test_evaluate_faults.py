"""Death and lost answers at every store call of what decides about a rollout."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import pytest

from ratchet.kernel.errors import RatchetError, Unavailable
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import assert_sound, verdicts
from tests.support.faults import Died, FaultyStore
from tests.support.governed import entries, head_of, statuses
from tests.support.turns import TURNS

EVERY = pytest.mark.parametrize("name", TURNS)
READS = {"get", "get_many", "query", "stream"}
# What writes the most; Firestore's calls are dear, and its commits are where it may differ.
FEW = pytest.mark.parametrize("name", ["activation", "regression"])


class Clean(NamedTuple):
    """How a turn ends where nothing fails, and the calls it takes."""

    end: tuple[Any, ...]
    calls: Sequence[str]


def ended(store: Store) -> tuple[Any, ...]:
    """Return how a policy stands: its head, all statuses, what audit and verdicts say was done."""
    done = [(verdict.id, verdict.effect) for verdict in verdicts(store) if verdict.effect != "none"]
    head, actions = head_of(store), [entry.action for entry in entries(store)]
    return head.active, head.rollout, statuses(store), done, actions


@lru_cache
def clean(name: str) -> Clean:
    turn, store = TURNS[name], FaultyStore(SqliteStore())
    turn.before(store)
    start = store.calls
    turn.decide(store)
    assert ended(store)[-1][-len(turn.actions) :] == list(turn.actions)
    assert_sound(store)
    return Clean(ended(store), store.log[start:])


def die(store: Store, name: str, after: Sequence[int]) -> None:
    """Die after some calls, one attempt after the other, and then run to the end."""
    turn, end = TURNS[name], clean(name).end
    turn.before(store)
    for call in after:
        with suppress(Died, RatchetError):  # what a person did already is refused
            turn.decide(FaultyStore(store, call, "after"))
        assert_sound(store)
    with suppress(RatchetError):
        turn.decide(store)
    assert ended(store) == end
    assert_sound(store)


@EVERY
def test_a_death_after_any_call_leaves_nothing_half_done_and_another_run_ends_it(
    embedded: Store, name: str
) -> None:
    calls = clean(name).calls
    read = calls.index("commit")
    assert set(calls[:read]) <= READS  # so a death among these leaves all as it was
    die(embedded, name, range(read, len(calls) + 1))


@FEW
def test_a_death_about_a_commit_leaves_nothing_half_done(store: Store, name: str) -> None:
    commit = 1 + clean(name).calls.index("commit")
    die(store, name, [commit - 1, commit, commit + 1])


@EVERY
def test_a_lost_answer_to_the_commit_decides_once(embedded: Store, name: str) -> None:
    lose(embedded, name)


@FEW
def test_a_commit_whose_answer_was_lost_is_found_again(store: Store, name: str) -> None:
    lose(store, name)


def lose(store: Store, name: str) -> None:
    turn, (end, calls) = TURNS[name], clean(name)
    turn.before(store)
    commit = 1 + calls.index("commit")
    turn.decide(FaultyStore(store, commit, "after", Unavailable("the answer was lost")))
    assert ended(store) == end
    assert_sound(store)

"""Idempotency keys: done once, answered as first; one that died does not block for ever."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry.http.door import Reply
from ratchet.entry.http.v1.idempotency import Once, once
from ratchet.entry.wiring import serving, wire
from ratchet.govern.kept_answer import KeptAnswer
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import DAY, ManualClock
from ratchet.kernel.errors import Conflict, InvalidInput, Unavailable
from ratchet.store.port import Query, Store
from tests.support.faults import Died, FaultyStore
from tests.support.functions import ADMIN, Answer, Functions
from tests.support.governed import KEYS, NOON, POLICY, SECOND, head_of

DRAFT: dict[str, Any] = {"agent": POLICY, "params": {"cooldownMs": 10}, "reason": "faster"}
BOB = Actor(name="bob-uid", kind="person", role="admin")


def drafted(functions: Functions, key: str | None, actor: Actor = ADMIN, **changes: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    sent = DRAFT | changes
    return functions.send("api/v1/bundles", actor=actor, json=sent, headers=headers)


def test_a_request_that_is_sent_again_is_answered_as_first_and_done_once(
    functions: Functions, governed: Store, clock: ManualClock
) -> None:
    first = drafted(functions, "k-1")
    assert (first.status, first.body["version"]) == (200, "1.0.4")
    assert "Idempotent-Replay" not in first.response.headers
    clock.advance(DAY - SECOND)
    again = drafted(functions, "k-1")
    assert (again.status, again.body) == (200, first.body)
    assert again.response.headers["Idempotent-Replay"] == "true"
    assert head_of(governed).latest == "1.0.4"


def test_without_a_key_with_another_or_as_another_caller_it_is_another_request(
    functions: Functions, governed: Store
) -> None:
    asked = [(None, ADMIN), (None, ADMIN), ("k-1", ADMIN), ("k-2", ADMIN), ("k-1", BOB)]
    found = [drafted(functions, key, actor).body["version"] for key, actor in asked]
    assert found == ["1.0.4", "1.0.5", "1.0.6", "1.0.7", "1.0.8"]


def test_another_request_under_a_key_is_refused(functions: Functions, governed: Store) -> None:
    drafted(functions, "k-1")
    found = drafted(functions, "k-1", notes="another")
    assert (found.status, found.error["code"]) == (409, "RATCHET-4001")
    assert found.error["field"] == "Idempotency-Key"
    assert "Retry-After" not in found.response.headers
    other = functions.send(
        f"api/v1/bundles/{POLICY}/1.0.4/propose",
        actor=ADMIN,
        json={"reason": "x"},
        headers={"Idempotency-Key": "k-1"},
    )
    assert other.status == 409
    assert head_of(governed).latest == "1.0.4"


def test_a_refusal_is_kept_too(functions: Functions, governed: Store) -> None:
    first = drafted(functions, "k-1", version="1.0.1")
    second = drafted(functions, "k-1", version="0.0.1")
    assert first.status == 409  # `try again` is not kept
    assert (second.status, second.error["field"]) == (400, "version")
    again = drafted(functions, "k-1", version="0.0.1")
    assert again.body == second.body
    assert again.response.headers["Idempotent-Replay"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 129, "-x"])
def test_a_key_that_is_none_is_refused_before_anything_is_done(
    functions: Functions, governed: Store, key: str
) -> None:
    found = drafted(functions, key)
    assert (found.status, found.error["field"]) == (400, "Idempotency-Key")
    assert head_of(governed).latest == "1.0.3"


ASKED = Once("ada", "k-1", "hash", seconds=60)


def test_while_it_is_under_way_it_is_not_done_again(embedded: Store) -> None:
    clock, inner = ManualClock(NOON), []

    def slow() -> Reply:
        clock.advance(20 * SECOND)
        inner.append(once(embedded, ASKED, clock, lambda: Reply({"n": 2})))
        return Reply({"n": 1})

    assert once(embedded, ASKED, clock, slow).data == {"n": 1}
    (meanwhile,) = inner
    assert (meanwhile.status, meanwhile.headers["Retry-After"]) == (409, "40")
    assert meanwhile.data["error"]["field"] == "Idempotency-Key"
    assert once(embedded, ASKED, clock, lambda: Reply({"n": 3})).data == {"n": 1}


def test_who_takes_over_what_was_held_too_long_keeps_his_answer(embedded: Store) -> None:
    clock = ManualClock(NOON)

    def slow() -> Reply:
        clock.advance(61 * SECOND)
        once(embedded, ASKED, clock, lambda: Reply({"n": 2}))
        return Reply({"n": 1})

    assert once(embedded, ASKED, clock, slow).data == {"n": 1}
    assert once(embedded, ASKED, clock, lambda: Reply({"n": 3})).data == {"n": 2}


def test_after_a_day_a_key_is_as_new(embedded: Store) -> None:
    clock = ManualClock(NOON)
    once(embedded, ASKED, clock, lambda: Reply({"n": 1}))
    clock.advance(DAY)
    other = Once("ada", "k-1", "another", seconds=60)
    assert once(embedded, other, clock, lambda: Reply({"n": 2})).data == {"n": 2}


@pytest.mark.parametrize("error", [Unavailable("away"), Conflict("try again"), ZeroDivisionError()])
def test_what_says_try_again_is_not_kept(embedded: Store, error: Exception) -> None:
    clock = ManualClock(NOON)

    def failing() -> Reply:
        raise error

    with pytest.raises(type(error)):
        once(embedded, ASKED, clock, failing)
    assert once(embedded, ASKED, clock, lambda: Reply({"n": 1})).data == {"n": 1}


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(embedded: Store) -> None:
    clock = ManualClock(NOON)
    large = {"text": "x" * 1_100_000}
    assert once(embedded, ASKED, clock, lambda: Reply(large)).data == large


def test_a_death_at_any_call_blocks_the_key_for_its_time_and_no_longer(
    governed: Store, functions: Functions, clock: ManualClock
) -> None:
    """Each key dies at another call; its time over, the request is made again, and kept."""
    counting = FaultyStore(governed)
    with serving(wire(counting, KEYS, clock)):
        drafted(functions, "counted")
    refused = 0
    for die_at in range(1, counting.calls + 1):
        key = f"k-{die_at}"
        faulty = FaultyStore(governed, die_at, "after")
        with serving(wire(faulty, KEYS, clock)), suppress(Died):
            drafted(functions, key)
        at_once = drafted(functions, key)
        if at_once.status == 409:
            refused += 1
            wait = int(at_once.response.headers["Retry-After"])
            assert 0 < wait <= 60
            clock.advance(timedelta(seconds=wait))
            at_once = drafted(functions, key)
        assert at_once.status == 200, (die_at, at_once.body)
        again = drafted(functions, key)
        assert again.body == at_once.body
    assert refused > 2


def test_keys_are_forgotten_when_their_time_is_up(embedded: Store) -> None:
    once(embedded, ASKED, ManualClock(NOON), lambda: Reply({}))
    assert embedded.expire(KeptAnswer.collection, NOON + DAY + SECOND) == 1
    assert embedded.query(Query(KeptAnswer.collection)) == []


def test_a_key_of_many_signs_is_refused_where_no_door_has_looked(embedded: Store) -> None:
    with pytest.raises(InvalidInput):
        once(embedded, Once("ada", "a/b", "hash", 60), ManualClock(NOON), lambda: Reply({}))

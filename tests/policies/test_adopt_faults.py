"""A store that fails while a version created by hand is adopted: no draft of a person is lost."""

from itertools import count
from typing import Any, Literal

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.kernel.errors import Conflict, Unavailable
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.history import get_version
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import NEXT, console_of, written
from tests.support.faults import Died, FaultyStore
from tests.support.governed import KEYS, alerts, assert_agreement, entries

FIRST = "planner-core@1.0.0"
CREATED: list[tuple[str, dict[str, Any]]] = [
    (NEXT, written()),
    (FIRST, {"id": "planner-core", "version": "1.0.0", "params": {"steps": 3}}),
]


def failing_at(place: int, key: str, data: dict[str, Any], **fault: Any) -> tuple[Console, bool]:
    """Let the store fail at one call of the adoption; return whether there was such a call."""
    console = console_of(SqliteStore())
    console.write(key, data)
    (told,) = console.events
    faulty = FaultyStore(console.store, place, **fault)
    try:
        guard_policy(faulty, KEYS, told, now=console.now)
    except (Unavailable, Conflict, Died):
        found = console.read(key)
        assert {name: found[name] for name in data} == data, "the trigger will be told again"
    return console, faulty.calls >= place


@pytest.mark.parametrize(("key", "data"), CREATED)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "error", [Unavailable("no answer"), Conflict("somebody was first"), Died("gone")], ids=repr
)
def test_a_fault_at_any_call_keeps_the_draft_and_it_is_adopted_when_told_again(
    key: str, data: dict[str, Any], when: Literal["before", "after"], error: Exception
) -> None:
    for place in count(1):
        console, struck = failing_at(place, key, data, when=when, error=error)
        console.deliver(console.events)
        made = get_version(console.store, KEYS, *key.split("@"))
        assert (made.status, made.params) == ("draft", data["params"])
        assert alerts(console.store) == []
        assert [e.action for e in entries(console.store, made.id)][-1] == "propose"
        assert verify_audit(console.store, KEYS, made.id).valid
        assert_agreement(console.store)
        console.store.close()
        if not struck:
            break
    assert place > 4  # each read, and the commit

"""Hand edits and their events, mixed at random: whatever comes between, the end is whole."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.kernel.errors import RatchetError
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.version import is_signed
from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import ACTIVE, AFTER, DRAFT, FORMER, NEXT, console_of, written
from tests.support.governed import KEYS, alerts, assert_agreement, head_of, weights
from tests.support.on_road import start_canary

pytestmark = pytest.mark.slow


def set_out(c: Console) -> None:
    """Let a person start a canary of the draft, where that goes."""
    with suppress(RatchetError):
        c.watch(lambda now: start_canary(c.store, now=now))


ACTS: list[Callable[[Console], None]] = [
    lambda c: c.write(NEXT, written()),
    lambda c: c.write(NEXT, written(status="active")),
    lambda c: c.write(AFTER, written("1.0.5", 0.53)),
    lambda c: c.write(NEXT, None),
    lambda c: c.write(NEXT, {"hello": "world"}),
    lambda c: c.edit(NEXT, params=weights(0.51)),
    lambda c: c.edit(NEXT, status="active"),
    lambda c: c.edit(NEXT, status="rejected"),
    lambda c: c.edit(DRAFT, status="active"),
    lambda c: c.edit(FORMER, status="active"),
    lambda c: c.edit(ACTIVE, status="archived"),
    lambda c: c.edit(ACTIVE, notes="mine"),
    lambda c: c.write(DRAFT, None),
    lambda c: c.edit(DRAFT, status="canary"),
    set_out,
]


class Storm:
    """A console whose events are judged late, in any order, and more than once."""

    def __init__(self) -> None:
        self.console = console_of(SqliteStore())
        self.judged = 0

    def judge(self, choice: int) -> None:
        """Judge one of the events there are, judged before or not; its writes are events, too."""
        events = self.console.events
        if events:
            event = events[choice % len(events)]
            c = self.console
            c.watch(lambda now: guard_policy(c.store, KEYS, event, now=now))

    def settle(self) -> None:
        self.console.deliver(self.console.events)


STEPS = st.lists(
    st.one_of(st.sampled_from(ACTS), st.integers(min_value=0, max_value=50)), max_size=14
)


@settings(max_examples=150)
@given(STEPS)
def test_whatever_is_edited_and_judged_between_the_policy_ends_whole(
    steps: list[Callable[[Console], None] | int],
) -> None:
    storm = Storm()
    for step in steps:
        if isinstance(step, int):
            storm.judge(step)
        else:
            step(storm.console)
    storm.settle()
    store = storm.console.store
    assert_agreement(store)
    head = head_of(store)
    assert head.active in ("1.0.2", "1.0.1")
    for found in store.query(Query("ops_policies")):
        assert is_signed(KEYS, found.ref.id, found.data), found.ref
    assert set(head.activated) == {"1.0.0", "1.0.1", "1.0.2"}  # no draft passed its gates
    for alert in alerts(store):
        assert alert.command.startswith(("ratchet policy ", "ratchet rollout "))
    store.close()

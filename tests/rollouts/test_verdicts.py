"""Which verdicts there are: one a rollout and hour, newest first, and none believed unsealed."""

from datetime import datetime, timedelta, timezone

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import BadSignature, NotFound
from ratchet.rollouts.verdict import VERDICTS
from ratchet.rollouts.verdicts import get_verdict, last_verdict, verdict_key, verdicts_of
from ratchet.store.port import Ref, Store
from tests.support.carried import LOOK, carried
from tests.support.governed import KEYS
from tests.support.turns import ready

NAMES = [f"router-core-r4~20260102T{hour}" for hour in (18, 19, 20)]


def held(store: Store) -> str:
    """Record three verdicts, hour after hour; returns the rollout's id."""
    rollout = ready(store)
    for hour in range(3):
        carried(store, rollout, "HOLD", now=LOOK + hour * HOUR)
    return rollout.id


def test_an_hour_has_one_name_in_every_time_zone() -> None:
    at = datetime(2026, 1, 2, 23, 59, tzinfo=timezone(timedelta(hours=5)))
    assert verdict_key("router-core-r4", at) == NAMES[0]


def test_verdicts_are_found_newest_first(store: Store) -> None:
    rollout_id = held(store)
    found = verdicts_of(store, KEYS, rollout_id, limit=2)
    assert [verdict.id for verdict in found] == [NAMES[2], NAMES[1]]
    last = last_verdict(store, KEYS, rollout_id)
    earlier = last_verdict(store, KEYS, rollout_id, until=LOOK + HOUR)
    assert last == get_verdict(store, KEYS, NAMES[2])
    assert earlier is not None
    assert earlier.id == NAMES[1]
    assert last_verdict(store, KEYS, "another-r1") is None


def test_one_changed_by_hand_is_refused_by_name_and_passed_over_as_the_last(
    embedded: Store,
) -> None:
    rollout_id = held(embedded)
    found = embedded.get(Ref(VERDICTS, NAMES[2]))
    assert found is not None
    embedded.set(found.ref, found.data | {"decision": "PROMOTE"})
    with pytest.raises(BadSignature):
        get_verdict(embedded, KEYS, NAMES[2])
    with pytest.raises(BadSignature):
        list(verdicts_of(embedded, KEYS, rollout_id, limit=3))
    last = last_verdict(embedded, KEYS, rollout_id)
    assert last is not None
    assert last.id == NAMES[1]


def test_one_that_is_not_there_says_where_they_are_listed(embedded: Store) -> None:
    with pytest.raises(NotFound) as error:
        get_verdict(embedded, KEYS, "nobody~20260101T00")
    assert error.value.mend.startswith("ratchet verdict list")

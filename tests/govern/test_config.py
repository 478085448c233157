"""Configuration: parsed strictly, last good value kept, safe default, read through a cache."""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from ratchet.govern.config import Config, ConfigReader, load_config
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import FLAGS, Flags
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidConfig
from ratchet.store.port import Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ADA, KEYS, NOON, alerts, switch_flags

HOUR = timedelta(hours=1)


class Inner(Model):
    ratio: float = 0.5
    on: bool = False


class Things(Config):
    name: ClassVar[str] = "things"
    ttl: ClassVar[timedelta] = timedelta(minutes=1)

    limit: Annotated[int, Field(ge=1)] = 7
    inner: Inner = Inner()


THINGS = Ref("config", "things")
BROKEN = {"v": 1, "limit": 0}


def limit(store: Store, *, hours: float = 0) -> int:
    return load_config(store, Things, now=NOON + hours * HOUR).limit


def test_a_document_is_read(store: Store) -> None:
    store.set(THINGS, {"v": 1, "limit": 3, "inner": {"ratio": 1, "on": True}})
    found = load_config(store, Things, now=NOON)
    assert (found.limit, found.inner) == (3, Inner(ratio=1.0, on=True))
    assert alerts(store) == []


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": "3"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 2.5}, "limit"),
        ({"limit": None}, "limit"),
        ({"limits": 3}, "limits"),
        ({"inner": {"ratio": "0.5"}}, "inner.ratio"),
        ({"inner": {"on": "yes"}}, "inner.on"),
        ({"inner": {"on": 1}}, "inner.on"),
        ({"inner": []}, "inner"),
    ],
)
def test_what_does_not_parse_strictly_names_its_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig, match="config/things") as caught:
        Things.from_store(data)
    assert caught.value.field == field


def test_a_missing_document_is_the_safe_default(store: Store) -> None:
    assert limit(store) == 7
    assert alerts(store) == []


def test_a_broken_document_is_the_safe_default_and_an_alert(store: Store) -> None:
    store.set(THINGS, BROKEN)
    assert limit(store) == 7
    (alert,) = alerts(store)
    assert (alert.what, alert.subject, alert.severity) == ("config-broken", "things", "warning")
    assert alert.evidence["field"] == "limit"
    assert alert.command == "mend the field in config/things"


@pytest.mark.parametrize("state", ["broken", "missing", "newer than this program"])
def test_the_last_good_value_stays_in_force(store: Store, state: str) -> None:
    store.set(THINGS, {"v": 1, "limit": 3})
    assert limit(store) == 3
    if state == "missing":
        store.delete(THINGS)
    else:
        store.set(THINGS, BROKEN if state == "broken" else {"v": 2, "limit": 4})
    assert limit(store) == 3


def test_a_process_that_starts_cold_has_the_last_good_value_too(store: Store) -> None:
    store.set(THINGS, {"v": 1, "limit": 3})
    ConfigReader(store, ManualClock(NOON)).read(Things)
    store.set(THINGS, BROKEN)
    assert ConfigReader(store, ManualClock(NOON)).read(Things).limit == 3


def test_a_last_good_value_that_no_longer_parses_is_not_used(embedded: Store) -> None:
    embedded.set(Ref("ops_checkpoints", "config~things"), {"v": 1, "value": BROKEN})
    assert limit(embedded) == 7


def test_a_mended_document_is_in_force_again(embedded: Store) -> None:
    for data, expected in [({"limit": 3}, 3), (BROKEN, 3), ({"limit": 5}, 5), (BROKEN, 5)]:
        embedded.set(THINGS, data)
        assert limit(embedded) == expected


def test_a_broken_document_is_alerted_at_most_once_an_hour(embedded: Store) -> None:
    embedded.set(THINGS, BROKEN)
    counts = []
    for hours in (0, 0.5, 0.99, 1.0, 1.5, 2.5):
        limit(embedded, hours=hours)
        counts.append(alerts(embedded)[0].count)
    assert counts == [1, 1, 1, 2, 2, 3]


def test_a_document_that_parses_again_ends_its_alert(store: Store) -> None:
    for data in ({"limit": 3}, BROKEN, BROKEN, {"limit": 3}, BROKEN):
        store.set(THINGS, data)
        limit(store)
    (again,) = alerts(store)
    assert (again.state, again.episode, again.count) == ("open", 2, 1)
    store.delete(THINGS)
    assert limit(store) == 3
    assert [a.state for a in alerts(store)] == ["resolved"]


def test_the_alert_of_broken_flags_ends_when_a_person_sets_them(embedded: Store) -> None:
    embedded.set(FLAGS, {"learning": "on"})
    load_config(embedded, Flags, now=NOON)
    switch_flags(embedded, enabled=True)
    assert load_config(embedded, Flags, now=NOON).learning.enabled
    assert [a.state for a in alerts(embedded)] == ["resolved"]


def test_a_person_who_sets_what_was_broken_ends_its_alert(embedded: Store) -> None:
    embedded.set(THINGS, BROKEN)
    limit(embedded)
    set_config(embedded, KEYS, ADA, Things, {"limit": 4}, reason="mended", now=NOON)
    assert limit(embedded) == 4
    assert [a.state for a in alerts(embedded)] == ["resolved"]


def test_that_it_may_have_been_broken_costs_a_sound_document_no_read(embedded: Store) -> None:
    embedded.set(THINGS, {"limit": 3})
    limit(embedded)
    counting = FaultyStore(embedded)
    limit(counting)
    assert counting.log == ["get_many"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_between_alert_and_mark_leaves_no_alert_behind(
    embedded: Store, when: Literal["before", "after"]
) -> None:
    for call in range(1, 12):
        for data in (BROKEN, {"limit": 3}):
            embedded.set(THINGS, data)
            with suppress(Died):
                limit(FaultyStore(embedded, die_at=call, when=when))
            limit(embedded)
        assert [a.state for a in alerts(embedded)] == ["resolved"], call


def test_the_flags_keep_no_last_good_value(store: Store) -> None:
    switch_flags(store, enabled=True, auto=True)
    assert load_config(store, Flags, now=NOON).learning.enabled
    store.set(FLAGS, {"learning": "on"})
    assert not load_config(store, Flags, now=NOON).learning.enabled
    assert [a.severity for a in alerts(store)] == ["critical"]
    store.delete(FLAGS)
    assert not load_config(store, Flags, now=NOON).learning.enabled


def test_a_value_is_cached_for_its_time_and_no_longer(embedded: Store) -> None:
    clock, counted = ManualClock(NOON), FaultyStore(embedded)
    reader = ConfigReader(counted, clock)
    embedded.set(THINGS, {"limit": 3})
    assert reader.read(Things).limit == 3
    embedded.set(THINGS, {"limit": 4})
    before = counted.calls
    clock.advance(timedelta(seconds=59))
    assert (reader.read(Things).limit, counted.calls) == (3, before)
    clock.advance(timedelta(seconds=1))
    assert reader.read(Things).limit == 4


def test_a_clock_that_was_set_back_keeps_no_value_alive(embedded: Store) -> None:
    clock = ManualClock(NOON)
    reader = ConfigReader(embedded, clock)
    embedded.set(THINGS, {"limit": 3})
    reader.read(Things)
    embedded.set(THINGS, {"limit": 4})
    clock.advance(-HOUR)
    assert reader.read(Things).limit == 4


def test_a_forgotten_value_is_read_anew(embedded: Store) -> None:
    reader = ConfigReader(embedded, ManualClock(NOON))
    assert reader.read(Things).limit == 7
    embedded.set(THINGS, {"limit": 4})
    reader.forget(Things)
    assert reader.read(Things).limit == 4


def test_the_kill_switch_is_seen_within_fifteen_seconds(embedded: Store) -> None:
    clock = ManualClock(NOON)
    reader = ConfigReader(embedded, clock)
    switch_flags(embedded, enabled=True)
    assert reader.read(Flags).learning.enabled
    switch_flags(embedded, enabled=False)
    clock.advance(timedelta(seconds=15))
    assert not reader.read(Flags).learning.enabled

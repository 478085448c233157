"""Hand edits of configuration: audited where they parse, else put back with an alert."""

from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from ratchet.entry.configs import CONFIGS
from ratchet.govern.audit import ConfigHead, verify_audit
from ratchet.govern.config import Config, load_config
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import Flags
from ratchet.kernel.canonical import content_hash
from ratchet.observe.reward import RewardConfig
from ratchet.observe.settings import Ingest
from ratchet.policies.config_edits import guard_config
from ratchet.policies.edit import Edit
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.governed import ADA, KEYS, NOON, alerts, entries, switch_flags

AUTO = {"autoActivatePolicies": True}
GOOD = {"v": 1, "shards": 8}


def console_of(store: Store) -> Console:
    """Return a console on configuration that was set by commands."""
    switch_flags(store, enabled=True, auto=True)
    for kind in (Ingest, RewardConfig):
        set_config(store, KEYS, ADA, kind, {}, reason="seeded", now=NOON)
    return Console(store, Config.collection, partial(guard_config, kinds=CONFIGS))


def assert_whole(store: Store) -> None:
    """Hold every configuration against the audit chain."""
    report = verify_audit(store, KEYS, "config")
    assert report.valid, report.text
    for kind in CONFIGS.values():
        load_config(store, kind, now=NOON)
    assert [a.what for a in alerts(store) if a.what == "config-broken"] == []


def shards(console: Console) -> Any:
    return console.read("ingest").get("shards")


def test_every_configuration_that_there_is_is_guarded() -> None:
    assert {name: kind.name for name, kind in CONFIGS.items()} == {
        "flags": "flags",
        "reward_config": "reward_config",
        "ingest": "ingest",
        "access": "access",
        "bindings": "bindings",
        "gates": "gates",
        "labels": "labels",
        "judges": "judges",
        "review": "review",
        "heuristics": "heuristics",
        "run_loss": "run_loss",
        "cards": "cards",
        "studies": "studies",
        "alerts": "alerts",
        "datasets": "datasets",
    }


def test_a_valid_edit_is_audited_with_who_did_it(store: Store) -> None:
    console = console_of(store)
    console.edit("ingest", shards=8)
    console.deliver(console.events * 2)
    assert console.decisions == ["audited", "seen"]
    entry = entries(store, "config")[-1]
    assert (entry.action, entry.actor, entry.actor_kind, entry.id) == (
        "edit",
        "ada@example.com",
        "console",
        "config/ingest",
    )
    assert shards(console) == 8
    assert alerts(store) == []
    assert_whole(store)


@pytest.mark.parametrize(
    "change", [{"shards": 0}, {"shards": "8"}, {"shardz": 8}, {"v": 2}, {"retentionDays": True}]
)
def test_an_edit_that_does_not_parse_is_put_back_with_an_alert(
    store: Store, change: dict[str, Any]
) -> None:
    console = console_of(store)
    before = console.read("ingest")
    console.edit("ingest", **change)
    console.deliver(console.events)
    assert console.read("ingest") == before
    (alert,) = alerts(store)
    assert (alert.what, alert.severity) == ("hand-edit-put-back", "warning")
    assert alert.command == "ratchet config set ingest FILE --reason ..."
    assert alert.evidence["by"] == "ada@example.com"
    assert entries(store, "config")[-1].action == "put_back"
    assert_whole(store)


def test_a_configuration_that_was_deleted_is_put_back(store: Store) -> None:
    console = console_of(store)
    before = console.read("reward_config")
    console.write("reward_config", None)
    console.deliver(console.events)
    assert console.read("reward_config") == before
    assert_whole(store)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"learning": {"enabled": "true"}},
        {"learning": {"enabled": True, "autoActivate": True}},
        {"learning": True},
        {"v": 3, "learning": {"enabled": True}},
    ],
)
def test_flags_that_are_broken_or_gone_are_put_back_as_off(store: Store, data: Any) -> None:
    console = console_of(store)
    console.write("flags", data)
    console.deliver(console.events)
    assert not load_config(store, Flags, now=NOON).learning.enabled
    if data != {}:  # an empty document is valid, and says off
        assert console.read("flags") == Flags().to_map()
        (alert,) = alerts(store)
        assert (alert.severity, alert.subject) == ("critical", "config~flags")
    assert_whole(store)


def test_a_person_may_turn_learning_on_in_the_console(embedded: Store) -> None:
    console = console_of(embedded)
    switch_flags(embedded, enabled=False)
    console.edit("flags", learning={"enabled": True})
    console.deliver(console.events)
    assert load_config(embedded, Flags, now=NOON).learning.enabled
    assert entries(embedded, "config")[-1].actor_kind == "console"


def test_our_own_changes_are_told_and_change_nothing(store: Store) -> None:
    console = console_of(store)
    console.watch(lambda _: switch_flags(store, enabled=False))
    console.watch(lambda _: switch_flags(store, enabled=True))
    before = entries(store, "config")
    console.deliver(console.events[::-1] * 2)
    assert console.decisions == ["consistent"] * 4
    assert entries(store, "config") == before


def two_people(console: Console) -> list[Edit]:
    """Let ada change the switches, and bob a moment later; return both events."""
    console.edit("flags", learning={"enabled": False, "autoActivatePolicies": True})
    console.edit("flags", learning={"enabled": True, "autoActivatePolicies": True})
    one, other = console.events
    return [one, other.model_copy(update={"who": "bob@example.com"})]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,), (0, 0, 1, 1), (1, 0, 1, 0)])
def test_the_audit_names_whoever_wrote_what_is_stored(store: Store, order: tuple[int, ...]) -> None:
    console = console_of(store)
    switch_flags(store, enabled=False)
    before = entries(store, "config")
    told = two_people(console)
    console.deliver([told[i] for i in order])
    (entry,) = entries(store, "config")[len(before) :]
    assert (entry.action, entry.actor) == ("edit", "bob@example.com")
    assert entry.evidence == {"by": "bob@example.com"}
    assert entry.payload_hash == content_hash(console.read("flags"))
    assert load_config(store, Flags, now=NOON).learning.enabled
    assert alerts(store) == []
    assert_whole(store)


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,)])
def test_the_alert_names_whoever_broke_it_last(embedded: Store, order: tuple[int, ...]) -> None:
    console = console_of(embedded)
    break_twice(console)
    told = [e.model_copy(update={"who": f"person {i}"}) for i, e in enumerate(console.events)]
    console.deliver([told[i] for i in order] * 2)
    (alert,) = alerts(embedded)
    assert (alert.evidence["by"], alert.count) == ("person 1", 1)
    assert alert.evidence["document"]["shards"] == "many"
    assert_whole(embedded)


HEAD = Ref(ConfigHead.collection, "config")


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"learning": {"enabled": True}},
        {"v": 1, "learning": {"enabled": True} | AUTO},
        {"x": 1},
    ],
)
@pytest.mark.parametrize("head", [None, {"id": "config", "auditSequence": "many"}])
def test_learning_that_cannot_be_audited_does_not_stay_on(
    store: Store, data: dict[str, Any] | None, head: dict[str, Any] | None
) -> None:
    console = console_of(store)
    switch_flags(store, enabled=False)
    chain = entries(store, "config")
    if head is None:
        store.delete(HEAD)
    else:
        store.set(HEAD, head)
    console.write("flags", data)
    console.deliver(console.events * 2)
    assert console.read("flags") == Flags().to_map()
    assert console.decisions == ["put_back", "seen", "consistent"]
    (alert,) = alerts(store)
    assert (alert.what, alert.subject, alert.severity, alert.count) == (
        "config-unaudited",
        "config~flags",
        "critical",
        1,
    )
    assert "no audit entry tells of it" in alert.text
    assert alert.command.startswith("restore ops_policy_heads/config from a backup")
    assert alert.evidence == {"by": "ada@example.com", "document": data or {}}
    assert entries(store, "config") == chain


@pytest.mark.parametrize("auto", [True, False])
def test_switching_off_by_hand_is_left_as_it_is_where_it_cannot_be_audited(
    embedded: Store, auto: bool
) -> None:
    console = console_of(embedded)
    embedded.delete(HEAD)
    off = {"v": 1, "learning": {"enabled": False, "autoActivatePolicies": auto}}
    console.write("flags", off)
    console.deliver(console.events)
    assert console.read("flags") == off


@pytest.mark.parametrize("change", [{"shards": 8}, {"shards": 0}])
def test_another_configuration_that_cannot_be_audited_is_left_and_told(
    store: Store, change: dict[str, Any]
) -> None:
    console = console_of(store)
    chain = entries(store, "config")
    store.delete(HEAD)
    console.edit("ingest", **change)
    edited = console.read("ingest")
    console.deliver(console.events * 2)
    assert console.decisions == ["lost", "seen"]
    assert console.read("ingest") == edited
    (alert,) = alerts(store)
    assert (alert.what, alert.subject) == ("config-unaudited", "config~ingest")
    assert (alert.severity, alert.evidence["by"]) == ("critical", "ada@example.com")
    assert "learning is off" not in alert.text
    assert entries(store, "config") == chain
    assert store.get(HEAD) is None


def test_a_document_that_is_none_of_ours_is_left_alone(embedded: Store) -> None:
    console = console_of(embedded)
    console.write("others", {"x": 1})
    console.deliver(console.events)
    assert (console.decisions, console.read("others")) == (["consistent"], {"x": 1})


def break_twice(c: Console) -> None:
    c.edit("ingest", shards=0)
    c.edit("ingest", shards="many")


def break_and_delete(c: Console) -> None:
    c.edit("ingest", shards=0)
    c.write("ingest", None)


def break_and_mend(c: Console) -> None:
    c.edit("ingest", shards=0)
    c.write("ingest", GOOD)


def change_and_break(c: Console) -> None:
    c.write("ingest", GOOD)
    c.edit("ingest", shards=0)


def change_by_command_and_break_twice(c: Console) -> None:
    c.watch(lambda now: set_config(c.store, KEYS, ADA, Ingest, GOOD, reason="x", now=now))
    break_twice(c)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (break_twice, 4),
        (break_and_delete, 4),
        (break_and_mend, 8),
        (change_and_break, 4),
        (change_by_command_and_break_twice, 8),
    ],
)
def test_the_order_of_delivery_does_not_matter(
    edits: Callable[[Console], None], expected: int
) -> None:
    for order in permutations(range(3)):
        console = console_of(SqliteStore())
        edits(console)
        chosen = [console.events[i] for i in order if i < len(console.events)]
        console.deliver(chosen * 2)
        assert shards(console) == expected
        assert_whole(console.store)
        console.store.close()

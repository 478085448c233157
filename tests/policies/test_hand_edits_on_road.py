"""Hand edits of versions while a rollout runs: put back, but a rollback, which ends the rollout."""

from itertools import permutations

import pytest

from ratchet.policies.hand_edits import guard_policy
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import (
    DRAFT,
    FORMER,
    NEXT,
    activate_archive,
    console_of,
    of,
    written,
)
from tests.support.governed import (
    POLICY,
    alerts,
    assert_agreement,
    draft,
    head_of,
    statuses,
    weights,
)
from tests.support.on_road import start_canary

START = f"ratchet rollout start {POLICY} --challenger {{}} --mode {{}} --reason ..."


def road(store: Store, version: str = "1.0.3") -> tuple[Console, str]:
    """Return a console on a policy with a canary of a draft, and the rollout's id."""
    console = console_of(store)
    return console, start_canary(store, version).id


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("active", "ratchet rollout override {} PROMOTE --reason ..."),
        ("rejected", "ratchet rollout abort {} --reason ..., then reject it"),
        ("draft", "ratchet rollout abort {} --reason ..."),
        ("shadow", "ratchet rollout abort {} --reason ..."),
        ("archived", "ratchet rollout abort {} --reason ..."),
        (3, "ratchet rollout abort {} --reason ..."),
    ],
)
def test_a_version_on_the_road_stays_there_and_the_command_is_named(
    embedded: Store, status: object, command: str
) -> None:
    console, rollout = road(embedded)
    console.edit(DRAFT, status=status)
    console.deliver(console.events * 2)
    assert console.decisions == ["put_back", "seen", "consistent"]
    assert statuses(embedded)["1.0.3"] == "canary"
    assert [a.command for a in alerts(embedded)] == [command.format(rollout)]
    assert head_of(embedded).rollout == rollout
    assert_agreement(embedded)


@pytest.mark.parametrize("stage", ["shadow", "canary"])
@pytest.mark.parametrize(
    ("version", "was"), [("1.0.4", "draft"), ("1.0.1", "archived"), ("1.0.2", "active")]
)
def test_no_version_comes_onto_the_road_by_hand(
    embedded: Store, version: str, was: str, stage: str
) -> None:
    console, rollout = road(embedded)
    draft(embedded, weights(0.4))
    console.edit(of(version), status=stage)
    console.deliver(console.events)
    assert statuses(embedded)[version] == was
    (alert,) = alerts(embedded)
    rollback = f"ratchet policy rollback {POLICY} {version}"
    assert alert.command == (rollback if was == "active" else START.format(version, stage))
    assert head_of(embedded).rollout == rollout
    assert_agreement(embedded)


@pytest.mark.parametrize("status", ["shadow", "canary"])
def test_one_that_is_created_on_the_road_is_a_draft(embedded: Store, status: str) -> None:
    console = console_of(embedded)
    console.write(NEXT, written(status=status))
    console.deliver(console.events)
    assert statuses(embedded)["1.0.4"] == "draft"
    assert [a.command for a in alerts(embedded)] == [START.format("1.0.4", status)]


def test_content_on_the_road_is_put_back_with_its_status(embedded: Store) -> None:
    console, _ = road(embedded)
    console.edit(DRAFT, params=weights(0.9))
    console.deliver(console.events)
    assert statuses(embedded)["1.0.3"] == "canary"
    assert alerts(embedded)[0].command.startswith("ratchet policy propose ")
    assert_agreement(embedded)


def test_a_rollback_by_hand_ends_the_rollout_in_whatever_order_its_edits_are_told() -> None:
    for order in permutations(range(2)):
        store = SqliteStore()
        console, _ = road(store)
        activate_archive(console)
        console.deliver([console.events[i] for i in (*order, *order)])
        head = head_of(store)
        assert (head.active, head.rollout, head.rollout_seal) == ("1.0.1", None, None)
        assert statuses(store)["1.0.3"] == "draft"
        assert_agreement(store)
        store.close()


def test_a_version_that_was_active_before_is_gone_back_to_though_it_is_tried_again(
    store: Store,
) -> None:
    console, _ = road(store, "1.0.1")
    assert statuses(store)["1.0.1"] == "canary"
    console.edit(FORMER, status="active")
    console.deliver(console.events)
    assert (head_of(store).active, head_of(store).rollout) == ("1.0.1", None)
    assert alerts(store) == []
    assert_agreement(store)


def test_what_a_rollout_writes_into_the_versions_is_left_alone(embedded: Store) -> None:
    console = Console(embedded, "ops_policies", guard_policy)
    console_of(embedded)
    console.watch(lambda now: start_canary(embedded, now=now))
    console.deliver(console.events * 2)
    assert set(console.decisions) == {"consistent", "seen"}
    assert statuses(embedded)["1.0.3"] == "canary"

"""The alert commands: what stands, one by its name, and what a person says of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ratchet.entry.cli import alerts as command
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.sinks.sink import Outlets
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet, write_json
from tests.support.sinks import ONE, World

NOW = datetime.now(UTC)


@pytest.fixture
def raised(ratchet: Ratchet) -> Ratchet:
    """Three alerts, the newest critical, the oldest over."""
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    known: list[tuple[str, str, Any, str]] = [
        ("full", "disk", "warning", "the disk is full"),
        ("audit-broken", "router-core", "critical", "the chain is broken"),
        ("lag", "shard/0", "info", "it is slow"),
    ]
    for minutes, (what, subject, severity, text) in enumerate(known, -5):
        at = NOW + timedelta(minutes=minutes)
        told = alert(what, subject, severity, text, now=at, command="ratchet doctor")
        raise_alert(store, told)
    clear_alert(store, "full", "disk", now=NOW)
    store.close()
    return ratchet


def test_an_acknowledgement_without_a_note_names_the_option(raised: Ratchet) -> None:
    ran = raised("alerts", "ack", "lag~shard/0", "--note", " ", "--by", "ada", "--json")
    assert (ran.status, ran.error["field"]) == (2, "note")
    assert "--note" in ran.error["mend"]


def subjects(ratchet: Ratchet, *arguments: str) -> list[str]:
    """Return the subjects that a command lists."""
    return [line["subject"] for line in ratchet("alerts", *arguments, "--json").lines]


def test_without_a_verb_what_stands_is_listed_newest_first(raised: Ratchet) -> None:
    assert subjects(raised) == subjects(raised, "list") == ["shard/0", "router-core"]
    told = raised("alerts").out
    assert all(text in told for text in ("critical", "lag~shard%2F0", "it is slow"))
    assert "ratchet doctor" in told
    assert "the disk is full" not in told


def test_all_has_those_that_are_over_and_a_severity_narrows(raised: Ratchet) -> None:
    assert subjects(raised, "list", "--all") == ["shard/0", "router-core", "disk"]
    assert subjects(raised, "list", "--severity", "critical") == ["router-core"]
    ran = raised("alerts", "list", "--severity", "bad", "--json")
    assert (ran.status, ran.error["mend"]) == (2, "one of info, warning, critical")


def test_an_option_in_front_of_a_verb_is_not_lost_in_silence(raised: Ratchet) -> None:
    ran = raised("alerts", "--json", "list")
    assert (ran.status, ran.error["mend"]) == (2, "put it behind `list`")


def test_one_is_shown_by_its_id_or_as_it_is_typed(raised: Ratchet) -> None:
    for named in ("lag~shard%2F0", "lag~shard/0"):
        assert raised("alerts", "show", named, "--json").json["text"] == "it is slow"
    told = raised("alerts", "show", "full~disk").out
    assert all(text in told for text in ("resolved", "its cause is gone", "firstSeen"))
    ran = raised("alerts", "show", "full~tape", "--json")
    assert (ran.status, ran.error["mend"]) == (3, "ratchet alerts list --all")


def test_an_answer_is_kept_and_on_the_chain(raised: Ratchet) -> None:
    ran = raised("alerts", "ack", "lag~shard/0", "--note", "on it", "--by", "ada")
    assert ran.out.startswith("lag~shard%2F0 is acknowledged by ada at ")
    again = raised("alerts", "ack", "lag~shard/0", "--note", "me", "--by", "bob", "--json")
    assert (again.status, again.error["field"]) == (4, "state")
    over = ("alerts", "resolve", "lag~shard/0", "--reason", "mended", "--by", "bob", "--json")
    assert raised(*over).json["resolved"]["note"] == "mended"
    assert subjects(raised) == ["router-core"]
    log = raised("audit", "log", "config", "--json").lines
    assert [(e["action"], e["actor"], e["reason"]) for e in log][-2:] == [
        ("acknowledge_alert", "ada", "on it"),
        ("resolve_alert", "bob", "mended"),
    ]
    assert raised("audit", "verify", "config").status == 0


def test_one_that_was_broken_by_hand_is_told_and_hides_no_other(raised: Ratchet) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref("ops_alerts", "bad"), {"v": 1, "what": 7})
    store.close()
    ran = raised("alerts", "--json")
    assert [line["subject"] for line in ran.lines] == ["shard/0", "router-core"]
    assert "left out: alert: what" in ran.err


def test_a_sink_is_tried_from_here(raised: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def outlets() -> Outlets:
        return world.outlets

    monkeypatch.setattr(command, "outlets", outlets)
    settings = write_json("alerts.json", {"v": 1, "sinks": ONE, "resolveAfterHours": 72})
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref("config", "alerts"), json.loads(settings.read_text()))
    store.close()
    before = subjects(raised, "list", "--all")
    assert raised("alerts", "test-sink", "one").out == "one took it\n"
    assert json.loads(world.posts[0].body)["what"] == "sink-test"
    world.secrets = {}
    ran = raised("alerts", "test-sink", "one", "--json")
    assert (ran.status, ran.error["field"]) == (6, "RATCHET_ALERT_URL")
    ran = raised("alerts", "test-sink", "two", "--json")
    assert (ran.status, ran.error["mend"]) == (2, "one of one")
    assert subjects(raised, "list", "--all") == before

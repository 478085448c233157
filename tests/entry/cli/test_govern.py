"""Flags, configuration, the audit chain and alerts, as a person sees and changes them."""

from pathlib import Path

import pytest

from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet, write_json

DATABASE = ".ratchet/ratchet.db"


@pytest.fixture
def seeded(ratchet: Ratchet) -> Ratchet:
    assert ratchet("seed").status == 0
    return ratchet


def tamper(collection: str, document_id: str, **changes: object) -> None:
    """Change a document behind Ratchet's back; without changes, delete it."""
    store, ref = SqliteStore(DATABASE), Ref(collection, document_id)
    found = store.get(ref)
    if changes:
        store.set(ref, (found.data if found else {}) | changes)
    else:
        store.delete(ref)
    store.close()


def test_flags_are_shown_and_set_with_a_reason(seeded: Ratchet) -> None:
    assert seeded("flags", "show").out == "learning on, auto-activate off\n"
    ran = seeded("flags", "set", "--disabled", "--reason", "incident 7", "--by", "ada")
    assert ran.out == "learning off, auto-activate off\n"
    ran = seeded("flags", "set", "--auto-activate", "--reason", "x", "--json")
    assert ran.json["learning"] == {"enabled": False, "autoActivatePolicies": True}
    assert seeded("flags", "show", "--json").json == ran.json
    entry = seeded("audit", "log", "config", "--json").lines[-2]
    assert (entry["actor"], entry["reason"]) == ("ada", "incident 7")
    assert (entry["was"], entry["to"]) == (
        "learning on, auto-activate off",
        "learning off, auto-activate off",
    )


def test_flags_that_are_gone_show_as_off(seeded: Ratchet) -> None:
    tamper("config", "flags")
    assert seeded("flags", "show").out == "learning off, auto-activate off\n"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--reason", "x"], "enabled"),
        (["--enabled", "--reason", " "], "reason"),
        (["--enabled"], "command"),
        (["--enable", "--reason", "x"], "command"),
    ],
)
def test_a_switch_that_is_not_clear_changes_nothing(
    seeded: Ratchet, options: list[str], field: str
) -> None:
    before = seeded("audit", "log", "--json").out
    ran = seeded("flags", "set", *options, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert seeded("audit", "log", "--json").out == before


@pytest.mark.parametrize("name", ["flags", "ingest", "reward_config"])
def test_a_configuration_that_was_shown_can_be_set_again(seeded: Ratchet, name: str) -> None:
    shown = seeded("config", "show", name, "--json").json
    file = write_json("config.json", shown)
    ran = seeded("config", "set", name, file, "--reason", "the same again", "--json")
    assert (ran.status, ran.json) == (0, shown)
    assert seeded("config", "set", name, file, "--reason", "x").out == f"config/{name} is set\n"
    assert f"config/{name}" in seeded("config", "show", name).out


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ('{"shards": "2"}', "RATCHET-1004", "shards"),
        ('{"sharks": 2}', "RATCHET-1004", "sharks"),
        ('{"shards": 0}', "RATCHET-1004", "shards"),
        ('{"lagSeconds": NaN}', "RATCHET-1004", "lagSeconds"),
        ('{"v": 9}', "RATCHET-1005", "v"),
        ("[1]", "RATCHET-1001", "file"),
        ("{", "RATCHET-1001", "file"),
        ("[" * 100_000, "RATCHET-1001", "file"),
    ],
)
def test_a_configuration_that_does_not_parse_is_not_set(
    seeded: Ratchet, content: str, code: str, field: str
) -> None:
    before = seeded("config", "show", "ingest", "--json").out
    Path("bad.json").write_text(content)
    ran = seeded("config", "set", "ingest", "bad.json", "--reason", "x", "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (2, code, field)
    assert seeded("config", "show", "ingest", "--json").out == before


def test_a_configuration_that_is_not_known_is_named(seeded: Ratchet) -> None:
    for arguments in (("show", "nope"), ("set", "nope", "x.json", "--reason", "x")):
        ran = seeded("config", *arguments, "--json")
        assert (ran.status, ran.error["field"]) == (2, "name")
        assert "reward_config" in ran.error["mend"]
    ran = seeded("config", "set", "ingest", "no-such-file", "--reason", "x", "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")


def test_the_log_shows_the_newest_entries_of_every_stream(seeded: Ratchet) -> None:
    whole = seeded("audit", "log", "--json").lines
    assert [e["stream"] for e in whole] == ["config"] * 3 + ["router-core"] * 2
    assert seeded("audit", "log", "--limit", 2, "--json").lines == whole[-2:]
    assert seeded("audit", "log", "config", "--json").lines == whole[:3]
    assert "router-core@1.0.0" in seeded("audit", "log").out


def test_a_chain_that_holds_verifies(seeded: Ratchet) -> None:
    assert seeded("audit", "verify").out == (
        "config: valid: 3 entries verified\nrouter-core: valid: 2 entries verified\n"
    )
    assert [r["valid"] for r in seeded("audit", "verify", "--json").lines] == [True, True]
    assert seeded("audit", "verify", "router-core", "--json").json["entries"] == 2


def test_an_entry_that_was_changed_is_named_and_the_status_is_not_0(seeded: Ratchet) -> None:
    tamper("ops_audit", "router-core~000000002", reason="nobody did this")
    for arguments in (("audit", "verify"), ("audit", "verify", "router-core")):
        ran = seeded(*arguments)
        assert ran.status == 4
        assert "router-core: BROKEN: router-core~000000002 was changed" in ran.out
        assert ran.err.startswith("RATCHET-3005: the audit chain of router-core is broken")
    assert seeded("audit", "verify", "config").status == 0
    (alert,) = seeded("alerts", "--json").lines
    assert (alert["what"], alert["subject"]) == ("audit-broken", "router-core")
    assert alert["command"] == "ratchet audit verify router-core"
    assert "audit verify" in seeded("alerts").out


def test_a_removed_head_does_not_hide_its_chain(seeded: Ratchet) -> None:
    tamper("ops_policy_heads", "router-core")
    assert seeded("audit", "verify").status == 4
    assert seeded("audit", "verify", "router-core").status == 4


@pytest.mark.parametrize("verb", ["log", "verify"])
def test_a_chain_that_does_not_exist_is_not_valid_but_not_found(seeded: Ratchet, verb: str) -> None:
    ran = seeded("audit", verb, "router-cor", "--json")
    assert (ran.status, ran.error["field"]) == (3, "stream")


def test_no_alerts_is_nothing_to_show(ratchet: Ratchet) -> None:
    assert ratchet("alerts").out == "nothing to show\n"
    assert ratchet("alerts", "--json").out == ""


def test_the_newest_alert_comes_first(ratchet: Ratchet) -> None:
    ratchet("seed")
    tamper("config", "ingest", shards="many")
    ratchet("config", "show", "ingest")
    tamper("config", "flags", learning=5)
    ratchet("flags", "show")
    assert [a["subject"] for a in ratchet("alerts", "--json").lines] == ["flags", "ingest"]

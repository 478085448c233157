"""Flags, configuration, the audit chain and alerts, as a person sees and changes them."""

import shutil
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
    told = seeded("config", "set", name, file, "--reason", "x").out
    assert told.startswith(f"config/{name} is set, and in force is\n")
    assert f"config/{name}" in seeded("config", "show", name).out


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ('{"shards": "2"}', "RATCHET-1004", "shards"),
        ('{"sharks": 2}', "RATCHET-1004", "sharks"),
        ('{"shards": 0}', "RATCHET-1004", "shards"),
        ('{"shards": 1, "lagSeconds": 2, "shards": 3}', "RATCHET-1001", "shards"),
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


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("flags", "{}", "learning"),
        ("flags", '{"v": 1}', "learning"),
        ("flags", '{"learning": {}}', "enabled, autoActivatePolicies"),
        ("reward_config", '{"weights": {}}', "latency, cost, success, error, baseline"),
        ("bindings", "{}", "bindings"),
    ],
)
def test_a_document_without_a_field_resets_nothing_in_silence(
    seeded: Ratchet, name: str, content: str, fields: str
) -> None:
    before = seeded("config", "show", name, "--json").out
    Path("empty.json").write_text(content)
    ran = seeded("config", "set", name, "empty.json", "--reason", "x", "--json")
    assert (ran.status, ran.error["field"]) == (2, "file")
    assert ran.error["mend"] == f"name the fields: {fields}"
    assert seeded("config", "show", name, "--json").out == before


def test_setting_a_configuration_shows_all_that_is_in_force(seeded: Ratchet) -> None:
    file = write_json("ingest.json", {"lagSeconds": 7})
    told = seeded("config", "set", "ingest", file, "--reason", "x").out
    shown = {line.split("│")[1].strip(): line for line in told.splitlines() if "│" in line}
    assert ("7" in shown["lagSeconds"], "4" in shown["shards"]) == (True, True)
    ran = seeded("config", "set", "ingest", file, "--reason", "x", "--json")
    assert (ran.json["lagSeconds"], ran.json["maxSeriesPerHour"]) == (7, 200)


def test_a_binding_to_a_policy_that_is_not_there_is_set_with_a_note(seeded: Ratchet) -> None:
    params = write_json("params.json", {"cooldownMs": 1})
    proposed = ("policy", "propose", "drafted", "--params", params, "--reason", "x")
    assert seeded(*proposed).status == 0
    lines = [{"component": "a", "policy": p} for p in ("nope", "router-core", "drafted", "nope")]
    file = write_json("bindings.json", {"bindings": lines})
    for option in ((), ("--json",)):
        ran = seeded("config", "set", "bindings", file, "--reason", "x", *option)
        assert ran.status == 0
        first, second = ran.err.splitlines()
        assert first.startswith("note: policy nope does not exist")
        assert second.startswith("note: policy drafted has no active version")
        assert "router-core" not in ran.err
    assert ran.json["bindings"] == lines


def test_gates_that_name_a_golden_set_that_is_not_there_are_set_with_a_note(
    seeded: Ratchet,
) -> None:
    rules = {"gates": ["golden", "canary"], "golden": "airline"}
    file = write_json("gates.json", {"allocation": rules, "behaviour": rules})
    ran = seeded("config", "set", "gates", file, "--reason", "x", "--json")
    assert (ran.status, ran.json["behaviour"]["golden"]) == (0, "airline")
    assert ran.err.splitlines() == [
        "note: golden set airline does not exist, so the gate golden waits for it"
        " (ratchet golden freeze airline ...)"
    ]


@pytest.mark.parametrize("tampered", [{"params": {"cooldownMs": 1}}, {}])
def test_a_version_that_was_tampered_with_is_told_and_mended_by_the_command_named(
    seeded: Ratchet, tampered: dict[str, object]
) -> None:
    weights = write_json("w.json", {"modelWeights": {"gpt-5": 0.5, "gemini": 0.3, "claude": 0.2}})
    seeded("policy", "propose", "router-core", "--params", weights, "--reason", "x")
    assert seeded("policy", "activate", "router-core", "1.0.1", "--reason", "x").status == 0
    assert seeded("audit", "verify").status == 0
    tamper("ops_policies", "router-core@1.0.1", **tampered)
    assert seeded("policy", "resolve", "router-core").status in (3, 4)
    for arguments in (("audit", "verify"), ("audit", "verify", "router-core")):
        ran = seeded(*arguments)
        assert ran.status == 4
        assert "router-core: valid" in ran.out
        assert "\nrouter-core@1.0.1: SPOILT: router-core@1.0.1 is active and no comp" in ran.out
    spoilt = seeded("audit", "verify", "--json").lines[-1]
    assert (spoilt["version"], spoilt["valid"]) == ("router-core@1.0.1", False)
    assert seeded("audit", "verify", "config").status == 0
    (alert,) = seeded("alerts", "--json").lines
    assert (alert["what"], alert["subject"]) == ("version-spoilt", "router-core@1.0.1")
    program, *command = alert["command"].split()
    assert (program, seeded(*command).status) == ("ratchet", 0)
    assert seeded("policy", "resolve", "router-core", "--json").json["version"].endswith("@1.0.0")
    assert seeded("audit", "verify").status == 0


def test_a_first_version_that_is_lost_comes_back_from_a_backup(seeded: Ratchet) -> None:
    assert seeded("backup", "folder").status == 0
    tamper("ops_policies", "router-core@1.0.0")
    ran = seeded("audit", "verify", "--json")
    assert (ran.status, ran.lines[-1]["mend"]) == (
        4,
        "restore a backup into an empty store: ratchet restore FOLDER --store URL",
    )
    shutil.copy(".ratchet/key", "empty.db.key")
    assert seeded("restore", "folder", "--store", "sqlite:///empty.db").status == 0
    assert seeded("audit", "verify", "--store", "sqlite:///empty.db").status == 0


def test_a_configuration_that_is_not_known_is_named(seeded: Ratchet) -> None:
    for arguments in (("show", "nope"), ("set", "nope", "x.json", "--reason", "x")):
        ran = seeded("config", *arguments, "--json")
        assert (ran.status, ran.error["field"]) == (2, "name")
        assert "reward_config" in ran.error["mend"]
    ran = seeded("config", "set", "ingest", "no-such-file", "--reason", "x", "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")


def test_the_log_shows_the_newest_entries_of_every_stream(seeded: Ratchet) -> None:
    whole = seeded("audit", "log", "--json").lines
    assert [e["stream"] for e in whole] == ["config"] * 4 + ["router-core"] * 2
    assert seeded("audit", "log", "--limit", 2, "--json").lines == whole[-2:]
    assert seeded("audit", "log", "config", "--json").lines == whole[:4]
    assert "router-core@1.0.0" in seeded("audit", "log").out


def test_a_chain_that_holds_verifies(seeded: Ratchet) -> None:
    assert seeded("audit", "verify").out == (
        "config: valid: 4 entries verified\nrouter-core: valid: 2 entries verified\n"
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
    ratchet("seed")
    assert ratchet("alerts").out == "nothing to show\n"
    assert ratchet("alerts", "--json").out == ""


def test_the_newest_alert_comes_first(ratchet: Ratchet) -> None:
    ratchet("seed")
    tamper("config", "ingest", shards="many")
    ratchet("config", "show", "ingest")
    tamper("config", "flags", learning=5)
    ratchet("flags", "show")
    assert [a["subject"] for a in ratchet("alerts", "--json").lines] == ["flags", "ingest"]

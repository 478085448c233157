"""The policy commands: what they show and change, and what they refuse."""

from pathlib import Path

import pytest

from tests.support.commands import Ran, Ratchet, write_json

POLICY = "router-core"


@pytest.fixture
def seeded(ratchet: Ratchet) -> Ratchet:
    assert ratchet("seed").status == 0
    return ratchet


def proposed(ratchet: Ratchet, *options: object, policy: str = POLICY, target: int = 2600) -> Ran:
    """Propose another latency target."""
    params = write_json("params.json", {"latencyTargetMs": target})
    arguments = ("--params", params, "--reason", "slower is fine", "--by", "ada")
    return ratchet("policy", "propose", policy, *arguments, *options)


def acted(ratchet: Ratchet, verb: str, version: str, *options: object) -> Ran:
    """Change the status of a version."""
    return ratchet("policy", verb, POLICY, version, "--reason", "go", *options)


def test_params_that_a_proposal_does_not_name_stay_the_active_versions(seeded: Ratchet) -> None:
    before = seeded("policy", "show", POLICY, "--json").json["params"]
    assert before["latencyTargetMs"] == 2500
    made = proposed(seeded, "--json").json["params"]
    assert made == before | {"latencyTargetMs": 2600}


def test_the_list_shows_heads_and_the_versions_of_one(seeded: Ratchet) -> None:
    proposed(seeded)
    (head,) = seeded("policy", "list", "--json").lines
    assert (head["id"], head["active"], head["drafts"]) == (POLICY, "1.0.0", ["1.0.1"])
    versions = seeded("policy", "list", POLICY, "--json").lines
    assert [(v["version"], v["status"]) for v in versions] == [
        ("1.0.0", "active"),
        ("1.0.1", "draft"),
    ]
    assert "1.0.1" in seeded("policy", "list").out
    assert "allocation" in seeded("policy", "list", POLICY).out


def test_an_empty_store_has_nothing_to_list(ratchet: Ratchet) -> None:
    assert ratchet("sweep").status == 0
    assert ratchet("policy", "list").out == "nothing to show\n"
    assert ratchet("policy", "list", "--json").out == ""


def test_show_gives_the_active_version_unless_one_is_named(seeded: Ratchet) -> None:
    proposed(seeded)
    assert seeded("policy", "show", POLICY, "--json").json["version"] == "1.0.0"
    named = seeded("policy", "show", POLICY, "1.0.1", "--json").json
    assert (named["params"]["latencyTargetMs"], named["createdBy"]) == (2600, "ada")
    told = seeded("policy", "show", POLICY).out
    assert "│ artifacts   │ [] " in told
    assert "router-core@1.0.0" in told


def bind(ratchet: Ratchet, *lines: dict[str, str]) -> None:
    """Set the bindings."""
    file = write_json("bindings.json", {"bindings": list(lines)})
    assert ratchet("config", "set", "bindings", file, "--reason", "test").status == 0


def test_resolve_prints_what_a_component_gets(seeded: Ratchet) -> None:
    found = seeded("policy", "resolve", POLICY, "--json").json
    assert (found["policy"], found["version"]) == (POLICY, "router-core@1.0.0")
    assert found["params"]["latencyTargetMs"] == 2500
    told = seeded("policy", "resolve", POLICY).out
    assert all(text in told for text in ("router-core@1.0.0", "2500", found["etag"]))


def test_a_component_gets_the_policy_that_it_is_bound_to(seeded: Ratchet) -> None:
    bind(
        seeded,
        {"component": "router:*", "phase": "review", "policy": "reviewers"},
        {"component": "router:*", "policy": POLICY},
    )
    for options in ((), ("--phase", "plan")):
        found = seeded("policy", "resolve", "--component", "router:gpt-5", *options, "--json").json
        assert found["version"] == "router-core@1.0.0"
    review = ("--component", "router:gpt-5", "--phase", "review")
    assert (
        "reviewers has no active" in seeded("policy", "resolve", *review, "--json").error["message"]
    )
    ran = seeded("policy", "resolve", "--component", "planner", "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (3, "RATCHET-2001", "component")
    assert ran.error["mend"] == "ratchet config set bindings FILE --reason ..."


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((), "policy"),
        ((POLICY, "--component", "router:a"), "policy"),
        ((POLICY, "--phase", "plan"), "phase"),
        (("--phase", "plan"), "policy"),
    ],
)
def test_resolve_wants_a_policy_or_a_component(
    seeded: Ratchet, arguments: tuple[str, ...], field: str
) -> None:
    ran = seeded("policy", "resolve", *arguments, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)


def test_a_draft_keeps_the_params_that_its_file_leaves_out(seeded: Ratchet) -> None:
    draft = proposed(seeded, "--json", "--notes", "a note").json
    assert draft["params"]["modelWeights"] == {"gpt-5": 0.6, "gemini": 0.25, "claude": 0.15}
    assert (draft["status"], draft["changeClass"], draft["parent"], draft["notes"]) == (
        "draft",
        "allocation",
        "router-core@1.0.0",
        "a note",
    )
    assert proposed(seeded, "--version", "2.0.0").out == (
        "router-core@2.0.0 is a draft of class allocation\n"
    )


def test_another_envelope_makes_a_draft_a_change_of_behaviour(seeded: Ratchet) -> None:
    space = write_json("space.json", {"latencyTargetMs": {"kind": "float", "low": 1, "high": 9e9}})
    assert proposed(seeded, "--space", space, "--json").json["changeClass"] == "behaviour"


def test_diff_shows_what_differs_and_nothing_else(seeded: Ratchet) -> None:
    proposed(seeded)
    assert seeded("policy", "diff", POLICY, "1.0.0", "1.0.1", "--json").lines == [
        {"field": "params.latencyTargetMs", "was": 2500, "now": 2600}
    ]
    assert "2600" in seeded("policy", "diff", POLICY, "1.0.0", "1.0.1").out
    assert seeded("policy", "diff", POLICY, "1.0.0", "1.0.0").out == "nothing to show\n"


def test_activate_and_roll_back_say_what_is_active(seeded: Ratchet) -> None:
    proposed(seeded)
    assert acted(seeded, "activate", "1.0.1").out == (
        "router-core: 1.0.1 is active, 1.0.0 was before\n"
    )
    assert acted(seeded, "activate", "1.0.1", "--json").json["active"] == "1.0.1"
    assert seeded("policy", "rollback", POLICY).out.startswith("router-core: 1.0.0 is active")
    assert acted(seeded, "rollback", "1.0.1", "--json").json["previous"] == "1.0.0"


def test_a_rejected_draft_is_closed_for_good(seeded: Ratchet) -> None:
    proposed(seeded)
    assert acted(seeded, "reject", "1.0.1").out == "router-core@1.0.1 is rejected\n"
    assert acted(seeded, "reject", "1.0.1", "--json").json["drafts"] == []
    ran = acted(seeded, "activate", "1.0.1", "--json")
    assert (ran.status, ran.error["code"]) == (4, "RATCHET-3003")


def test_history_names_each_change_its_version_and_its_author(seeded: Ratchet) -> None:
    proposed(seeded)
    acted(seeded, "activate", "1.0.1", "--by", "bob")
    seeded("policy", "rollback", POLICY, "--by", "eve")
    found = seeded("policy", "history", POLICY, "--json").lines
    assert [(e["actor"], e["action"], e["to"]) for e in found[2:]] == [
        ("ada", "propose", "router-core@1.0.1"),
        ("bob", "activate", "1.0.1"),
        ("eve", "rollback", "1.0.0"),
    ]
    told = [line.split() for line in seeded("policy", "history", POLICY).out.splitlines()]
    assert [word for word in told[-2] if word not in ("│", "eve")][2:] == [
        "rollback",
        "1.0.0",
        "1.0.1",
        "1.0.0",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "nobody"),
        ("show", "nobody"),
        ("show", POLICY, "9.9.9"),
        ("diff", POLICY, "1.0.0", "9.9.9"),
        ("history", "nobody"),
        ("rollback", "nobody"),
        ("activate", POLICY, "9.9.9", "--reason", "go"),
        ("activate", "nobody", "1.0.0", "--reason", "go"),
        ("reject", POLICY, "9.9.9", "--reason", "go"),
        ("propose", POLICY, "--params", "no-such-file", "--reason", "go"),
    ],
)
def test_what_does_not_exist_is_not_found(seeded: Ratchet, arguments: tuple[str, ...]) -> None:
    ran = seeded("policy", *arguments, "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")
    assert seeded("policy", *arguments).err.startswith("RATCHET-2001: ")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "holds no JSON object"),
        ('{"modelWeights": {"a": 0.5, "b": 0.5, "a": 0.5}}', "'a' stands twice in one object"),
        ("[" * 100_000, "nested too deep"),
        ('{"x": NaN}', "no canonical form"),
        ('{"modelWeights": {"a": 0.5}}', "must sum to 1"),
        ('{"latencyTargetMs": "fast"}', "latencyTargetMs"),
        ('{"x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}', "x is a list"),
        ('{"x": "' + "y" * 1_100_000 + '"}', "the limit is"),
    ],
)
def test_params_that_make_no_version_are_named(seeded: Ratchet, params: str, told: str) -> None:
    Path("bad.json").write_text(params)
    arguments = ("policy", "propose", POLICY, "--params", "bad.json", "--reason", "go", "--json")
    ran = seeded(*arguments)
    assert ran.status == 2
    assert told in ran.error["message"]
    assert len(seeded("policy", "list", POLICY, "--json").lines) == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--version", "banana"], "version"),
        (["--version", "0.9.0"], "version"),
        (["--reason", " "], "reason"),
        (["--reason", "x" * 501], "reason"),
        (["--reason", "one\ntwo"], "reason"),
    ],
)
def test_a_proposal_that_is_wrong_names_the_option(
    seeded: Ratchet, options: list[str], field: str
) -> None:
    ran = proposed(seeded, *options, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)


def test_a_number_that_is_taken_is_there_and_the_mend_shows_what_has_it(seeded: Ratchet) -> None:
    ran = proposed(seeded, "--version", "1.0.0", "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (5, "RATCHET-4002", "version")
    assert ran.error["message"] == "router-core@1.0.0 exists"
    assert "ratchet policy show router-core 1.0.0" in ran.error["mend"]


def test_a_proposal_that_changes_nothing_is_refused(seeded: Ratchet) -> None:
    ran = proposed(seeded, "--json", target=2500)
    assert (ran.status, ran.error["field"]) == (2, "params")
    assert "nothing differs from router-core@1.0.0" in ran.error["message"]


@pytest.mark.parametrize("policy", ["Bad Id", "config"])
def test_a_name_that_is_no_policy_id_is_refused(seeded: Ratchet, policy: str) -> None:
    ran = proposed(seeded, "--json", policy=policy)
    assert (ran.status, ran.error["field"]) == (2, "id")


def test_a_key_that_is_not_the_stores_is_refused_by_name(
    seeded: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_KEY", "another key, long enough")
    ran = seeded("policy", "show", POLICY, "--json")
    assert (ran.status, ran.error["code"]) == (4, "RATCHET-3001")
    assert ran.error["field"] == "RATCHET_KEY"

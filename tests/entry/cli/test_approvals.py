"""The approval commands: who asks, who may say yes, and what it does."""

import pytest
from rich.console import Console

from ratchet.entry.cli import output
from ratchet.rollouts.approval import APPROVALS
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet
from tests.support.units_served import POLICY, drafted


@pytest.fixture
def asked(ratchet: Ratchet) -> str:
    """The id of an approval that ada asked for: another behaviour, without a rollout."""
    version = drafted(ratchet, {"fallbackOn": ["timeout"]})
    given = ("--reason", "tried elsewhere", "--by", "ada", "--json")
    ran = ratchet("approvals", "ask", POLICY, version, *given)
    assert ran.status == 0, ran.err
    approval: str = ran.json["id"]
    return approval


def test_what_waits_is_listed_until_it_is_decided(ratchet: Ratchet, asked: str) -> None:
    told = ratchet("approvals", "list").out
    assert all(text in told for text in (asked, "pending", "router-core@1.0.1", "ada"))
    assert ratchet("approvals", "list", "--policy", "another").out == "nothing to show\n"
    assert ratchet("approvals", "reject", asked, "--reason", "no", "--by", "bob").status == 0
    assert ratchet("approvals", "list").out == "nothing to show\n"
    (closed,) = ratchet("approvals", "list", "--all", "--json").lines
    assert (closed["state"], closed["decidedBy"], closed["decidedReason"]) == (
        "rejected",
        "bob",
        "no",
    )


def test_a_yes_of_somebody_else_makes_the_change(ratchet: Ratchet, asked: str) -> None:
    own = ratchet("approvals", "approve", asked, "--reason", "mine", "--by", "ada", "--json")
    assert (own.status, own.error["field"]) == (4, "actor")
    ran = ratchet("approvals", "approve", asked, "--reason", "it is good", "--by", "bob")
    assert ran.out.splitlines() == [
        f"{asked} is approved: router-core@1.0.1",
        "router-core@1.0.1 is active",
    ]
    again = ratchet("approvals", "approve", asked, "--reason", "twice", "--by", "eve", "--json")
    assert (again.status, again.error["field"]) == (4, "state")
    assert ratchet("audit", "verify", POLICY).status == 0


def test_a_no_rejects_the_version(ratchet: Ratchet, asked: str) -> None:
    ran = ratchet("approvals", "reject", asked, "--reason", "too risky", "--by", "bob")
    assert ran.out == f"{asked} is rejected: router-core@1.0.1\n"
    found = {v["version"]: v["status"] for v in ratchet("policy", "list", POLICY, "--json").lines}
    assert found == {"1.0.0": "active", "1.0.1": "rejected"}


def test_a_request_says_until_when_it_waits_and_for_whom(ratchet: Ratchet) -> None:
    version = drafted(ratchet, {"fallbackOn": ["timeout"]})
    told = ratchet("approvals", "ask", POLICY, version, "--reason", "please", "--by", "ada").out
    assert " waits for somebody else's yes to router-core@1.0.1, until " in told


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_approval_that_does_not_exist_is_not_found(ratchet: Ratchet, verb: str) -> None:
    assert ratchet("seed").status == 0
    ran = ratchet("approvals", verb, "router-core-a9", "--reason", "x", "--by", "bob", "--json")
    assert (ran.status, ran.error["mend"]) == (3, "ratchet approvals list")


def test_one_that_was_changed_by_hand_keeps_no_other_from_being_listed_or_asked(
    ratchet: Ratchet, asked: str
) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    found = store.get(Ref(APPROVALS, asked))
    assert found is not None
    store.set(found.ref, found.data | {"involved": []})
    store.close()
    ask = f"ratchet approvals ask {POLICY} 1.0.1 --reason ..."
    told = ratchet("approvals", "list").out
    assert told.startswith("nothing to show\n")
    assert asked in told
    assert ask in told
    again = ratchet("approvals", "ask", POLICY, "1.0.1", "--reason", "again", "--by", "ada")
    assert again.status == 0, again.err
    listed = ratchet("approvals", "list", "--all", "--json")
    assert [one["id"] != asked for one in listed.lines] == [True]
    assert ask in listed.err
    given = ("--reason", "yes", "--by", "bob", "--json")
    assert ask in ratchet("approvals", "approve", asked, *given).error["mend"]
    assert ratchet("approvals", "approve", listed.json["id"], *given).status == 0


def test_in_80_columns_ids_and_instants_are_whole_and_the_reason_is_below(
    ratchet: Ratchet, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "CONSOLE", Console(width=80))
    (one,) = ratchet("approvals", "list", "--json").lines
    reason = "so much " * 12 + "more"
    ratchet("approvals", "reject", asked, "--reason", reason, "--by", "bob")
    head, row, *below = ratchet("approvals", "list", "--all").out.splitlines()
    assert row.startswith(f"{asked}  rejected  {one['version']}  ")
    assert max(len(line) for line in (head, row, *below)) <= 80
    assert " ".join(line.strip() for line in below).endswith(f"why: {reason}")
    happened = ratchet("policy", "history", POLICY).out
    assert f"  {asked}  " in happened
    assert f"why: {reason} " in " ".join(happened.split()) + " "

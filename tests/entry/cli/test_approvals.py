"""The approval commands: who asks, who may say yes, and what it does."""

import pytest

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

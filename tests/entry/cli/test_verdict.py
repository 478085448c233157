"""The verdict commands: from what a component sends to what was decided, and its recount."""

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.rollouts.verdict import VERDICTS
from ratchet.store.port import Query, Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet
from tests.support.units_served import clock_of_commands, close_hours, serve, started

UNITS = 400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    return clock_of_commands(monkeypatch)


@pytest.fixture
def judged(ratchet: Ratchet, clock: ManualClock) -> str:
    """The id of a split whose challenger failed every unit, and was rolled back for it."""
    rollout = started(ratchet)
    serve(ratchet, rollout, clock, UNITS, outcome="failure")
    close_hours(ratchet, clock)
    assert ratchet("rollout", "evaluate").status == 0
    return rollout


def test_harm_is_rolled_back_and_its_verdict_is_computed_again(
    ratchet: Ratchet, judged: str
) -> None:
    (listed,) = ratchet("verdict", "list", judged, "--json").lines
    assert (listed["decision"], listed["effect"]) == ("ROLL_BACK", "rolled_back")
    assert "ROLL_BACK" in ratchet("verdict", "list", judged).out
    shown = ratchet("verdict", "show", listed["id"]).out
    assert shown.startswith(f"{listed['id']}: ROLL_BACK, rolled back")
    assert "breached" in shown
    assert f"sums {listed['judged']['data'][:16]}, and on no verdict before" in shown
    assert ratchet("verdict", "show", listed["id"], "--json").json == listed

    page = ratchet("rollout", "show", judged, "--json").json
    (arm,) = page["report"]["challengers"]
    assert (page["report"]["recommendation"], arm["recommendation"]) == ("ROLL_BACK",) * 2
    assert arm["delta"] < 0
    assert arm["interval"]["high"] < 0
    assert arm["pValue"] < 0.05
    assert page["verdict"]["id"] == listed["id"]

    checked = ratchet("verdict", "check", listed["id"])
    assert (checked.status, checked.out) == (
        0,
        f"{listed['id']}: ROLL_BACK, equal byte for byte\n",
    )
    assert ratchet("verdict", "check", judged, "--all", "--json").json["result"] == "equal"
    assert ratchet("audit", "verify").status == 0


def test_a_changed_bucket_is_named_and_the_status_is_not_0(ratchet: Ratchet, judged: str) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    for found in store.query(Query("ops_rollout_buckets")):  # by midnight hours are days
        sums = found.data["sums"]
        store.set(found.ref, found.data | {"sums": sums | {"rewardWx": sums["w"]}})
    store.close()
    ran = ratchet("verdict", "check", judged, "--all")
    assert ran.status == 4
    assert "DIFFERS in data: " in ran.out
    assert "compare ops_rollout_buckets with a backup" in ran.err


def test_buckets_that_are_gone_cannot_be_checked(ratchet: Ratchet, judged: str) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    for found in store.query(Query("ops_rollout_buckets")):
        store.delete(Ref(found.ref.collection, found.ref.id))
    store.close()
    ran = ratchet("verdict", "check", judged, "--all")
    assert ran.status == 3
    assert "CANNOT BE CHECKED (2 of its 2 bucket days are gone" in ran.out


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("show", "router-core-r9~20260101T12"), "ratchet verdict list"),
        (("check", "router-core-r9~20260101T12"), "ratchet verdict list"),
        (("check", "router-core-r9", "--all"), "ratchet rollout list"),
        (("list", "router-core-r9"), "ratchet rollout list"),
    ],
)
def test_what_does_not_exist_is_not_found(
    ratchet: Ratchet, arguments: tuple[str, ...], mend: str
) -> None:
    assert ratchet("seed").status == 0
    ran = ratchet("verdict", *arguments, "--json")
    assert ran.status == 3
    assert ran.error["mend"].startswith(mend)


def test_a_verdict_that_was_changed_is_named_and_the_others_are_told(
    ratchet: Ratchet, clock: ManualClock
) -> None:
    rollout = started(ratchet, "--mode", "canary")
    for _ in range(2):
        serve(ratchet, rollout, clock, 20)
        close_hours(ratchet, clock)
        assert ratchet("rollout", "evaluate").status == 0
    first, second = (v["id"] for v in ratchet("verdict", "list", rollout, "--json").lines)
    store = SqliteStore(".ratchet/ratchet.db")
    found = store.get(Ref(VERDICTS, second))
    assert found is not None
    store.set(found.ref, found.data | {"decision": "PROMOTE"})
    store.close()
    listed = ratchet("verdict", "list", rollout, "--json")
    assert [v["id"] for v in listed.lines] == [first]
    assert second in listed.err
    assert second in ratchet("verdict", "list", rollout).out.splitlines()[-1]
    checked = ratchet("verdict", "check", rollout, "--all")
    assert checked.status == 4
    assert f"{second}: ?, CANNOT BE CHECKED" in checked.out
    assert checked.out.endswith("1 of 2 verdicts equal byte for byte\n")
    assert second in checked.err


def test_the_id_of_a_rollout_says_how_all_its_verdicts_are_checked(
    ratchet: Ratchet, judged: str
) -> None:
    ran = ratchet("verdict", "check", judged, "--json")
    assert (ran.status, ran.error["mend"]) == (3, f"ratchet verdict check {judged} --all")

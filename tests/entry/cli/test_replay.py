"""`ratchet replay`: from recorded draws to what another version would have earned."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from ratchet.entry.wiring import open_app
from ratchet.kernel.clock import ManualClock, millis
from tests.support.commands import Ratchet, score_at_once, write_json

WEIGHTS = {"gpt-5": 0.6, "gemini": 0.25, "claude": 0.15}
MORE = {"gpt-5": 0.4, "gemini": 0.45, "claude": 0.15}
RATES = {"gpt-5": 0.2, "gemini": 0.9, "claude": 0.5}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of every command, set by hand."""
    at = ManualClock(datetime.now(UTC))
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", partial(open_app, clock=at))
    return at


@pytest.fixture
def version(ratchet: Ratchet, clock: ManualClock) -> str:
    """A draft of router-core that takes a fifth of the traffic from the worst arm to the best."""
    score_at_once(ratchet)
    assert ratchet("seed").status == 0
    params = write_json("params.json", {"modelWeights": MORE})
    drafted: str = ratchet("policy", "propose", "router-core", "--params", params, "--reason", "x",
                           "--json").json["version"]  # fmt: skip
    return drafted


def serve(ratchet: Ratchet, clock: ManualClock, **fields: Any) -> None:
    """Serve 200 requests in proportion to the weights, and score them."""
    items = [
        {"ts": millis(clock()), "component": f"router:{arm}", "arm": arm, "propensity": weight,
         "outcome": "success" if i < round(200 * weight) * RATES[arm] else "failure",
         "policyVersion": "router-core@1.0.0"} | fields
        for arm, weight in WEIGHTS.items()
        for i in range(round(200 * weight))
    ]  # fmt: skip
    batch = write_json("batch.json", {"id": "b", "observations": items})
    assert ratchet("record", batch).status == 0
    clock.advance(timedelta(minutes=1))
    assert ratchet("tick", "--only", "score_observations").status == 0


def test_a_version_is_replayed_and_the_replay_shown_again(
    ratchet: Ratchet, version: str, clock: ManualClock
) -> None:
    serve(ratchet, clock)
    made = ratchet("replay", "run", "router-core", version, "--json").json
    assert made["log"]["rows"] == 200
    assert made["result"]["difference"]["sndr"]["value"] == pytest.approx(0.119, abs=0.02)
    for name in (made["id"], "router-core"):
        assert ratchet("replay", "show", name, "--json").json == made
    assert ratchet("replay", "check", made["id"], "--json").json["result"] == "equal"
    assert ratchet("replay", "check", made["id"]).out.endswith("equal byte for byte, 200 rows\n")


def test_a_person_sees_weights_values_and_what_they_rest_on(
    ratchet: Ratchet, version: str, clock: ManualClock
) -> None:
    serve(ratchet, clock)
    shown = ratchet("replay", "run", "router-core", version, "--hours", 3).out.splitlines()
    assert shown[0].startswith("router-core-v1.0.1~")
    assert any(all(text in line for text in ("gemini", "0.25", "0.45")) for line in shown)
    by = [line.split("│")[1].strip() for line in shown if "│" in line and ".." in line]
    assert by == ["dr", "ips", "sndr", "snips", "dm", "switch_dr"]
    assert any(line.startswith("200 rows of 200 units") for line in shown)
    assert shown[-1] == "the intervals are of one look, over units"


@pytest.mark.parametrize(
    ("arguments", "status", "field"),
    [
        (("run", "router-core", "1.0.1"), 4, "log"),
        (("run", "router-core", "1.0.1", "--hours", "0"), 2, "hours"),
        (("run", "router-core", "9.9.9"), 3, "version"),
        (("run", "nothing", "1.0.0"), 3, "policy"),
        (("show", "router-core"), 3, "replay"),
        (("check", "router-core-v1.0.1~0"), 3, "replay"),
    ],
)
def test_what_cannot_be_shown_is_named(
    ratchet: Ratchet, version: str, arguments: tuple[str, ...], status: int, field: str
) -> None:
    ran = ratchet("replay", *arguments, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)


def test_figures_that_do_not_follow_end_with_a_refusal(
    ratchet: Ratchet, version: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(ratchet, clock)
    made = ratchet("replay", "run", "router-core", version, "--json").json
    monkeypatch.setattr("ratchet.rollouts.replay_difference.RARE", 30.0)
    ran = ratchet("replay", "check", made["id"])
    assert ran.status == 4
    assert "the figures DIFFER" in ran.out

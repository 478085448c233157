"""A verdict as a person reads it, and as JSON."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry.cli.output import CONSOLE
from ratchet.entry.cli.rollout_report import Page, report, say_page, say_verdict
from ratchet.rollouts.verdict import Judged
from tests.support.evidenced import NOON, rollout
from tests.support.judged import judged, term, verdict

COST = {"metric": "cost", "better": "lower", "role": "guardrail"}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONSOLE, "_width", 160)


def told(capsys: pytest.CaptureFixture[str], look: Judged, **fields: Any) -> str:
    say_verdict(verdict(look, **fields))
    return capsys.readouterr().out


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of each row of the table of terms, by metric."""
    lines = (line.split("│")[1:-1] for line in text.splitlines() if line.startswith("│"))
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_a_decision_is_told_with_what_was_done_and_every_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    look = judged(reasons=("soak: over", "reward: better"), expected=NOON + timedelta(hours=9))
    lines = told(capsys, look, effect="step_opened", note="step 2 of 2").splitlines()
    assert lines[:6] == [
        "router-core-r7~20260101T14: PROMOTE of the step, step opened (step 2 of 2)",
        "at 2026-01-01 14:00:00 UTC, of units exposed before 2026-01-01 13:00:00 UTC",
        "- soak: over",
        "- reward: better",
        "next expected at 2026-01-01 21:00:00 UTC",
        "exposures as planned: p 1 at any look",
    ]
    assert lines[6] == "1.0.1 (router-core@1.0.1): PROMOTE, 1,234 exposures, 1,200 units"


def test_each_term_is_a_row_with_its_bounds_and_both_thresholds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    safe = {"needed": -0.05, "allowed": 0.1, "interval": {"low": -0.01, "high": 0.02}}
    cost = term(**COST, **safe, control=0.5, value=0.505, delta=0.005, pValue=0.3)
    found = rows(told(capsys, judged(term(), cost)))
    reward = ["0.5", "0.7", "0.2", "0.1..0.3", "> 0", "< 0", "0.0004", "passed"]
    assert found["reward"] == reward
    # of what is better when lower, a promotion wants less than so much more
    assert found["cost"][3:7] == ["-0.01..0.02", "< 0.05", "> 0.1", "0.3"]


def test_relative_bounds_and_thresholds_are_percentages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = term(relative=True, allowedRelative=True, needed=0.02, allowed=0.05, low=0.2, high=0.6)
    found = rows(told(capsys, judged(parts)))["reward"]
    assert found[3:6] == ["+20.00%..+60.00%", "> +2 %", "< -5 %"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"asked": False}, "not asked"),
        ({"breached": True, "passed": False}, "breached"),
        ({"held": ("cost",), "passed": False}, "held: unknown cost differs"),
        ({"trusted": False, "passed": False}, "too few"),
        ({"passed": False}, "open"),
    ],
)
def test_what_a_term_says_is_told_in_a_word(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], says: str
) -> None:
    assert rows(told(capsys, judged(term(**fields))))["reward"][-1] == says


def test_a_term_that_a_promotion_does_not_ask_names_no_need(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = rows(told(capsys, judged(term(needed=None), term(**COST))))
    assert found["reward"][4:6] == ["", "< 0"]


def test_a_split_that_went_wrong_is_told_before_any_effect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    look = judged(decision="HOLD", leastP=1e-9)
    assert "exposures NOT AS PLANNED, no effect is trusted: p 1e-09" in told(capsys, look)


def test_a_look_before_any_hour_has_closed_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    look = judged(decision="HOLD", until=NOON - timedelta(days=9000))
    assert "UTC, no hour since its start is closed\n" in told(capsys, look)


def test_a_shadow_tells_what_it_cost_and_nothing_of_a_split(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, judged(mode="shadow", spentUsd=1.25))
    assert "shadows cost 1.25 USD so far\n" in text
    assert "exposures as planned" not in text


def test_a_page_without_a_verdict_says_where_one_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = Page(rollout(held=True, gates=("approval",)), "", None, ())
    say_page(page)
    text = capsys.readouterr().out
    assert "no verdict yet" in text
    assert "gates left after it: approval; expires at " in text
    assert "HELD by a person: ratchet rollout hold router-core-r7 --release" in text
    assert set(page.to_wire()) == {"rollout", "approvals"}


def test_a_report_names_the_recommendation_of_all_and_of_each_challenger() -> None:
    found = report(judged(winner="1.0.1"))
    assert (found["recommendation"], found["scope"], found["winner"]) == (
        "PROMOTE",
        "step",
        "1.0.1",
    )
    (arm,) = found["challengers"]
    assert (arm["arm"], arm["recommendation"], arm["version"]) == (
        "1.0.1",
        "PROMOTE",
        "router-core@1.0.1",
    )
    assert {"delta", "interval", "pValue", "metric", "needed"} <= set(arm["terms"][0])

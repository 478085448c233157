"""`ratchet demo --runs`: what it prints, and what it refuses."""

from pathlib import Path

import pytest

from tests.support.commands import Ratchet
from tests.support.trajectories import sample, trajectory, written

pytestmark = pytest.mark.slow


def test_it_ends_with_the_card_of_the_airline_agent(ratchet: Ratchet) -> None:
    ran = ratchet("demo", "--runs", sample())
    assert ran.status == 0, ran.err
    assert "gate task: passed at 1" in " ".join(ran.out.split())
    assert "pass^1 0.420 in the file, 0.420 in the sums of the card" in ran.out
    assert "# Card of airline-agent" in ran.out
    assert "| gate | task | 58.0% |" in ran.out
    assert "alerts that stand: " in ran.out.splitlines()[-1] or "  ratchet " in ran.out


def test_json_is_one_line_of_figures(ratchet: Ratchet) -> None:
    path = written(Path("t.jsonl"), *(trajectory(i, reward=float(i == 0)) for i in range(14)))
    ran = ratchet("demo", "--runs", path, "--json")
    assert ran.status == 0, ran.err
    assert tuple(ran.json) == (
        *("runs", "observations", "passed", "passRate", "toolErrors", "costUsd"),
        *("days", "alerts", "opsPerRun", "seconds"),
    )
    assert (ran.json["runs"], ran.json["passed"], ran.json["passRate"]) == (14, 0.0714, 0.0714)


@pytest.mark.parametrize(
    ("args", "status", "field"),
    [
        (("--runs", "nowhere.jsonl"), 3, "file"),
        (("--runs", "--gates"), 2, "gates"),
        (("--runs", "--requests", 100), 2, "requests"),
        (("t.jsonl",), 2, "file"),
    ],
)
def test_what_does_not_go_together_is_refused(
    ratchet: Ratchet, args: tuple[object, ...], status: int, field: str
) -> None:
    ran = ratchet("demo", *args, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)

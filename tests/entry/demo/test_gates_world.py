"""Who plays which part in the demo of gates, and what fails when an arm is down."""

from pathlib import Path

import pytest

from ratchet.entry.demo.gates_world import DOWN, Cast, Failing, cast
from ratchet.entry.demo.world import DriftingModels, load_table
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.reward import RewardConfig
from tests.support.outcomes import COLUMNS, real, table, three_arms


def parts(path: Path) -> Cast:
    """Return the cast of a table."""
    return cast(load_table(path), RewardConfig())


def rows(arm: str, *, won: int, of: int = 20, cost: float | str = 0.001) -> list[str]:
    """Return rows of an arm that succeeds so many times."""
    good, failed = f",{arm},success,,500,,,{cost},", f",{arm},failure,,500,,,{cost},http_500"
    return [good] * won + [failed] * (of - won)


def test_the_good_arm_clearly_beats_the_champion_and_the_worst_is_the_bad_one(
    tmp_path: Path,
) -> None:
    assert parts(three_arms(tmp_path / "t.csv")) == Cast("fair", "good", "good", "poor")


def test_an_arm_that_would_break_the_guardrail_of_cost_is_not_the_good_one(tmp_path: Path) -> None:
    lines = [
        *rows("dear", won=20, cost=0.002),
        *rows("fair", won=10),
        *rows("fine", won=16),
        *rows("poor", won=4),
    ]
    found = parts(table(tmp_path / "t.csv", COLUMNS, *lines))
    assert (found.good, found.bad) == ("fine", "poor")
    assert "dear" not in (found.champion, found.regressing)


def test_an_arm_that_is_only_faster_does_not_pass_where_success_cannot_be_told_in_time(
    tmp_path: Path,
) -> None:
    fast = [line.replace(",500,", ",50,") for line in rows("fast", won=10)]
    slow = [line.replace(",500,", ",3900,") for line in rows("slow", won=10)]
    with pytest.raises(InvalidInput, match="no arm clearly beats another"):
        parts(table(tmp_path / "t.csv", COLUMNS, *fast, *slow))
    sure = [line.replace("failure", "success").replace("http_500", "") for line in (*fast, *slow)]
    assert parts(table(tmp_path / "t.csv", COLUMNS, *sure)).good == "fast"


def test_two_arms_are_enough(tmp_path: Path) -> None:
    lines = [*rows("a", won=18), *rows("b", won=6)]
    assert parts(table(tmp_path / "t.csv", COLUMNS, *lines)) == Cast("b", "a", "a", "b")


@pytest.mark.parametrize("other", [rows("b", won=11), rows("b", won=4, cost="")])
def test_a_table_without_a_clear_difference_at_a_known_cost_is_refused(
    tmp_path: Path, other: list[str]
) -> None:
    path = table(tmp_path / "t.csv", COLUMNS, *rows("a", won=12), *other)
    with pytest.raises(InvalidInput, match="no arm clearly beats another") as caught:
        parts(path)
    assert caught.value.field == "outcomes"


def test_the_simulated_models_have_a_cast() -> None:
    found = cast(DriftingModels(), RewardConfig())
    assert (found.champion, found.good) == ("deep", "steady")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("providers_llama2_70b.csv", Cast("replicate", "anyscale", "groq", "lepton")),
        (
            "dcrouter_nine_models.csv.gz",
            Cast(
                "mistral-7b-instruct-v0.3",
                "llama-3.3-nemotron-super-49b-v1",
                "llama-3.1-nemotron-51b-instruct",
                "llama3-chatqa-1.5-8b",
            ),
        ),
    ],
)
def test_the_real_tables_have_a_cast(name: str, expected: Cast) -> None:
    assert parts(real(name)) == expected


def test_a_request_comes_to_the_same_however_often_an_arm_is_asked(tmp_path: Path) -> None:
    world = Failing(load_table(three_arms(tmp_path / "t.csv")))
    assert world.respond("good", "request-1") == world.respond("good", "request-1")
    answers = {world.respond("good", f"request-{i}").get("durationMs") for i in range(50)}
    assert len(answers) > 20


def test_an_arm_that_is_down_fails_most_requests_and_the_others_none(tmp_path: Path) -> None:
    world = Failing(load_table(three_arms(tmp_path / "t.csv")))
    world.down = "good"
    requests = [f"request-{i}" for i in range(400)]
    failed = sum(world.respond("good", request) == DOWN for request in requests)
    assert 340 <= failed <= 380
    assert not any(world.respond("fair", request) == DOWN for request in requests)

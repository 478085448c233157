"""Names of columns: which parts they fit, in whatever way they are written."""

import pytest

from ratchet.entry.trial.names import candidates, is_negated, rank, unit_of


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("arm", "Model"),
        ("arm", "rolloutArm"),
        ("unit", "userId"),
        ("unit", "meta.session_id"),
        ("outcome", "http_status"),
        ("outcome", "IsCorrect"),
        ("latency", "durationMs"),
        ("latency", "latency_s"),
        ("latency", "response_time_us"),
        ("cost", "total_cost_usd"),
        ("cost", "costUSD"),
        ("ts", "createdAt"),
        ("ts", "@timestamp"),
        ("propensity", "propensity_score"),
        ("quality", "judge_score"),
        ("reward", "reward.score"),
    ],
)
def test_a_name_is_known_in_every_way_of_writing(part: str, name: str) -> None:
    assert rank(part, name) is not None


@pytest.mark.parametrize(
    ("part", "name"),
    [("latency", "ttft_s"), ("cost", "tokens"), ("unit", "id"), ("arm", "question"), ("ts", "")],
)
def test_another_name_fits_no_part(part: str, name: str) -> None:
    assert rank(part, name) is None


def test_the_likelier_name_comes_first_and_a_whole_name_before_the_end_of_a_path() -> None:
    assert candidates("arm", ["provider", "x.model", "model"]) == ["model", "provider", "x.model"]


@pytest.mark.parametrize(
    ("name", "unit"), [("latency_s", "s"), ("durationMs", "ms"), ("latency", ""), ("status", "")]
)
def test_a_unit_is_the_last_word_of_a_name(name: str, unit: str) -> None:
    assert unit_of("latency", name) == unit


def test_a_column_of_errors_is_told_from_a_column_of_successes() -> None:
    assert [is_negated(n) for n in ("errorCode", "is_error", "response.error", "failed")] == [
        True
    ] * 4
    assert [is_negated(n) for n in ("success", "status", "errors_fixed")] == [False] * 3

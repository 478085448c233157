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
        ("arm", "llm_model"),
        ("arm", "model_used"),
        ("arm", "served_by"),
        ("arm", "chosen_provider"),
        ("arm", "chosenModel"),
        ("arm", "backend_name"),
        ("arm", "deployment_id"),
        ("latency", "wall_time_sec"),
        ("latency", "e2eLatencyMs"),
        ("latency", "end_to_end_latency"),
        ("latency", "call_duration_seconds"),
        ("latency", "elapsedms"),
        ("cost", "usd"),
        ("cost", "llm_cost"),
        ("cost", "costusd"),
        ("cost", "cost_per_request"),
        ("cost", "requestPrice"),
        ("ts", "When"),
        ("ts", "TIME"),
        ("ts", "Date"),
        ("ts", "event_timestamp"),
        ("propensity", "prob"),
        ("propensity", "Probability"),
        ("propensity", "p_action"),
        ("propensity", "propensity_logged"),
        ("propensity", "act_prob"),
    ],
)
def test_a_name_is_known_in_every_way_of_writing(part: str, name: str) -> None:
    assert rank(part, name) is not None


@pytest.mark.parametrize(
    ("part", "name"),
    [
        *(("latency", "ttft_s"), ("cost", "tokens"), ("unit", "id"), ("arm", "question")),
        *(("ts", ""), ("arm", "model_latency_ms"), ("arm", "judge_model"), ("arm", "chosen_prob")),
        *(("latency", "timestamp"), ("latency", "start_time"), ("latency", "timeout_s")),
        *(("latency", "time_to_first_token_ms"), ("cost", "price_per_token")),
        *(("cost", "prompt_cost"), ("ts", "candidate"), ("ts", "updated"), ("ts", "elapsed_time")),
        *(("propensity", "prob_success"), ("propensity", "log_prob"), ("propensity", "problem")),
    ],
)
def test_another_name_fits_no_part(part: str, name: str) -> None:
    assert rank(part, name) is None


def test_the_likelier_name_comes_first_and_a_whole_name_before_the_end_of_a_path() -> None:
    assert candidates("arm", ["provider", "x.model", "model"]) == ["model", "provider", "x.model"]


def test_a_name_as_a_whole_comes_before_one_with_a_word_inside_it() -> None:
    names = ["requested_model", "model_used", "chosen_model", "x.model"]
    assert candidates("arm", names) == ["x.model", "chosen_model", "model_used", "requested_model"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(("latency_s", "s"), ("durationMs", "ms"), ("latency", ""), ("status", "")),
        *(("time_sec", "sec"), ("total_seconds", "seconds"), ("elapsedms", "ms"), ("times", "")),
        *(("latency_ms_p50", "ms"), ("latency_us_east", "")),
    ],
)
def test_a_unit_is_the_last_word_of_a_name_its_end_or_a_long_word_inside(
    name: str, unit: str
) -> None:
    assert unit_of("latency", name) == unit


def test_a_column_of_errors_is_told_from_a_column_of_successes() -> None:
    assert [is_negated(n) for n in ("errorCode", "is_error", "response.error", "failed")] == [
        True
    ] * 4
    assert [is_negated(n) for n in ("success", "status", "errors_fixed")] == [False] * 3

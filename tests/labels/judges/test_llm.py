"""LLM judge, against a server on loopback: the form, the pair's order, retries and the budget."""

import sys
from typing import Any

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import (
    InvalidConfig,
    InvalidInput,
    Misconfigured,
    Refused,
    Throttled,
    Unavailable,
)
from ratchet.labels.judges import llm
from ratchet.labels.judges.budget import spent_today
from ratchet.labels.judges.judge import Case, Said, Seat, Unsaid, Verdict
from ratchet.labels.judges.llm_settings import LlmSettings
from ratchet.labels.settings import JudgeSettings
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import case
from tests.support.model_server import ModelServer, Reply, failed, said, serving_model
from tests.support.observing import NOON

USUAL: dict[str, Any] = {
    "model": "m-1",
    "prompt": "Was this a good answer? {meta.answer}",
    "classes": {"good": 1.0, "bad": 0.0, "odd": None},
    "maxCostUsdDay": 1.0,
    "usdPerMillionIn": 1.0,
    "usdPerMillionOut": 10.0,
}
PAIR = USUAL | {
    "prompt": "Which is better, {first} or {second}?",
    "classes": {},
    "candidates": [{"name": "ours", "at": "meta.a"}, {"name": "theirs", "at": "meta.b"}],
}
ONE = case(meta={"answer": "42"})
TWO = case(meta={"a": "short", "b": "long"})
GOOD = said({"label": "good", "confidence": 0.75})
COST = 0.0003  # of the 100 and 20 tokens of `said`


def ask(embedded: SqliteStore, server: ModelServer, of: Case = ONE, **settings: Any) -> Said:
    """Return what a judge with these settings says of a case."""
    parsed = LlmSettings.parse(USUAL | {"baseUrl": server.url} | settings)
    with llm.opened(Seat(embedded, ManualClock(NOON), "j", parsed)) as judge:
        return judge(of)


def spent(embedded: SqliteStore) -> float:
    return spent_today(embedded, "j", now=NOON)


def test_it_asks_once_with_the_data_apart_and_says_class_score_confidence_and_cost(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", "sk-secret")
    with serving_model(GOOD) as server:
        found = ask(embedded, server, apiKeyEnv="JUDGE_API_KEY", maxTokens=64)
    assert isinstance(found, tuple)
    (verdict,) = found
    assert (verdict.label, verdict.score, verdict.confidence) == ("good", 1.0, 0.75)
    assert verdict.cost_usd == pytest.approx(COST)
    assert spent(embedded) == pytest.approx(COST)
    (asked,) = server.asked
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("m-1", 0.0, 64)
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert server.keys == ["Bearer sk-secret"]


def test_a_class_without_a_score_has_none_and_without_classes_the_answer_is_the_score(
    embedded: SqliteStore,
) -> None:
    with serving_model(said({"label": "odd"}), said({"score": 0.25})) as server:
        assert ask(embedded, server) == (Verdict(label="odd", cost_usd=COST),)
        assert ask(embedded, server, classes={}) == (Verdict(score=0.25, cost_usd=COST),)


def test_the_same_is_asked_as_often_as_it_is_to_be_repeated(embedded: SqliteStore) -> None:
    with serving_model(GOOD, said({"label": "bad"})) as server:
        found = ask(embedded, server, repeats=3)
    assert isinstance(found, tuple)
    assert [(v.repeat, v.label) for v in found] == [(0, "good"), (1, "bad"), (2, "bad")]


def _longer(asked: Any) -> Reply:
    shown = asked["messages"][1]["content"]
    return said({"label": "first" if shown.index("long") < shown.index("short") else "second"})


def test_a_pair_is_asked_in_both_orders_and_who_won_is_named_the_same_in_both(
    embedded: SqliteStore,
) -> None:
    with serving_model(_longer) as server:
        found = ask(embedded, server, TWO, **PAIR)
    assert isinstance(found, tuple)
    assert [(v.position, v.label, v.score) for v in found] == [
        ("ab", "theirs", 0.0),
        ("ba", "theirs", 0.0),
    ]
    shown = [asked["messages"][1]["content"] for asked in server.asked]
    assert [text.index("short") < text.index("long") for text in shown] == [True, False]


@pytest.mark.parametrize(
    ("answer", "labels", "scores"),
    [
        ("first", ["ours", "theirs"], [1.0, 0.0]),
        ("second", ["theirs", "ours"], [0.0, 1.0]),
        ("tie", ["tie", "tie"], [0.5, 0.5]),
    ],
)
def test_a_judge_that_answers_by_position_contradicts_itself_in_the_other_order(
    embedded: SqliteStore, answer: str, labels: list[str], scores: list[float]
) -> None:
    with serving_model(said({"label": answer})) as server:
        found = ask(embedded, server, TWO, **PAIR)
    assert isinstance(found, tuple)
    assert [v.label for v in found] == labels
    assert [v.score for v in found] == scores


def test_a_pair_of_which_one_order_is_not_answered_as_asked_is_not_judged_but_paid(
    embedded: SqliteStore,
) -> None:
    with serving_model(said({"label": "first"}), said("both are fine")) as server:
        found = ask(embedded, server, TWO, **PAIR)
    assert isinstance(found, Unsaid)
    assert found.fault
    assert found.cost_usd == pytest.approx(2 * COST)
    assert spent(embedded) == pytest.approx(2 * COST)


@pytest.mark.parametrize(
    "reply",
    [
        said("I would say good."),
        said({"label": "great"}),
        Reply("<html>gateway</html>"),
        Reply({"hello": "world"}),
        Reply({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}),
        failed(400, "the content policy"),
    ],
    ids=["prose", "other class", "html", "other json", "no choice", "400"],
)
def test_garbage_is_a_fault_and_no_judgement(embedded: SqliteStore, reply: Reply) -> None:
    with serving_model(reply) as server:
        found = ask(embedded, server)
    assert isinstance(found, Unsaid)
    assert found.fault


def test_a_case_without_what_the_prompt_shows_is_not_asked_about_and_costs_nothing(
    embedded: SqliteStore,
) -> None:
    with serving_model(GOOD) as server:
        assert ask(embedded, server, case()) == Unsaid("the observation has no meta.answer")
    assert server.asked == []
    assert spent(embedded) == 0.0


@pytest.mark.parametrize("reply", [failed(429), failed(503)], ids=["429", "503"])
def test_what_fails_for_a_moment_is_asked_again(embedded: SqliteStore, reply: Reply) -> None:
    with serving_model(reply, GOOD) as server:
        assert isinstance(ask(embedded, server), tuple)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("reply", "error", "times"),
    [
        (failed(429), Throttled, 3),
        (failed(500), Unavailable, 3),
        (failed(401, "bad key sk-secret"), Misconfigured, 1),
        (failed(404), Misconfigured, 1),
    ],
    ids=["429", "500", "401", "404"],
)
def test_what_goes_on_failing_is_an_error_that_costs_nothing_and_tells_no_key(
    embedded: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    error: type[Unavailable],
    times: int,
) -> None:
    monkeypatch.setenv("API_KEY", "sk-secret")
    with serving_model(reply) as server, pytest.raises(Unavailable) as raised:
        ask(embedded, server, apiKeyEnv="API_KEY")
    assert type(raised.value) is error
    assert len(server.asked) == times
    assert spent(embedded) == 0.0
    assert "sk-secret" not in str(raised.value)


def test_a_server_that_keeps_it_waiting_is_unavailable_and_what_it_may_cost_counts_as_spent(
    embedded: SqliteStore,
) -> None:
    with serving_model(Reply({}, slow=True)) as server, pytest.raises(Unavailable):
        ask(embedded, server, timeoutSeconds=0.05, retries=0)
    assert spent(embedded) > 0.002  # 256 tokens of an answer alone are 0.00256


def test_nothing_is_asked_that_may_pass_the_days_limit_and_a_restart_does_not_forget(
    embedded: SqliteStore,
) -> None:
    dear = said({"label": "good"}, tokens=(100_000, 20_000))
    with serving_model(dear) as server:
        for _ in range(2):
            assert isinstance(ask(embedded, server, maxCostUsdDay=0.5), tuple)
        with pytest.raises(Refused) as raised:
            ask(embedded, server, maxCostUsdDay=0.5)
    assert raised.value.field == "maxCostUsdDay"
    assert "j spent $0.6 of $0.5 today" in raised.value.message
    assert len(server.asked) == 2


def test_an_answer_that_tells_no_usage_counts_by_its_length_and_says_so(
    embedded: SqliteStore,
) -> None:
    with serving_model(said({"label": "good"}, tokens=None)) as server:
        found = ask(embedded, server)
    assert isinstance(found, tuple)
    assert found[0].guessed
    content = sum(len(m["content"]) for m in server.asked[0]["messages"])
    # {"label": "good"} is 17 bytes, which are reckoned as 6 tokens at $10 per million.
    assert spent(embedded) == pytest.approx(content / 3e6 + 6e-5, abs=1e-6)


def test_what_nobody_can_read_and_tells_no_usage_counts_at_its_worst(
    embedded: SqliteStore,
) -> None:
    with serving_model(Reply({"hello": "world"})) as server:
        found = ask(embedded, server, retries=0)
    assert isinstance(found, Unsaid)
    assert found.guessed
    assert 0.00256 < spent(embedded) < 0.004


def test_without_its_key_it_is_not_opened(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUDGE_API_KEY", raising=False)
    with serving_model(GOOD) as server, pytest.raises(InvalidInput) as raised:
        ask(embedded, server, apiKeyEnv="JUDGE_API_KEY")
    assert (raised.value.field, raised.value.mend) == ("apiKeyEnv", "export JUDGE_API_KEY=...")


def test_without_the_package_the_error_names_the_extra(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with serving_model(GOOD) as server, pytest.raises(InvalidInput) as raised:
        ask(embedded, server)
    assert raised.value.mend == "pip install 'ratchet[llm]'"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"baseUrl": "ftp://x"}, "settings.baseUrl"),
        ({"prompt": "Good?"}, "prompt shows nothing"),
        ({"apiKeyEnv": "RATCHET_KEY"}, "settings.apiKeyEnv"),
        ({"apiKey": "sk-1"}, "settings.apiKey"),
        ({"maxCostUsdDay": None}, "settings.maxCostUsdDay"),
        ({"classes": {"good": 2}}, "settings.classes.good"),
        (PAIR | {"prompt": "{first}?"}, "prompt shows no {first} and {second}"),
        (PAIR | {"classes": {"good": 1.0}}, "exclude each other"),
        (PAIR | {"candidates": PAIR["candidates"][:1]}, "the two of a pair"),
        (PAIR | {"candidates": [{"name": "tie", "at": "a"}, {"name": "b", "at": "b"}]}, "tie"),
    ],
)
def test_settings_that_cannot_work_are_refused_where_they_are_written(
    change: dict[str, Any], told: str
) -> None:
    settings = USUAL | {"baseUrl": "http://127.0.0.1:1/v1"} | change
    spec = {"kind": "llm", "family": "gpt", "settings": settings}
    with pytest.raises(InvalidConfig) as raised:
        JudgeSettings.parse({"judges": {"j": spec}})
    assert told in raised.value.message

"""One judge over what an agent did of late: each once, within its budget, and while it answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import Misconfigured, NotFound, Refused
from ratchet.labels.judge_subjects import JudgeRun, judge_subjects
from ratchet.labels.record_judgements import record_judgements
from ratchet.labels.settings import JudgeSettings
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import AGENT, feedback_of, judged, judgement, said, weigh
from tests.support.model_server import failed, serving_model
from tests.support.model_server import said as says
from tests.support.observing import Worker, configure, observation

RULES = {
    "kind": "rules",
    "family": "rules",
    "agents": ["router", "planner"],
    "settings": {
        "rules": [
            {"at": "outcome", "equals": "failure", "label": "bad", "score": 0.0},
            {"at": "quality", "below": 0.6, "label": "bad", "score": 0.25},
        ]
    },
}


def asking(url: str, **settings: Any) -> dict[str, Any]:
    """Return a judge that asks a model about outcomes."""
    usual = {"baseUrl": url, "model": "m", "prompt": "{outcome}", "classes": {"good": 1, "bad": 0}}
    costs = {"maxCostUsdDay": 1, "usdPerMillionIn": 1, "usdPerMillionOut": 10, "retries": 0}
    return {"kind": "llm", "family": "gpt", "settings": usual | costs | settings}


def run(at: Worker, judge: str = "style", agent: str = AGENT, limit: int = 100) -> JudgeRun:
    """Let a judge judge the last hour."""
    since = at.clock() - timedelta(hours=1)
    return judge_subjects(
        at.store, at.reader, judge=judge, agent=agent, clock=at.clock, since=since, limit=limit
    )


def test_what_is_its_to_judge_is_recorded_and_graded_and_the_rest_counted(store: Store) -> None:
    at = judged(store, judges={"style": RULES})
    weigh(store, style=0.5)
    found = run(at)
    assert (found.judged, found.graded, found.unsaid, found.failed) == (2, 2, 2, 0)
    assert found.reasons == {"no rule holds of it, and it has no quality": 2}
    assert {d["subject"]: d["score"] for d in said(store).values()} == {"b1.1": 0.0, "b1.2": 0.25}
    graded = feedback_of(store, "b1.2")
    assert graded is not None
    assert graded.grade == 0.25


def test_what_it_judged_before_is_not_judged_again_unless_by_another_version(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded, judges={"style": RULES})
    assert run(at, limit=1).judged == 1
    assert run(at).judged == 1
    assert run(at).judged == 0
    configure(embedded, JudgeSettings.parse({"judges": {"style": RULES | {"version": "2"}}}))
    assert run(Worker(embedded, at.clock)).judged == 2


def test_what_another_run_said_otherwise_meanwhile_stands_and_stops_nothing(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded, judges={"style": RULES})

    def meanwhile() -> datetime:
        if not said(embedded):
            other = judgement("b1.2", judge="style", family="rules", score=1.0)
            record_judgements(embedded, at.reader, other, now=at.clock(), asked="style")
        return at.clock()

    since = at.clock() - timedelta(hours=1)
    found = judge_subjects(
        embedded,
        at.reader,
        judge="style",
        agent=AGENT,
        clock=meanwhile,
        since=since,
        limit=100,
    )
    assert (found.judged, found.failed) == (1, 1)
    assert {d["subject"]: d["score"] for d in said(embedded).values()} == {"b1.1": 0.0, "b1.2": 1.0}


def test_the_newest_are_judged_first_and_no_more_than_asked_for(embedded: SqliteStore) -> None:
    at = judged(embedded, judges={"style": RULES})
    at.later()
    at.record({"id": "last"} | observation(at.clock(), outcome="failure"))
    assert run(at, limit=1).judged == 1
    assert {d["subject"] for d in said(embedded).values()} == {"last"}
    at.clock.advance(timedelta(hours=2))
    assert run(at).judged == 0  # the others are older than an hour


def test_of_a_batch_the_newest_is_judged_first_whatever_its_order(embedded: SqliteStore) -> None:
    at = judged(embedded, judges={"style": RULES})
    at.later()
    times = [at.clock() - timedelta(seconds=s) for s in (9, 2, 5)]
    items = [observation(ts, outcome="failure") for ts in times]
    at.record({"id": "b2", "observations": items})
    assert run(at, limit=2).judged == 2
    assert {d["subject"] for d in said(embedded).values()} == {"b2.1", "b2.2"}


def test_each_answer_is_kept_before_the_next_is_asked_for(embedded: SqliteStore) -> None:
    with serving_model(says({"label": "good"}), failed(401)) as server:
        at = judged(embedded, judges={"style": asking(server.url)})
        with pytest.raises(Misconfigured):
            run(at)
        assert len(said(embedded)) == 1
        assert len(server.asked) == 2


def test_what_a_model_says_wrongly_is_counted_and_not_judged_and_costs_the_same(
    embedded: SqliteStore,
) -> None:
    with serving_model(says("fine, I think"), says({"label": "good"})) as server:
        at = judged(embedded, judges={"style": asking(server.url)})
        found = run(at)
    assert (found.judged, found.failed, len(said(embedded))) == (3, 1, 3)
    assert found.cost_usd == pytest.approx(4 * 0.0003)
    assert any("is not the JSON" in why for why in found.reasons)
    assert found.guessed == 0


def test_how_often_the_cost_is_only_reckoned_is_told(embedded: SqliteStore) -> None:
    with serving_model(says("fine"), says({"label": "good"}, tokens=None)) as server:
        at = judged(embedded, judges={"style": asking(server.url)})
        found = run(at)
    assert (found.judged, found.failed, found.guessed) == (3, 1, 3)


def test_a_model_that_does_not_answer_three_times_in_a_row_is_left_alone(
    embedded: SqliteStore,
) -> None:
    with serving_model(failed(500)) as server:
        at = judged(embedded, judges={"style": asking(server.url)})
        found = run(at)
        assert len(server.asked) == 3
    assert (found.judged, found.failed) == (0, 3)
    assert found.stopped is not None
    assert "answers 500" in found.stopped


def test_a_run_ends_with_the_budget_and_goes_on_tomorrow(embedded: SqliteStore) -> None:
    dear = says({"label": "good"}, tokens=(100_000, 20_000))
    with serving_model(dear) as server:
        at = judged(embedded, judges={"style": asking(server.url, maxCostUsdDay=0.5)})
        found = run(at)
        assert (found.judged, found.failed) == (2, 0)
        assert found.stopped is not None
        assert "wait for tomorrow" in found.stopped
        assert run(at).judged == 0
        at.clock.advance(timedelta(days=1))
        since = at.clock() - timedelta(days=2)
        rest = judge_subjects(
            embedded, at.reader, judge="style", agent=AGENT, clock=at.clock, since=since, limit=9
        )
        assert rest.judged == 2


def test_a_judge_that_answers_by_position_is_seen(embedded: SqliteStore) -> None:
    pair = {
        "prompt": "{first} or {second}?",
        "classes": {},
        "candidates": [{"name": "ours", "at": "meta.a"}, {"name": "theirs", "at": "meta.b"}],
    }
    with serving_model(says({"label": "first"})) as server:
        at = judged(embedded, judges={"style": asking(server.url, **pair)})
        at.record({"id": "p1"} | observation(meta={"a": "x", "b": "y"}))
        weigh(embedded, style=0.5)
        found = run(at)
        assert (found.judged, found.swapped, found.unsaid) == (1, 1, 4)
        assert run(at).judged == 0
    assert [(d["position"], d["label"]) for d in said(embedded).values()] == [
        ("ab", "ours"),
        ("ba", "theirs"),
    ]
    graded = feedback_of(embedded, "p1")
    assert graded is not None
    assert graded.grade == 0.5  # both orders together say nothing


@pytest.mark.parametrize(
    ("judge", "agent", "error", "mend"),
    [
        ("nobody", AGENT, NotFound, "ratchet judges list"),
        ("style", "critic", Refused, "add critic to its agents in config/judges"),
        ("style", "planner", Refused, "ask a judge of another, or mend families"),
        ("people", AGENT, Refused, "ratchet judges record FILE"),
    ],
)
def test_a_judge_that_may_not_or_cannot_judge_is_refused_before_anything_is_asked(
    embedded: SqliteStore, judge: str, agent: str, error: type[Refused], mend: str
) -> None:
    judges = {"style": RULES, "people": {"family": "people"}}
    at = judged(embedded, judges=judges, families={"plan*": "rules"})
    with pytest.raises(error) as raised:
        run(at, judge, agent)
    assert mend in raised.value.mend

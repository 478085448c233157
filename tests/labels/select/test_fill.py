"""Filling the review queue: who is asked about what, once, and with what probability."""

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import judgement, send, weigh
from tests.support.observing import alerts
from tests.support.selecting import (
    asking,
    draws,
    fill,
    labelled,
    next_day,
    numbered,
    questions,
    queue,
)

TEXTS = [f"What is the capital of country number {i}?" for i in range(8)]


def test_a_night_asks_about_as_many_as_configured_with_the_probability_of_each(
    store: Store,
) -> None:
    at = asking(store, nightly=3)
    questions(at, "b1", *TEXTS, unit="somebody", confidence=0.5, costUsd=0.1)
    report = fill(at)
    (one,) = report.agents
    assert (one.agent, one.candidates, one.groups, one.drawn, one.added) == ("router", 8, 8, 3, 3)
    asked = queue(store)
    assert [item.propensity for item in asked.values()] == [pytest.approx(3 / 8)] * 3
    for subject, item in asked.items():
        text = TEXTS[int(subject.partition(".")[2])]
        shown = {"component": "router", "outcome": "success", "meta": {"question": text}}
        assert item.shown == shown  # and no unit
        assert (item.question, item.classes) == ("Is this good?", ("good", "bad"))
        assert item.features_ref == f"ops_observations/{subject}"
        assert item.reason == "its own confidence is low (0.50)"
        assert 0 <= item.priority < 1
        assert item.fingerprint


def test_what_is_asked_first_is_no_harder_than_what_may_never_be_answered(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded, nightly=80)
    numbered(at, "easy", 40, confidence=0.9)
    numbered(at, "hard", 40, confidence=0.1)
    fill(at)
    asked = sorted(queue(embedded).values(), key=lambda item: -item.priority)
    hard = [item.subject.startswith("hard") for item in asked]
    assert sum(hard) == 40
    assert 10 < sum(hard[:40]) < 30  # a fair deal lies outside once in 100,000
    assert len({item.priority for item in asked}) == 80


def test_the_same_day_again_asks_nothing_new_and_the_next_asks_of_what_is_new(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded, nightly=3)
    numbered(at, "b1", 8)
    first = fill(at)
    numbered(at, "b2", 4)
    again = fill(at)
    assert (first.added, again.added, len(queue(embedded))) == (3, 0, 3)
    assert (first.drawn, again.drawn) == (None, 3)
    next_day(at)
    assert fill(at).added == 3
    later = {s: item for s, item in queue(embedded).items() if s.startswith("b2")}
    assert [item.propensity for item in later.values()] == [pytest.approx(3 / 4)] * 3


def test_what_was_in_an_earlier_draw_fills_up_a_later_one_without_a_probability(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded, nightly=3)
    numbered(at, "b1", 8)
    fill(at)
    next_day(at)
    numbered(at, "b2", 1)
    assert fill(at).added == 3
    _, second = draws(embedded)
    counted = [(d.subject.partition(".")[0], d.propensity) for d in second.drawn]
    assert counted == [("b2", 1.0), ("b1", None), ("b1", None)]
    told = [item.propensity for item in queue(embedded).values()]
    assert sorted(told, key=str) == [*[pytest.approx(3 / 8)] * 3, 1.0, None, None]


def test_a_command_is_a_draw_of_its_own_within_what_is_allowed(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=1, top=5)
    numbered(at, "b1", 20)
    assert fill(at, top=5).added == 5
    assert fill(at).added == 1
    assert fill(at, agent="another", top=5).agents == ()
    with pytest.raises(InvalidInput) as refused:
        fill(at, top=6)
    assert refused.value.field == "top"
    assert len(draws(embedded)) == 2


def test_near_copies_are_asked_once_and_not_again_on_another_day(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=20)
    questions(at, "b1", TEXTS[0], TEXTS[0].upper(), "  " + TEXTS[0], TEXTS[1])
    (one,) = fill(at).agents
    assert (one.candidates, one.groups, one.added) == (4, 2, 2)
    by_text = {
        item.shown["meta"]["question"].strip().lower(): item for item in queue(embedded).values()
    }
    assert by_text[TEXTS[0].lower()].propensity == pytest.approx(1 / 3)
    assert by_text[TEXTS[1].lower()].propensity == 1.0
    next_day(at)
    questions(at, "b2", TEXTS[0], TEXTS[2])
    (two,) = fill(at).agents
    assert (two.candidates, two.added) == (1, 1)


def test_what_is_labelled_is_not_asked_about(embedded: SqliteStore) -> None:
    at = asking(embedded)
    numbered(at, "b1", 4)
    labelled(at, "b1.0", "b1.2")
    fill(at)
    assert sorted(queue(embedded)) == ["b1.1", "b1.3"]


def test_people_are_asked_where_judges_of_weight_disagree(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=2, uniformShare=0.001)
    numbered(at, "b1", 30)
    agree = [judgement(f"b1.{i}", 1.0, judge=j) for i in range(30) for j in ("a", "b")]
    send(at, *(agree[:14] + agree[16:20] + agree[22:]))
    split = [judgement(f"b1.{i}", s, judge=j) for i in (7, 10) for j, s in (("a", 1.0), ("b", 0.0))]
    send(at, *split)
    # A third judge, which earned nothing, contradicts all the others: nobody listens.
    send(at, *(judgement(f"b1.{i}", 0.0, judge="c") for i in range(30)))
    weigh(embedded, a=0.8, b=0.8, c=0.0)
    fill(at)
    asked = queue(embedded)
    assert sorted(asked) == ["b1.10", "b1.7"]
    assert {item.reason for item in asked.values()} == {"judges leave it open (1.00)"}


def test_judges_also_name_what_is_no_observation(embedded: SqliteStore) -> None:
    at = asking(embedded)
    numbered(at, "b1", 1)
    send(at, judgement("router-core@1.0.3", 0.5), judgement("b1.0", 0.5))
    fill(at)
    item = queue(embedded)["router-core@1.0.3"]
    assert (item.propensity, item.shown, item.features_ref) == (1.0, {}, None)
    next_day(at)
    send(at, judgement("router-core@1.0.3", 0.5, judge="late"), judgement("run-9", 0.5))
    labelled(at, "run-9")
    assert fill(at).added == 0


def test_two_reviewers_are_asked_about_a_share(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=20, secondShare=0.25)
    numbered(at, "b1", 40)
    fill(at)
    assert sorted(item.wanted for item in queue(embedded).values()) == [1] * 15 + [2] * 5


def test_a_broken_judgement_is_told_and_stops_nothing(embedded: SqliteStore) -> None:
    at = asking(embedded)
    numbered(at, "b1", 2)
    send(at, judgement("b1.0", 0.5), judgement("b1.1", 0.5))
    key = "strict~1~router~b1.0~~0"
    found = embedded.get(Ref(JUDGEMENTS, key))
    assert found is not None
    embedded.set(found.ref, found.data | {"score": "much"})
    report = fill(at)
    assert (report.added, report.spoiled) == (2, 1)
    assert alerts(embedded) == ["selection-unread"]


def test_with_no_nightly_questions_nobody_is_asked(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=0)
    numbered(at, "b1", 2)
    assert fill(at).agents == ()
    assert fill(at, top=2).added == 2


def test_an_agent_of_judgements_alone_is_found_by_its_name_or_its_weights(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded)
    send(at, judgement("run-1", 0.5), judgement("run-2", 0.5, agent="planner"))
    assert fill(at).agents == ()
    weigh(embedded, "planner", strict=0.5)
    assert [one.agent for one in fill(at, agent="router").agents] == ["router"]
    assert [one.agent for one in fill(at).agents] == ["planner"]

"""`ratchet card`: one component for people, as Markdown and as JSON; and all of them."""

from functools import partial

import pytest

from ratchet.entry.cli.card_page import head, markdown, sections
from ratchet.entry.wiring import open_app
from ratchet.runs.cards.card import Card, card_ref
from ratchet.stats.run_sums import ModelSums, RunSums
from ratchet.store.sqlite import SqliteStore
from tests.support.carded import compared, put_weeks, refreshed
from tests.support.commands import Ratchet
from tests.support.run_days import NOON, moments, put_bucket


@pytest.fixture
def carded(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> Ratchet:
    """Two components alone, the planner with failures, a model and a weakness."""
    stopped = partial(open_app, clock=lambda: NOON)
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", stopped)
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    put_weeks(store, "planner", 0.2, {"contradictions": 0.6}, days=20)
    put_weeks(store, "a|b", 0.2, days=3)
    reward = moments([0.7, 0.9] * 10, "reward")
    today = RunSums(
        runs=20,
        models={"gpt_5": ModelSums(reward=reward)},
        outcomes={"success": 2, "timeout": 8},
        errors={"E<1>": 5},
    )
    put_bucket(store, today)
    refreshed(store)
    compared(store)
    store.close()
    return ratchet


def test_a_person_sees_everything_with_what_it_rests_on(carded: Ratchet) -> None:
    told = carded("card", "planner").out
    for text in (
        "planner\n  1,220 runs in 30 days, as of 2026-03-01 12:00:00 UTC",
        "runs under p@1.0.0\n",
        "Weaknesses\n  high contradictions: 0.60, above 0.30 is weak (",
        "Strengths\n  none that the closed days bear out",
        "gpt_5 │  0.8 │ reward",
        "timeout │ 80.0% │ 49.0% to 94.3%",
        "Studies\n  none",
    ):
        assert text in told


def test_markdown_is_a_page_whose_names_are_no_markup(carded: Ratchet) -> None:
    lines = carded("card", "planner", "--markdown").out.splitlines()
    assert lines[:3] == [
        "# Card of planner",
        "",
        "- 1,220 runs in 30 days, as of 2026-03-01 12:00:00 UTC",
    ]
    assert "| kind | failure | share | interval | runs | before |" in lines
    assert "| error | E\\<1\\> | 0.4% | 0.2% to 1.0% | 5 |  |" in lines
    assert any(line.startswith("- high contradictions: 0.60") for line in lines)
    assert carded("card", "a|b", "--markdown").out.startswith("# Card of a\\|b\n")


def test_json_is_the_card_and_without_a_component_all_of_them(carded: Ratchet) -> None:
    card = carded("card", "planner", "--json").json
    assert (card["component"], card["runs"]) == ("planner", 1220)
    assert [claim["metric"] for claim in card["claims"]] == ["contradictions"]
    assert [one["component"] for one in carded("card", "--json").lines] == ["a|b", "planner"]
    told = carded("card").out
    assert "planner" in told
    assert "high contradictions" in told


def test_one_that_cannot_be_read_is_named_below_the_others(carded: Ratchet) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(card_ref("a|b"), {"v": 1, "component": "a|b"})
    store.close()
    told = carded("card").out
    assert "planner" in told
    assert "left out: ops_cards/a%7Cb: card: asOf" in told


def test_what_is_not_listed_is_said_and_one_run_is_no_runs() -> None:
    card = Card(component="planner", as_of=NOON, runs=1, unlisted=("model", "gate"))
    assert list(head(card)) == [
        "1 run in 30 days, as of 2026-03-01 12:00:00 UTC",
        "its runs name no version",
    ]
    assert [section.note for section in sections(card) if section.note] == [
        "of the models the rarest of a day are not listed",
        "of the gates the rarest of a day are not listed",
    ]
    assert "of the gates the rarest of a day are not listed" in list(markdown(card))


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        (("nobody",), 3, "nobody has no card (it has one a minute after its first run"),
        (("--markdown",), 2, "--markdown is of one card (name a component)"),
    ],
)
def test_what_cannot_be_shown_says_why(
    carded: Ratchet, given: tuple[str, ...], status: int, told: str
) -> None:
    ran = carded("card", *given)
    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err


def test_two_forms_at_once_are_refused(carded: Ratchet) -> None:
    assert carded("card", "planner", "--markdown", "--json").error["field"] == "markdown"

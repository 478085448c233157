"""The review commands: what a reviewer reads and types, from a question to its answer."""

import shlex
from collections.abc import Callable

import pytest
from rich.console import Console

from ratchet.entry.cli import output, review_page
from tests.support.commands import Ratchet, arrived, score_at_once, write_lines

KEY = "label~router:a~s1"
ASKED = {
    "agent": "router:a",
    "subject": "s1",
    "question": "Is this answer right?",
    "shown": {"prompt": "2 + 2?", "answer": "It is 4.\n\n  - by counting", "meta": {"tokens": 12}},
    "reason": "judges disagree",
    "propensity": 0.25,
    "priority": 0.9,
}
Ask = Callable[..., None]


@pytest.fixture
def ask(ratchet: Ratchet) -> Ask:
    """What puts questions into the queue, by ada."""

    def put(*questions: dict[str, object]) -> None:
        ran = ratchet("review", "add", write_lines("asked.jsonl", list(questions)), "--by", "ada")
        assert ran.status == 0, ran.err

    return put


def test_a_reviewer_reads_the_item_and_the_commands_that_answer_it(
    ratchet: Ratchet, ask: Ask
) -> None:
    ask(ASKED)
    lines = ratchet("review", "next", "--by", "bob").out.splitlines()
    assert lines[:10] == [
        f"{KEY} is claimed",
        "router:a: s1, asked by ada, drawn with probability 0.25",
        "why: judges disagree",
        "Is this answer right?",
        "  prompt: 2 + 2?",
        "  answer:",
        "    It is 4.",
        "",
        "      - by counting",
        '  meta: {"tokens": 12}',
    ]
    assert lines[10].startswith("kept for bob until ")
    good, bad, skip, escalate = (shlex.split(line) for line in lines[11:])
    assert bad == ["ratchet", "review", "label", KEY, "bad", "--by", "bob"]
    assert skip == ["ratchet", "review", "skip", KEY, "--by", "bob"]
    assert escalate[1:4] == ["review", "escalate", KEY]
    assert ratchet(*good[1:]).out == f"{KEY} is done: good\n"
    assert [one["labeller"] for one in ratchet("labels", "list", "--json").lines] == ["bob"]


def test_two_who_disagree_leave_it_to_a_third(ratchet: Ratchet, ask: Ask) -> None:
    ask(ASKED | {"wanted": 2})
    told = []
    for by, said in (("ada", "good"), ("bob", "bad"), ("eve", "bad")):
        assert ratchet("review", "next", "--by", by).status == 0
        told.append(ratchet("review", "label", KEY, said, "--by", by, "--note", "so").out)
    assert told == [
        f"{KEY} is open, and wants 1 opinion\n",
        f"{KEY} is open, and wants 1 opinion\n",
        f"{KEY} is done: bad\n",
    ]
    shown = ratchet("review", "show", KEY).out
    assert all(f"{by} said" in shown for by in ("ada", "bob", "eve"))
    assert ratchet("review", "list").out == "nothing to show\n"
    (closed,) = ratchet("review", "list", "--all", "--json").lines
    assert (closed["id"], closed["state"], closed["decided"]) == (KEY, "done", "bad")
    assert ratchet("review", "second", KEY, "--by", "ada", "--json").json["state"] == "open"


def test_an_item_is_passed_on_given_back_and_dropped(ratchet: Ratchet, ask: Ask) -> None:
    ask(ASKED)
    by = ("--by", "bob")
    ratchet("review", "next", KEY, *by)
    released = ratchet("review", "release", KEY, *by).out
    assert released == f"{KEY} is open, and wants 1 opinion\n"
    ratchet("review", "next", "--agent", "router:a", "--kind", "label", *by)
    raised = ratchet("review", "escalate", KEY, "--reason", "is it ours?", *by)
    assert raised.out == f"{KEY} is escalated, and wants 1 opinion\n"
    nothing = ratchet("review", "next", *by, "--json")
    assert (nothing.status, nothing.error["mend"]) == (3, "see what there is: ratchet review list")
    ratchet("review", "next", "--by", "eve")
    skipped = ratchet("review", "skip", KEY, "--by", "eve")
    assert skipped.out == f"{KEY} is escalated, and wants 1 opinion\n"
    assert "is it ours?" in ratchet("review", "list").out
    ratchet("review", "drop", KEY, "--reason", "not ours", "--by", "ada")
    shown = ratchet("review", "show", KEY).out
    assert f"{KEY} is dropped\n" in shown
    assert "passed on by bob, eve\n" in shown
    assert "bob escalated it: is it ours?\n" in shown
    assert "ada dropped it: not ours\n" in shown


def test_an_answer_out_of_turn_says_what_to_type_instead(ratchet: Ratchet, ask: Ask) -> None:
    ask(ASKED)
    ratchet("review", "next", "--by", "ada")
    ran = ratchet("review", "label", KEY, "good", "--by", "bob", "--json")
    assert (ran.status, ran.error["field"]) == (4, "id")
    typed = ran.error["mend"].partition(": ratchet ")[2].replace("CLASS", "good")
    assert ratchet(*shlex.split(typed), "--by", "bob").status == 0


def test_a_long_text_is_cut_short_unless_the_whole_is_wanted(
    ratchet: Ratchet, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_page, "CONSOLE", Console(width=60))
    ask(ASKED | {"shown": {"text": "word " * 1000, "rows": [{"a": "b" * 40}] * 3}})
    lines = ratchet("review", "show", KEY).out.splitlines()
    assert max(map(len, lines[4:])) <= 100
    (cut,) = [line for line in lines if "lines more: ratchet review show" in line]
    assert lines.index(cut) == 4 + 1 + 40
    whole = ratchet("review", "show", KEY, "--whole").out
    assert whole.count("word") == 1000


def test_the_queue_is_counted_by_kind_agent_and_reviewer(
    ratchet: Ratchet, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "CONSOLE", Console(width=200))
    ask(ASKED | {"wanted": 2}, ASKED | {"subject": "s2", "agent": "planner", "kind": "study"})
    assert "no item has two opinions" in ratchet("review", "stats").out
    for by in ("ada", "bob"):
        ratchet("review", "next", KEY, "--by", by)
        ratchet("review", "label", KEY, "good", "--by", by)
    told = ratchet("review", "stats").out
    assert "reviewers agree in 100.0% of pairs of answers on 1 item;\n  beyond" in told
    assert all(word in told for word in ("planner", "study", "router:a", "ada", "bob"))
    found = ratchet("review", "stats", "--agent", "router:a", "--json").json
    assert (found["total"]["done"], found["total"]["open"]) == (1, 0)
    assert found["agreement"]["share"] == 1.0


def test_questions_that_are_refused_are_named_and_the_others_taken(ratchet: Ratchet) -> None:
    file = write_lines("asked.jsonl", [ASKED, ASKED, ASKED | {"subject": "a b"}])
    ran = ratchet("review", "add", file, "--by", "ada")
    first, second = ran.out.splitlines()
    assert first == "1 added, 1 asked already, 1 refused"
    assert second.startswith("  item 2: subject: ")
    alone = ratchet("review", "add", write_lines("bad.jsonl", [{"agent": 1}]), "--json")
    assert (alone.status, alone.error["rejected"][0]["index"]) == (2, 0)


def test_what_would_teach_most_is_asked_once_a_day(ratchet: Ratchet) -> None:
    score_at_once(ratchet)
    nothing = ratchet("review", "fill").out
    assert nothing == "nothing was recorded or judged in the last 7 days\n"
    sent = write_lines("sent.jsonl", [arrived(i) for i in range(3)])
    assert ratchet("record", sent).status == 0
    found = ratchet("review", "fill", "--top", "2", "--json").json
    assert [(x["agent"], x["candidates"], x["added"]) for x in found["agents"]] == [
        ("router:a", 3, 2)
    ]
    assert "router:a" in ratchet("review", "list").out
    assert ratchet("review", "fill").status == 0
    told = ratchet("review", "fill").out
    assert told.startswith("the draw of the day is made: it took 1; more: ratchet review fill")
    assert ratchet("review", "fill", "--top", "2").out.splitlines()[-1] == (
        "what came in is asked about, or labelled, already"
    )
    ran = ratchet("review", "fill", "--agent", "router:a", "--top", "99", "--json")
    assert (ran.status, ran.error["field"]) == (2, "top")

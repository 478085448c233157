"""Trajectories: the ask, what came of it and the last words of a conversation, and its reward."""

import gzip
import json
from collections import Counter
from typing import Any

from ratchet.datasets.extract.extractor import Extracted
from tests.support.extracting import extract
from tests.support.observing import NOON
from tests.support.trajectories import CALL, REFUSED, SYSTEM, sample, trajectory


def said(role: str, content: str | None) -> dict[str, Any]:
    return {"role": role, "content": content}


def of(*messages: dict[str, Any], **changes: Any) -> Extracted:
    return extract("trajectories", trajectory(traj=[SYSTEM, *messages], **changes))


TALK = (
    said("user", "Book me a seat."),
    said("user", "By the window."),
    said("assistant", "Which day?"),
    said("user", "Monday."),
    CALL,
    REFUSED,
    said("assistant", "There is none left."),
    said("user", "Thanks. ###STOP###"),
)


def test_input_is_the_ask_output_the_last_words_and_steps_what_lies_between() -> None:
    content = of(*TALK).content
    assert content.input == "Book me a seat.\n\nBy the window."
    assert content.output == "There is none left."
    assert [(s.kind, s.role, s.name, s.text, s.ok) for s in content.steps] == [
        ("message", "assistant", "", "Which day?", None),
        ("message", "user", "", "Monday.", None),
        ("call", "assistant", "book", "", None),
        ("result", "tool", "book", "Error: no seats", False),
    ]


def test_the_system_prompt_and_the_mark_of_the_end_are_no_words_of_it() -> None:
    told = of(said("user", "Go. ###STOP###"), said("assistant", "Done."))
    assert told.content.texts() == ("Go.", "Done.")


def test_an_agent_that_never_speaks_has_no_output_and_all_its_steps() -> None:
    content = of(said("user", "Book."), CALL, REFUSED).content
    assert (content.output, [s.kind for s in content.steps]) == ("", ["call", "result"])


def test_the_reward_is_a_quality_that_a_check_vouches_for() -> None:
    won, lost = of(*TALK, reward=1.0).example, of(*TALK, reward=0.0).example
    assert (won.quality, won.confidence, won.facts.outcome) == (100.0, 1.0, "success")
    assert (lost.quality, lost.confidence, lost.facts.outcome) == (0.0, 1.0, "failure")
    assert won.lineage.vouched == ("check",)
    assert (won.facts.errors, won.facts.duration_ms, won.ts) == (1, None, NOON)


def test_who_ran_out_of_steps_was_judged_by_nobody() -> None:
    cut = of(*TALK, info={"reward_info": None}).example
    assert (cut.quality, cut.confidence, cut.facts.outcome) == (None, None, "timeout")
    assert cut.lineage.vouched == ()


def test_trials_of_a_task_are_repeats_and_equal_numbers_of_two_files_are_not() -> None:
    def task(trial: int, user: str) -> str:
        info = {"task": {"user_id": user}, "reward_info": {}}
        return of(*TALK, trial=trial, info=info).example.task_id

    assert task(0, "mia") == task(3, "mia") != task(0, "ben")
    assert of(*TALK).example.task_id == "0"


def test_a_line_that_names_component_and_model_says_who_wrote_it() -> None:
    told = of(*TALK, component="airline-agent", model="gpt-4o").example
    assert (told.component, told.lineage.model) == ("airline-agent", "gpt-4o")
    assert of(*TALK).example.lineage.model is None


def test_the_airline_trajectories_are_50_tasks_of_travel_that_all_have_an_output() -> None:
    lines = gzip.decompress(sample().read_bytes()).splitlines()
    found = [extract("trajectories", json.loads(line), str(n)) for n, line in enumerate(lines)]
    assert Counter(one.example.domain for one in found) == {"travel": 200}
    assert set(Counter(one.example.task_id for one in found).values()) == {4}
    assert sum(one.example.quality == 100 for one in found) == 84  # pass^1 of .42
    assert all(one.content.output for one in found)
    assert not any("###STOP###" in text for one in found for text in one.content.texts())

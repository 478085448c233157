"""The command that lists examples, and finds them by what they were made of."""

from typing import Any

import pytest

from ratchet.entry.cli.output import opened
from ratchet.store.port import Ref
from tests.support.commands import Ratchet
from tests.support.curated import NOON, an_example, id_of

KINDS: dict[str, dict[str, Any]] = {
    "a": {},
    "b": {"taskId": "task/a", "withdrawnAt": NOON, "withdrawnBy": "ada"},
    "c": {"reason": "too-long", "component": "critic"},
    "d": {"source": "events"},
}


@pytest.fixture
def filled(ratchet: Ratchet) -> Ratchet:
    """The command line with four examples."""
    with opened(None) as app:
        for name, changes in KINDS.items():
            example = an_example(name, **changes)
            app.store.set(Ref(example.collection, example.id), example.to_map())
    return ratchet


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ([], "abcd"),
        (["--task", "task/a"], "ab"),
        (["--source-id", "c"], "c"),
        (["--source", "events"], "d"),
        (["--component", "critic"], "c"),
        (["--reason", "too-long"], "c"),
        (["--reason", "kept", "--source", "runs"], "ab"),
        (["--task", "none"], ""),
    ],
)
def test_examples_are_found_in_order_of_id(filled: Ratchet, asked: list[str], names: str) -> None:
    found = [example["id"] for example in filled("dataset", "examples", *asked, "--json").lines]
    assert found == sorted(id_of(name) for name in names)


def test_what_became_of_each_is_shown_and_no_more_than_asked_for(filled: Ratchet) -> None:
    shown = filled("dataset", "examples").out
    assert all(id_of(name) in shown for name in KINDS)
    assert shown.count("kept") == 2
    assert shown.count("withdrawn") == shown.count("too-long") == 1
    assert len(filled("dataset", "examples", "--limit", "3", "--json").lines) == 3


def test_reasons_and_sources_that_there_are_not_are_refused(filled: Ratchet) -> None:
    wrong = filled("dataset", "examples", "--reason", "nonsense", "--json")
    assert (wrong.status, wrong.error["field"]) == (2, "--reason")
    assert filled("dataset", "examples", "--source", "dreams").status == 2

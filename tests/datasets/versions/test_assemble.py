"""Assemble: the same in any order of examples; each step by its own rule, counted once."""

import random
from typing import Any

import pytest

from ratchet.datasets.dedupe.normal import normal_text
from ratchet.datasets.example import Content, Lineage
from ratchet.datasets.guard.lineage import Descent
from ratchet.datasets.guard.overlap import Guarded
from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.datasets.versions.assemble import Assembly, Case, assemble
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.prepare import Done, Raw, measure
from ratchet.datasets.versions.prepared import Prepared
from tests.support.silver import NOON, content, example, words

SAID: dict[str, Content] = {}


def prepared(i: int, said: Content | None = None, **changes: Any) -> Prepared:
    text = said or content(i)
    made = example(i, text, **changes)
    SAID[made.id] = text
    done = measure(Raw(made, text.to_bytes(), ready=True))
    assert isinstance(done, Done)
    return Prepared(example=made, **done.measured._replace(content=made.content)._asdict())


def put_together(some: list[Prepared], **changes: Any) -> Assembly:
    known: dict[str, Any] = {
        "dataset": "default",
        "spec": DatasetSpec(),
        "settings": DatasetSettings(),
        "ledger": Ledger.of(),
        "parent": {},
        "known": False,
        "descent": Descent(),
        "guarded": Guarded(),
        "answers": {},
        "text_of": lambda name: normal_text(SAID[name]),
    }
    return assemble(some, Case(**(known | changes)))


def near(i: int) -> Content:
    return Content(input=content(i).input, output=content(i).output + " And so on.")


@pytest.fixture(scope="module")
def mixed() -> list[Prepared]:
    """Return examples of which some repeat others, exactly, nearly, or by their task."""
    plain = [prepared(i, task_id=f"t{i % 23}") for i in range(40)]
    doubled = [prepared(100 + i, content(i), task_id=f"u{i}") for i in range(4)]
    alike = [prepared(200 + i, near(i), task_id=f"t{i + 7}") for i in range(2, 8)]
    machine = [prepared(300 + i, lineage=Lineage(model="gpt-x")) for i in range(40)]
    return [*plain, *doubled, *alike, *machine]


def test_the_order_of_examples_changes_nothing(mixed: list[Prepared]) -> None:
    spec = DatasetSpec(size=50, max_machine_share=0.3)
    first = put_together(mixed, spec=spec)
    for seed in range(3):
        turned = list(mixed)
        random.Random(seed).shuffle(turned)
        again = put_together(turned, spec=spec)
        assert again.entries == first.entries
        assert again.left_out == first.left_out
        assert again.statistics == first.statistics
        assert again.ledger.to_bytes() == first.ledger.to_bytes()


def test_every_example_is_in_or_left_out_and_none_is_both(mixed: list[Prepared]) -> None:
    found = put_together(mixed, spec=DatasetSpec(size=30, max_machine_share=0.3))
    ids = {entry.id for entry in found.entries}
    assert ids.isdisjoint(found.left_out)
    assert ids | found.left_out.keys() == {one.example.id for one in mixed}
    assert found.statistics.machine_share <= 0.3


def test_no_task_and_no_near_duplicate_straddles_splits(mixed: list[Prepared]) -> None:
    found = put_together(mixed)
    task_of = {one.example.id: one.example.task_id for one in mixed}
    splits: dict[str, set[str]] = {}
    for entry in found.entries:
        splits.setdefault(task_of[entry.id], set()).add(entry.split)
    assert all(len(one) == 1 for one in splits.values())
    for i in range(2, 8):  # near(i) ties the tasks i and i + 7 together
        assert splits[f"t{i}"] == splits[f"t{i + 7}"]


def test_what_was_compared_before_is_not_compared_again_and_the_result_is_the_same(
    mixed: list[Prepared],
) -> None:
    first = put_together(mixed)
    asked = list[str]()

    def text_of(name: str) -> str:
        asked.append(name)
        return normal_text(SAID[name])

    parent = {entry.id: entry.content for entry in first.entries}
    again = put_together(mixed, ledger=first.ledger, parent=parent, known=True, text_of=text_of)
    assert again.entries == first.entries
    assert again.left_out == first.left_out
    assert again.ledger.to_bytes() == first.ledger.to_bytes()
    new = {one.example.id for one in mixed} - parent.keys()
    assert set(asked) - new <= {one.example.id for one in mixed[2:8]}


@pytest.mark.parametrize(
    ("spec", "changes", "reason"),
    [
        (DatasetSpec(components=("planner",)), {"component": "router"}, "not-wanted"),
        (DatasetSpec(domains=("qa",)), {"domain": "travel"}, "not-wanted"),
        (DatasetSpec(task_types=("planning",)), {"task_type": "tool_use"}, "not-wanted"),
        (DatasetSpec(), {"withdrawn_at": NOON}, "withdrawn"),
        (DatasetSpec(trains=("gpt-x",)), {}, "own-lineage"),
        (DatasetSpec(), {"lineage": Lineage(model="m", vouched=("self",))}, "own-judge"),
        (DatasetSpec(), {"quality": 69.9}, "in-review"),
        (DatasetSpec(), {"quality": 69.9, "confidence": 0.59}, "rejected"),
        (DatasetSpec(max_machine_share=0), {"lineage": Lineage(model="m")}, "machine-share"),
    ],
)
def test_each_reason_leaves_out_what_it_says(
    spec: DatasetSpec, changes: dict[str, Any], reason: str
) -> None:
    one = prepared(1, **changes)
    found = put_together([one], spec=spec)
    assert found.left_out == {one.example.id: reason}
    assert found.entries == []


def test_the_manifest_names_no_person_who_stood_in_the_id_of_a_source() -> None:
    one = prepared(1, source_id="/users/ann.lee@example.org~run-1")
    (entry,) = put_together([one]).entries
    assert entry.source_id == "/users/[EMAIL_1]~run-1"


def test_what_people_decided_stands_above_the_score() -> None:
    doubtful, good = prepared(1, quality=50.0), prepared(2)
    asked = put_together([doubtful, good])
    assert [one.example.id for one, _ in asked.review] == [doubtful.example.id]
    answers = {doubtful.example.id: "ACCEPT", good.example.id: "REJECT"}
    answered = put_together([doubtful, good], answers=answers)
    assert [entry.id for entry in answered.entries] == [doubtful.example.id]
    assert answered.left_out == {good.example.id: "rejected"}
    assert answered.review == []


def test_of_equals_the_one_that_the_parent_has_stays_and_else_the_better() -> None:
    worse = prepared(1, content(5), quality=80.0)
    better = prepared(2, content(5), quality=95.0)
    assert [e.id for e in put_together([worse, better]).entries] == [better.example.id]
    kept = put_together([worse, better], parent={worse.example.id: worse.content})
    assert [e.id for e in kept.entries] == [worse.example.id]
    assert kept.left_out == {better.example.id: "exact-duplicate"}


def test_nothing_gives_nothing() -> None:
    found = put_together([])
    assert (found.entries, found.left_out, found.statistics.examples) == ([], {}, 0)


def test_an_entry_says_what_its_example_is() -> None:
    one = prepared(3, Content(input=words(1), output=words(2)), quality=88.0, difficulty=0.9)
    (entry,) = put_together([one]).entries
    assert (entry.quality, entry.band, entry.domain, entry.source_id) == (
        88.0,
        "hard",
        "planning",
        "trace-3",
    )
    assert entry.content == one.content


def test_texts_that_were_compared_before_are_not_read_again() -> None:
    some = [prepared(2), prepared(202, near(2)), prepared(203, near(2), task_id="t9")]
    one, other = some[0].normal, some[1].normal
    pair = (min(one, other), max(one, other))
    texts: dict[str, str] = {}
    found = put_together(some, judged={pair: True}, text_of=texts.__getitem__)
    assert sorted(found.left_out.values()) == ["exact-duplicate", "near-duplicate"]
    apart = put_together(some, judged={pair: False})
    assert list(apart.left_out.values()) == ["exact-duplicate"]

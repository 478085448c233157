"""Add: questions by hand or by another program, checked one by one."""

from typing import Any

import pytest

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Forbidden, InvalidBatch
from ratchet.labels.review.add import Added, add_items
from ratchet.labels.review.queue import get_item
from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.support.reviewing import ADA, NOON

GOOD = {"agent": "router", "subject": "s1"}


def add(store: SqliteStore, *questions: Any, actor: Actor = ADA) -> Added:
    reader = ConfigReader(store, ManualClock(NOON))
    return add_items(store, reader, actor, questions, now=NOON)


def test_a_question_is_kept_as_it_was_asked_and_says_who_asked(embedded: SqliteStore) -> None:
    asked = {
        "kind": "dataset",
        "question": "Keep this example?",
        "classes": ["keep", "drop"],
        "shown": {"prompt": "2 + 2?", "answers": ["4", "5"], "tokens": {"in": 4}},
        "featuresRef": "ops_observations/s1",
        "priority": 2,
        "propensity": 0.5,
        "wanted": 2,
    }
    assert add(embedded, GOOD | asked, GOOD | asked) == Added(added=1, known=1)
    kept = get_item(embedded, "dataset~router~s1").to_map()
    assert {name: kept[name] for name in asked} == asked | {"classes": ("keep", "drop")}
    assert (kept["enqueuedBy"], kept["enqueuedAt"], kept["state"]) == ("ada", NOON, "open")
    assert (kept["expireAt"] - NOON).days == 90
    assert add(embedded, GOOD | asked | {"wanted": 3}) == Added(added=0, known=1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": "a b~c"}, "subject"),
        ({"agent": ""}, "agent"),
        ({"kind": "poll"}, "kind"),
        ({"classes": ["one"]}, "classes"),
        ({"classes": ["good", "bad", "good"]}, "classes"),
        ({"propensity": 0}, "propensity"),
        ({"propensity": "0.5"}, "propensity"),
        ({"wanted": 10}, "wanted"),
        ({"state": "done"}, "state"),
        ({"shown": {"rows": [[1]]}}, "rows"),
        ({"shown": {"text": "x" * 100_001}}, "shown"),
    ],
)
def test_good_questions_are_taken_beside_one_that_is_refused_by_its_field(
    embedded: SqliteStore, wrong: dict[str, Any], field: str
) -> None:
    found = add(embedded, {"agent": "router", "subject": "s2"}, GOOD | wrong)
    assert (found.added, [r.index for r in found.rejected]) == (1, [1])
    assert field in found.rejected[0].field
    with pytest.raises(InvalidBatch):
        add(embedded, GOOD | wrong)
    assert embedded.count(Query("ops_review_queue")) == 1


def test_only_admins_ask(embedded: SqliteStore) -> None:
    with pytest.raises(Forbidden):
        add(embedded, GOOD, actor=Actor(name="router", kind="person", role="service"))

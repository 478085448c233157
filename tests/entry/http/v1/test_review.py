"""The review queue by HTTP: the next item, its answer, and the numbers."""

from typing import Any
from urllib.parse import quote

import pytest

from ratchet.govern.roles import Actor
from ratchet.kernel.clock import DAY, HOUR, ManualClock
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.review_item import ReviewItem
from ratchet.store.port import Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import NOON

BOB = Actor(name="bob-uid", kind="person", role="admin")
ROBOT = Actor(name="ci", kind="machine", role="admin")


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.fixture(autouse=True)
def _asked(store: Store) -> None:
    """Three questions about a planner, and one about a critic."""
    agents = ["planner", "planner", "planner", "meta/critic"]
    items = [
        ReviewItem(
            agent=agent,
            subject=f"s{n}",
            priority=float(n),
            enqueued_by="test",
            enqueued_at=NOON,
            expire_at=NOON + 90 * DAY,
        )
        for n, agent in enumerate(agents)
    ]
    assert enqueue(store, items, now=NOON) == 4


def post(functions: Functions, path: str, actor: Actor = ADMIN, **body: Any) -> Answer:
    return functions.send(f"api/v1/review/{path}", actor=actor, json=body)


def claimed(functions: Functions, actor: Actor = ADMIN, **body: Any) -> str:
    """Claim the next item, and return its id as it stands in a path."""
    found = post(functions, "next", actor, **body)
    assert found.status == 200, found.body
    return quote(found.body["id"], safe="")


def queue(functions: Functions, query: str = "") -> Any:
    found = functions.send(f"api/v1/review/queue{query}", method="GET", actor=ADMIN)
    assert found.status == 200, found.body
    return found.body


def test_the_queue_is_listed_by_importance_page_by_page(functions: Functions) -> None:
    first = queue(functions, "?limit=3")
    assert [x["subject"] for x in first["items"]] == ["s3", "s2", "s1"]
    rest = queue(functions, f"?limit=3&cursor={first['next']}")
    assert ([x["subject"] for x in rest["items"]], rest.get("next")) == (["s0"], None)
    assert [x["subject"] for x in queue(functions, "?agent=planner")["items"]] == ["s2", "s1", "s0"]
    claimed(functions)
    assert [x["subject"] for x in queue(functions, "?state=claimed")["items"]] == ["s3"]


def test_an_item_is_claimed_answered_and_done(functions: Functions) -> None:
    key = claimed(functions)
    answered = post(functions, f"{key}/label", label="bad", confidence=80, note="too long")
    assert (answered.status, answered.body["state"], answered.body["decided"]) == (
        200,
        "done",
        "bad",
    )
    assert answered.body["opinions"][0]["by"] == "ada-uid"
    labels = functions.send("api/v1/labels?agent=meta/critic", method="GET", actor=ADMIN)
    assert [(x["subject"], x["label"]) for x in labels.body["items"]] == [("s3", "bad")]


def test_two_reviewers_get_two_items_and_one_gets_his_own_again(functions: Functions) -> None:
    ada, bob = claimed(functions), claimed(functions, BOB)
    assert ada != bob
    assert claimed(functions) == ada
    taken = post(functions, f"{ada}/label", BOB, label="good")
    assert (taken.status, taken.error["field"]) == (403, "id")


def test_an_item_is_passed_on_to_others(functions: Functions) -> None:
    skipped = post(functions, f"{claimed(functions)}/skip")
    assert (skipped.body["state"], skipped.body["skippedBy"]) == ("open", ["ada-uid"])
    key = claimed(functions, agent="planner")
    silent = post(functions, f"{key}/escalate", reason="")
    assert (silent.status, silent.error["field"]) == (400, "reason")
    raised = post(functions, f"{key}/escalate", reason="a legal matter")
    assert (raised.body["state"], raised.body["escalatedReason"]) == (
        "escalated",
        "a legal matter",
    )
    assert claimed(functions, BOB, agent="planner") == key


def test_what_was_lost_with_its_lease_goes_to_the_next(
    functions: Functions, clock: ManualClock
) -> None:
    lost = claimed(functions)
    clock.advance(HOUR)
    assert claimed(functions, BOB) == lost


def test_nothing_left_is_a_404_that_says_where_to_look(functions: Functions) -> None:
    found = post(functions, "next", agent="nobody")
    assert (found.status, found.error["field"]) == (404, "id")
    assert post(functions, "label~planner~none/skip").status == 404


@pytest.mark.parametrize("actor", [SERVICE, ROBOT])
def test_only_people_review(functions: Functions, actor: Actor) -> None:
    key = claimed(functions)
    tried = [
        post(functions, "next", actor),
        post(functions, f"{key}/label", actor, label="good"),
        post(functions, f"{key}/skip", actor),
        post(functions, f"{key}/escalate", actor, reason="x"),
    ]
    assert [(x.status, x.error["code"]) for x in tried] == [(403, "RATCHET-3006")] * 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": "splendid"}, "label"),
        ({"label": "good", "value": 0.1}, "value"),
        ({"label": "good", "confidence": 101}, "confidence"),
        ({"label": "good", "second": "yes"}, "second"),
        ({}, "label"),
    ],
)
def test_an_answer_that_is_none_names_the_field(
    functions: Functions, body: dict[str, Any], field: str
) -> None:
    found = post(functions, f"{claimed(functions)}/label", **body)
    assert (found.status, found.error["field"]) == (400, field)
    assert found.error["mend"]


def test_the_queue_is_told_in_numbers(functions: Functions) -> None:
    post(functions, f"{claimed(functions)}/label", label="good")
    claimed(functions, BOB)
    path = "api/v1/review/stats"
    found = functions.send(path, method="GET", actor=ADMIN).body
    assert {name: found["total"][name] for name in ("open", "claimed", "done")} == {
        "open": 2,
        "claimed": 1,
        "done": 1,
    }
    assert found["byReviewer"]["ada-uid"]["answered"] == 1
    one = functions.send(f"{path}?agent=planner", method="GET", actor=ADMIN).body
    assert one["total"]["done"] == 0
    assert functions.send(path, method="GET", actor=SERVICE).status == 403

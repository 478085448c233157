"""Labels by HTTP: taken, listed by page, counted, loaded and withdrawn."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from ratchet.kernel.clock import ManualClock, millis
from ratchet.labels.feeds import FEEDS
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import NOON, SECOND, switch_flags


def label(n: int, **fields: Any) -> dict[str, Any]:
    ts = millis(NOON + n * SECOND)
    usual = {"agent": "planner", "subject": f"s{n}", "thumbs": "up", "source": "panel"}
    return usual | {"sourceId": f"a/b {n}", "ts": ts} | fields


def take(functions: Functions, *labels: Any, **sent: Any) -> Answer:
    return functions.send("api/v1/labels", actor=ADMIN, json={"labels": labels}, **sent)


def listed(functions: Functions, query: str = "") -> Any:
    found = functions.send(f"api/v1/labels{query}", method="GET", actor=ADMIN)
    assert found.status == 200, found.body
    return found.body


@pytest.fixture
def few(functions: Functions) -> None:
    """Five labels, of two agents and two sources."""
    agents = [{"agent": "planner" if n % 2 else "critic"} for n in range(5)]
    sources = [{"source": "panel" if n < 3 else "survey"} for n in range(5)]
    labels = [label(n, **agents[n], **sources[n]) for n in range(5)]
    assert take(functions, *labels).body["accepted"] == 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("", ["s4", "s3", "s2", "s1", "s0"]),
        ("agent=critic", ["s4", "s2", "s0"]),
        ("source=panel", ["s2", "s1", "s0"]),
        ("agent=critic&source=panel", ["s2", "s0"]),
    ],
)
def test_labels_are_listed_the_latest_first_page_by_page(
    functions: Functions, query: str, subjects: list[str]
) -> None:
    assert [x["subject"] for x in listed(functions, f"?{query}")["items"]] == subjects
    found, cursor = [], ""
    while True:
        page = listed(functions, f"?{query}&limit=2{cursor}")
        found += [x["subject"] for x in page["items"]]
        if "next" not in page:
            break
        assert len(page["items"]) == 2
        cursor = f"&cursor={page['next']}"
        late = label(len(found) + 10, agent="critic", source="panel", ts=millis(NOON + 59 * SECOND))
        assert take(functions, late).status == 200  # it comes in while the list is read
    assert found == subjects


@pytest.mark.parametrize("source_id", ["a/b", "50%", "50%25", "a~b"])
def test_an_id_is_taken_as_it_is_listed_and_percent_encoded(
    functions: Functions, store: Store, source_id: str
) -> None:
    switch_flags(store)
    take(functions, label(1, sourceId=source_id), label(2, sourceId=f"{source_id} more"))
    forms: tuple[Callable[[str], str], ...] = (str, quote)
    for written, row in zip(forms, listed(functions)["items"], strict=True):
        path = f"api/v1/labels/{written(row['id'])}/withdraw"
        gone = functions.send(path, actor=ADMIN, json={"reason": "a mistake"})
        assert (gone.status, gone.body.get("id")) == (200, row["id"])


@pytest.mark.usefixtures("few")
def test_a_label_is_withdrawn_by_the_id_under_which_it_is_listed(
    functions: Functions, store: Store
) -> None:
    switch_flags(store)
    key = listed(functions, "?source=survey")["items"][0]["id"]
    path = f"api/v1/labels/{quote(key, safe='')}/withdraw"
    silent = functions.send(path, actor=ADMIN, json={"reason": ""})
    assert (silent.status, silent.error["field"]) == (400, "reason")
    assert functions.send(path, actor=SERVICE, json={"reason": "x"}).status == 403
    gone = functions.send(path, actor=ADMIN, json={"reason": "a mistake"})
    assert (gone.status, gone.body["id"], gone.body["withdrawnReason"]) == (200, key, "a mistake")
    assert listed(functions, "?source=survey")["items"][0]["withdrawnBy"] == "ada-uid"
    other = functions.send("api/v1/labels/none~1/withdraw", actor=ADMIN, json={"reason": "x"})
    assert (other.status, other.error["field"]) == (404, "id")


def test_labels_are_counted_by_agent_and_source(functions: Functions, store: Store) -> None:
    take(functions, label(1), label(2, agent="critic"), label(3, source="survey"))
    store.set(Ref("ops_label_stats", "broken"), {"v": 1, "agent": "broken", "total": "many"})
    found = functions.send("api/v1/labels/stats", method="GET", actor=ADMIN)
    assert found.status == 200
    assert (found.body["total"], found.body["bySource"]) == (3, {"panel": 2, "survey": 1})
    assert {x["agent"]: x["total"] for x in found.body["agents"]} == {"planner": 2, "critic": 1}
    assert len(found.body["broken"]) == 1


def test_the_good_labels_of_a_batch_are_taken_and_the_others_named(functions: Functions) -> None:
    found = take(functions, label(1), label(2, thumbs="sideways"), label(3, source="gold"))
    assert (found.status, found.body["accepted"]) == (200, 1)
    assert [(x["index"], x["field"]) for x in found.body["rejected"]] == [
        (1, "thumbs"),
        (2, "source"),
    ]
    (kept,) = listed(functions)["items"]
    assert (kept["label"], kept["value"], kept["labeller"]) == ("good", 1, "ada-uid")
    none = take(functions, label(1, thumbs="sideways"))
    assert (none.status, none.error["code"]) == (400, "RATCHET-1002")
    assert (none.error["field"], none.error["mend"]) == ("labels", "mend each as `rejected` says")
    one = functions.send("api/v1/labels", actor=ADMIN, json={"agent": "x"})
    assert (one.status, one.error["field"], one.error["mend"]) == (
        400,
        "subject",
        "mend that field",
    )
    many = take(functions, *[label(n) for n in range(502)])
    assert many.error["mend"] == "send an array of 1 to 500, the rest in others"


def test_the_same_batch_under_one_key_is_answered_as_first(functions: Functions) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    first = take(functions, label(1), label(2), headers=headers)
    again = take(functions, label(1), label(2), headers=headers)
    assert (first.body["accepted"], first.body["duplicate"]) == (2, 0)
    assert again.body == first.body
    assert take(functions, label(1), label(2)).body["duplicate"] == 2


def test_the_feeds_are_loaded_now(functions: Functions, store: Store, clock: ManualClock) -> None:
    late = {"obsId": "one-1", "source": "reviewer", "grade": 0.75, "ts": millis(clock())}
    functions.send("feedback", actor=SERVICE, json=late)
    clock.advance(600 * SECOND)
    found = functions.send("api/v1/labels/load", actor=ADMIN, json={"feed": "feedback"})
    assert (found.status, set(found.body["feeds"])) == (200, {"feedback"})
    other = functions.send("api/v1/labels/load", actor=ADMIN, json={"feed": "rumours"})
    assert (other.status, other.error["field"]) == (400, "feed")
    assert functions.send("api/v1/labels/load", actor=SERVICE, json={}).status == 403
    bare = functions.send("api/v1/labels/load", actor=ADMIN)
    assert (bare.status, set(bare.body["feeds"])) == (200, set(FEEDS))

"""The callables of the review queue: what each does for an admin, on both stores."""

from ratchet.govern.roles import Actor
from ratchet.store.port import Store
from tests.support.functions import Functions
from tests.support.reviewing import desk, item

BOB = Actor(name="bob-uid", kind="person", role="admin")
KEY = "label~router~s1"


def test_an_item_goes_from_one_reviewer_to_the_next_until_it_is_done(
    store: Store, functions: Functions
) -> None:
    at = desk(store, item("s1", wanted=2, shown={"prompt": "2 + 2?"}))
    shown = functions.call("next_review", {}).result
    assert (shown["id"], shown["state"], shown["shown"]) == (KEY, "claimed", {"prompt": "2 + 2?"})
    said = {"id": KEY, "label": "bad", "value": 0.25, "confidence": 60, "note": "it is 4"}
    assert functions.call("label_review", said).result["state"] == "open"
    assert functions.call("label_review", said).result["state"] == "open"
    assert functions.call("next_review", {"kind": "label"}, actor=BOB).result["id"] == KEY
    raised = functions.call("escalate_review", {"id": KEY, "reason": "is this ours?"}, actor=BOB)
    assert (raised.result["state"], raised.result["escalatedBy"]) == ("escalated", "bob-uid")
    assert functions.call("second_review", {"id": KEY}).result["wanted"] == 2
    assert [(label.labeller, label.value) for label in at.labels()] == [("ada-uid", 0.25)]


def test_a_skipped_item_is_not_shown_again(store: Store, functions: Functions) -> None:
    desk(store, item("s1"))
    functions.call("next_review", {})
    assert functions.call("skip_review", {"id": KEY}).result["skippedBy"] == ["ada-uid"]
    answer = functions.call("next_review", {})
    assert (answer.status, answer.error["status"]) == (404, "NOT_FOUND")


def test_an_answer_out_of_turn_is_refused_and_says_how_it_is_not_lost(
    store: Store, functions: Functions
) -> None:
    desk(store, item("s1"))
    functions.call("next_review", {}, actor=BOB)
    answer = functions.call("label_review", {"id": KEY, "label": "good"})
    assert answer.error["status"] == "FAILED_PRECONDITION"
    assert "--second" in answer.error["details"]["mend"]
    beside = functions.call("label_review", {"id": KEY, "label": "good", "second": True})
    assert [one["by"] for one in beside.result["opinions"]] == ["ada-uid"]

"""What is in doubt goes to people, redacted, once; and what they answered is read back."""

from datetime import timedelta
from typing import Any

from ratchet.datasets.curate.review import Doubtful, ask_about, review_answers
from ratchet.datasets.curate.score import Decision, score_examples
from ratchet.datasets.example import Content, Step
from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import BadSignature, InvalidInput
from ratchet.labels.label import LABELS
from ratchet.labels.review.answer import label_item
from ratchet.labels.review.claim import claim_next
from ratchet.labels.review.queue import list_items
from ratchet.labels.review_item import ReviewItem
from ratchet.labels.settings import ReviewSettings
from ratchet.labels.withdraw import withdraw_label
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.curated import NOON, a_prepared, an_example, id_of
from tests.support.governed import ADA, KEYS

DOUBT: dict[str, Any] = {"quality": 90.0, "confidence": None}
REDACTED = Content(
    input="Write to [EMAIL_1], please.",
    output="y" * 1600,
    steps=(Step(kind="call", name="send", text="to [EMAIL_1]"), Step(kind="message", role="user")),
)


class Desk:
    """A store with blobs, and a clock that stands."""

    def __init__(self, store: Store) -> None:
        self.store, self.blobs = store, MemoryBlobs()
        self.reader = ConfigReader(store, ManualClock(NOON))

    def doubt(self, name: object, content: Content | None = None, **changes: Any) -> Doubtful:
        """Return an example in doubt whose words are kept."""
        said = content or Content(input=f"question {name}", output=f"answer {name}")
        prepared = a_prepared(name, said, **(DOUBT | changes))
        assert self.blobs.put(said.to_bytes()) == prepared.content
        (scored,) = score_examples([prepared], DatasetSettings())
        assert scored.decision == "REVIEW"
        return prepared, scored

    def ask(self, *doubtful: Doubtful) -> int:
        return ask_about(self.store, self.blobs, doubtful, reader=self.reader, now=NOON)

    def asked(self) -> list[ReviewItem]:
        return list(list_items(self.store, now=NOON, kind="dataset"))

    def answer(self, label: str) -> ReviewItem:
        """Answer the next question."""
        item = claim_next(self.store, self.reader, ADA, now=NOON, kind="dataset")
        return label_item(self.store, self.reader, ADA, item.key(), label, now=NOON)


def answers(store: Store, *names: object) -> dict[str, Decision]:
    """Return what people answered of examples."""
    faults: list[BadSignature | InvalidInput] = []
    found = review_answers(store, [an_example(name) for name in names], tell=faults.append)
    assert not faults
    return found


def test_a_reviewer_sees_redacted_excerpts_and_no_scores(embedded: SqliteStore) -> None:
    desk = Desk(embedded)
    assert desk.ask(desk.doubt("e1", REDACTED)) == 1
    (item,) = desk.asked()
    assert (item.kind, item.agent, item.subject) == ("dataset", "planner", id_of("e1"))
    assert item.classes == ("good", "bad")
    assert item.shown == {
        "input": "Write to [EMAIL_1], please.",
        "output": "y" * 1500 + " [100 more]",
        "steps": ["call send: to [EMAIL_1]", "message user: "],
        "domain": "travel",
        "taskType": "single_step",
    }
    assert item.reason == "out of its bound: confidence"
    assert item.expire_at == NOON + timedelta(days=ReviewSettings().keep_days)


def test_who_was_asked_about_is_not_asked_about_again_nor_are_copies(embedded: SqliteStore) -> None:
    desk = Desk(embedded)
    first, same = desk.doubt("e1"), desk.doubt("copy", Content(input="q", output="a"))
    twin = desk.doubt("twin", Content(input="q", output="a"))
    assert desk.ask(first, same, twin) == 2
    desk.answer("good")
    assert desk.ask(first, same, twin) == 0
    assert len(desk.asked()) == 2


def test_of_each_component_so_many_are_asked_a_night_the_best_first(embedded: SqliteStore) -> None:
    settings = ReviewSettings(nightly=2).to_map()
    embedded.set(Ref("config", "review"), settings)
    desk = Desk(embedded)
    some = [desk.doubt(i, quality=75.0 + i % 5) for i in range(40)]
    others = [desk.doubt(f"o{i}", component="router") for i in range(3)]
    assert desk.ask(*some, *others) == 4
    assert [one.agent for one in desk.asked()].count("router") == 2
    assert desk.ask(*some, *others) == 3  # two of the first component, and the last of the other
    qualities = {p.example.id: p.example.quality for p, _ in some}
    asked = [qualities[one.subject] for one in desk.asked() if one.agent == "planner"]
    assert asked == [79.0] * 4


def test_words_that_are_gone_are_not_asked_about_and_keep_no_other_from_it(
    embedded: SqliteStore,
) -> None:
    desk = Desk(embedded)
    gone, there = desk.doubt("gone"), desk.doubt("there")
    desk.blobs.delete(gone[0].content)
    assert desk.ask(gone, there) == 1
    assert desk.asked()[0].subject == id_of("there")


def test_what_a_person_calls_good_is_taken_and_what_is_bad_is_not(store: Store) -> None:
    desk = Desk(store)
    assert desk.ask(desk.doubt("a", quality=90.0), desk.doubt("b", quality=80.0)) == 2
    desk.answer("good")
    assert answers(store, "a", "b") == {id_of("a"): "ACCEPT"}
    desk.answer("bad")
    assert answers(store, "a", "b") == {id_of("a"): "ACCEPT", id_of("b"): "REJECT"}
    assert answers(store, "other") == {}


def test_an_answer_that_was_withdrawn_counts_no_more(embedded: SqliteStore) -> None:
    desk = Desk(embedded)
    desk.ask(desk.doubt("a"))
    desk.answer("bad")
    assert answers(embedded, "a") == {id_of("a"): "REJECT"}
    (label,) = embedded.query(Query(LABELS))
    withdraw_label(embedded, KEYS, ADA, label.ref.id, reason="a slip", now=NOON)
    assert answers(embedded, "a") == {}


def test_a_broken_label_is_told_and_keeps_no_other_from_being_read(embedded: SqliteStore) -> None:
    desk = Desk(embedded)
    desk.ask(desk.doubt("a"), desk.doubt("b"))
    desk.answer("good")
    desk.answer("good")
    (broken, _) = embedded.query(Query(LABELS))
    embedded.set(broken.ref, broken.data | {"confidence": "much"})
    told: list[BadSignature | InvalidInput] = []
    found = review_answers(embedded, [an_example("a"), an_example("b")], tell=told.append)
    assert len(found) == 1
    assert "confidence" in str(told[0])

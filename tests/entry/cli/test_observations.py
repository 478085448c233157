"""`ratchet observations --id`: what was said of one later, and by which judges."""

from datetime import UTC, datetime
from functools import partial

from ratchet.observe.feedback import write_feedback
from ratchet.observe.grade import JUDGES, REVIEW, Grade, JudgeWord
from ratchet.observe.settings import Ingest
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet, arrived, score_at_once, write_json

WORDS = (
    JudgeWord(judge="strict", version="2", weight=0.5, score=0.5),
    JudgeWord(judge="kind", weight=0.25, score=1.0),
)


def test_the_judges_of_a_grade_are_told_with_their_weights(ratchet: Ratchet) -> None:
    score_at_once(ratchet)
    ratchet("record", write_json("a.json", {"id": "o1", **arrived()}))
    ratchet("tick", "--only", "score_observations")
    assert "what was said" not in ratchet("observations", "--id", "o1").out
    store = SqliteStore(".ratchet/ratchet.db")
    keep = partial(write_feedback, ingest=Ingest(shards=1), now=datetime.now(UTC))
    graded = Grade(obs_id="o1", source=JUDGES, grade=0.75)
    store.transact(partial(keep, grade=graded, judges=WORDS))
    asked = Grade(obs_id="o1", source=REVIEW)
    store.transact(partial(keep, grade=asked, propensity=0.1, asked=True))
    store.close()
    ratchet("tick", "--only", "score_observations")
    told = ratchet("observations", "--id", "o1").out
    assert "strict 2: 0.5, weight 0.5; kind 1: 1, weight 0.25" in told
    assert "asked, not answered yet" in told
    (found,) = ratchet("observations", "--id", "o1", "--json").lines
    assert found["reward"]["feedback"]["judges"]["judges"][0]["weight"] == 0.5

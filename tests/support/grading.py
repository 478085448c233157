"""What the tests of feedback share: something scored, and grades for it."""

from functools import partial
from typing import Any

from ratchet.observe.feedback import write_feedback
from ratchet.observe.grade import JUDGES, REVIEW, Grade, JudgeWord
from ratchet.store.port import Store
from tests.support.observing import Worker, observation, worker


def scored(store: Store) -> Worker:
    """Return a worker that has scored one observation and a batch of three."""
    at = worker(store)
    at.record({"id": "s1"} | observation())
    at.batch("b1", [observation(), observation(outcome="failure"), observation(quality=0.5)])
    at.scored_later()
    return at


def grade(obs_id: str, value: float, source: str = "person", **fields: Any) -> dict[str, Any]:
    return {"obsId": obs_id, "source": source, "grade": value} | fields


def folded(at: Worker, *items: dict[str, Any]) -> int:
    """Send feedback, let the lag pass, and fold; return how many rewards changed."""
    at.feedback(list(items))
    at.later()
    return at.fold().corrected


def judge(at: Worker, obs_id: str, value: float) -> bool:
    """Keep the word of one judge, as the verbs of judges do."""
    word = JudgeWord(judge="strict", version="2", weight=0.5, score=value)
    return _kept(at, Grade(obs_id=obs_id, source=JUDGES, grade=value), judges=(word,))


def ask(at: Worker, obs_id: str, propensity: float | None) -> bool:
    """Ask people about an observation, as the review queue does."""
    return _kept(at, Grade(obs_id=obs_id, source=REVIEW), propensity=propensity, asked=True)


def answer(at: Worker, obs_id: str, value: float, propensity: float | None = None) -> bool:
    """Keep a person's answer, as the review queue does."""
    return _kept(at, Grade(obs_id=obs_id, source=REVIEW, grade=value), propensity=propensity)


def _kept(at: Worker, grade: Grade, **said: Any) -> bool:
    write = partial(write_feedback, grade=grade, ingest=at.ingest, now=at.clock(), **said)
    return at.store.transact(write, self_checking=True)

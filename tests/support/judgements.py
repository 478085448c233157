"""What the tests of judges share: observations to judge, weights, and judgements to send."""

from typing import Any

from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.labels.judges.judge import Case
from ratchet.labels.record_judgements import JudgementsTaken, record_judgements
from ratchet.labels.settings import JudgeSettings
from ratchet.observe.grade import Feedback
from ratchet.store.port import Query, Ref, Store
from tests.support.grading import scored
from tests.support.observing import NOON, Worker, configure

AGENT = "router"


def judged(store: Store, **settings: Any) -> Worker:
    """Return a worker that has scored s1 and b1.0 to b1.2, and a configuration of judges."""
    configure(store, JudgeSettings.parse(settings))
    return scored(store)


def judgement(subject: str = "s1", score: Any = 1.0, **fields: Any) -> dict[str, Any]:
    """Return one judgement as it is sent."""
    who = {"judge": "strict", "family": "rules", "agent": AGENT, "subject": subject}
    return who | ({} if score is None else {"score": score}) | fields


def send(at: Worker, *items: Any) -> JudgementsTaken:
    """Record judgements now."""
    return record_judgements(at.store, at.reader, list(items), now=at.clock())


def weigh(store: Store, agent: str = AGENT, **weights: float) -> None:
    """Let judges have earned these weights."""
    for judge, weight in weights.items():
        earned = JudgeWeight(
            judge=judge,
            agent=agent,
            weight=weight,
            plain=weight,
            agreement=0.9,
            chance_corrected=0.8,
            n=100,
            effective_n=50.0,
            ts=NOON,
        )
        store.set(Ref(earned.collection, earned.key()), earned.to_map())


def said(store: Store) -> dict[str, dict[str, Any]]:
    """Return the judgements that are stored, by id."""
    return {s.ref.id: s.data for s in store.query(Query(JUDGEMENTS))}


def feedback_of(store: Store, subject: str = "s1") -> Feedback | None:
    """Return what the judges' word on an observation is, as feedback."""
    found = store.get(Ref(Feedback.collection, f"{subject}~judges"))
    return Feedback.from_store(found.data) if found else None


def case(**observation: Any) -> Case:
    """Return a case of an observation with these fields."""
    return Case(AGENT, "s1", {"id": "s1", "outcome": "success"} | observation)

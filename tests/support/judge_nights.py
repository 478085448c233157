"""What the tests of judges' weights share: judgements and labels of a night, and what it wrote."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.labels.judge_weight import JudgeWeight, JudgeWeightNight
from ratchet.labels.judgement import Judgement
from ratchet.labels.weigh import WeighReport, weigh_judges
from ratchet.store.port import Query, Ref, Store
from tests.support.labelled import label, wrote
from tests.support.observing import NOON

DAY = timedelta(days=1)
TRUTH = ["good", "bad"] * 8


def judgement(judge: str, subject: str, said: str | None, **fields: Any) -> Judgement:
    """Return one judgement of noon."""
    told = {
        "judge": judge,
        "family": "f",
        "agent": "router",
        "subject": subject,
        "label": said,
        "ts": NOON,
        "recorded_at": NOON,
        "expire_at": NOON + 90 * DAY,
    }
    return Judgement(**(told | fields))


def put(store: Store, *judgements: Judgement) -> None:
    """Store judgements as they are."""
    for one in judgements:
        store.set(Ref(one.collection, one.key()), one.to_map())


def label_all(store: Store, truth: Sequence[str] = TRUTH, **fields: Any) -> None:
    """Let ada label the subjects s0, s1 and so on."""
    agent = fields.get("agent", "router")
    told = [
        label(f"s{i}", said, **({"source_id": f"{agent}-s{i}"} | fields))
        for i, said in enumerate(truth)
    ]
    wrote(store, *told)


def judge_all(
    store: Store, judge: str, flipped: Sequence[int] = (), truth: Sequence[str] = TRUTH, **at: Any
) -> None:
    """Let a judge judge every subject, these of them wrong."""
    other = {"good": "bad", "bad": "good"}
    for i, said in enumerate(truth):
        put(store, judgement(judge, f"s{i}", other[said] if i in flipped else said, **at))


def night(store: Store, now: datetime = NOON, agent: str | None = None) -> WeighReport:
    """Weigh at a time, by a process that has just started."""
    return weigh_judges(store, ConfigReader(store, ManualClock(now)), now=now, agent=agent)


def weights(store: Store) -> dict[str, JudgeWeight]:
    """Return every weight there is, by key."""
    found = store.query(Query(JudgeWeight.collection))
    return {one.ref.id: JudgeWeight.from_store(one.data) for one in found}


def written(store: Store) -> Mapping[str, Mapping[str, Any]]:
    """Return every document that a night writes of weights, by collection and id."""
    kinds = (JudgeWeight.collection, JudgeWeightNight.collection)
    return {str(one.ref): one.data for kind in kinds for one in store.query(Query(kind))}

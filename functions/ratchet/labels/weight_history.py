"""The nights of judges' weights, the latest first."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from ratchet.kernel.each import Tell, each
from ratchet.labels.judge_weight import JudgeWeight, JudgeWeightNight, weight_of
from ratchet.store.port import Filter, Query, Store


def weight_history(
    store: Store,
    agent: str,
    judge: str | None = None,
    *,
    limit: int,
    since: datetime | None = None,
    tell: Tell | None = None,
) -> list[JudgeWeightNight]:
    """Return up to `limit` nights of an agent's judges, or of one of them; what is broken is told.

    Raises: InvalidInput where nobody is told.
    """
    where = [Filter("agent", "==", agent)]
    if since is not None:
        where.append(Filter("ts", ">=", since))
    stored = store.stream(Query(JudgeWeightNight.collection, tuple(where), ("-ts",)))
    nights = each(stored, lambda s: JudgeWeightNight.from_store(s.data), tell)
    return list(islice((n for n in nights if judge in (None, n.judge)), limit))


def all_weights(store: Store, tell: Tell | None = None) -> Iterator[JudgeWeight]:
    """Yield the weight of every judge for every agent; what is broken is told.

    Raises: InvalidInput where nobody is told.
    """
    stored = store.stream(Query(JudgeWeight.collection))
    return each(stored, weight_of, tell)

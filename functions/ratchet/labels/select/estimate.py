"""Estimate the share of good among all candidates of an agent from what reviewers said of a few."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.ids import join_key
from ratchet.labels.label import GOOD
from ratchet.labels.review_item import REVIEW_QUEUE, ReviewItem
from ratchet.labels.select.review_draw import REVIEW_DRAWS, Drawn, ReviewDraw
from ratchet.labels.select.share import Share, plain_share, weighted_share
from ratchet.stats.intervals import Interval
from ratchet.store.port import Filter, Query, Ref, Store

MOST_DAYS = 400
CHUNK = 300


class ReviewEstimate(Model):
    """The share of `good` among all candidates of an agent's draws, and among the answered alone.

    `share` weighs each answer by 1/propensity, `plain` does not: it is what the questions that
    were asked look like, and these were asked because they are hard. `n` is as many uniform
    draws as would say as much. What was drawn and not answered is taken to be like what was:
    the fewer of `drawn` are `answered`, the less that is known. Units: shares 0..1.
    """

    agent: str
    draws: int
    candidates: int
    drawn: int
    answered: int
    share: float
    interval: Interval
    n: float | None = None
    plain: float
    plain_interval: Interval


class _Answer(NamedTuple):
    draw: int
    good: bool
    propensity: float
    weight: int


def estimate_share(
    store: Store,
    agent: str,
    *,
    days: float,
    now: datetime,
    tell: Tell | None = None,
) -> ReviewEstimate:
    """Return the share of good among all candidates of the draws of the last days.

    Only subjects that were drawn with a probability count; each candidate was in one draw.

    Raises: InvalidInput for a time that is no time, and where nothing is answered; NotFound where
    nothing was drawn.
    """
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput(
            f"{days:g} days are not looked back on", field="days", mend=f"1 to {MOST_DAYS}"
        )
    draws = _draws(store, agent, now - timedelta(days=days), tell)
    if not draws:
        raise NotFound(
            f"nothing of {agent} was drawn in {days:g} days",
            field="agent",
            mend=f"ratchet review fill --agent {agent}",
        )
    answers = [a for i, draw in enumerate(draws) for a in _answers(store, i, draw, tell)]
    good = np.array([a.good for a in answers], np.bool_)
    weighted = weighted_share(
        good,
        np.array([a.propensity for a in answers], np.float64),
        np.array([a.weight for a in answers], np.int64),
        np.array([a.draw for a in answers], np.int64),
    )
    plain = plain_share(good)
    return ReviewEstimate(
        agent=agent,
        draws=len(draws),
        candidates=sum(draw.candidates for draw in draws),
        drawn=sum(len(_with_probability(draw)) for draw in draws),
        answered=len(answers),
        share=weighted.value,
        interval=weighted.interval,
        n=_finite(weighted),
        plain=plain.value,
        plain_interval=plain.interval,
    )


def _draws(store: Store, agent: str, since: datetime, tell: Tell | None) -> list[ReviewDraw]:
    """Return the draws of an agent since an instant, oldest first."""
    stored = store.stream(Query(REVIEW_DRAWS, (Filter("agent", "==", agent),)))
    found = each(stored, lambda s: ReviewDraw.from_store(s.data), tell)
    return sorted((draw for draw in found if draw.drawn_at >= since), key=lambda d: d.drawn_at)


def _answers(store: Store, i: int, draw: ReviewDraw, tell: Tell | None) -> Iterator[_Answer]:
    """Yield what was answered of a draw; a propensity counts that it had to be answered, too."""
    drawn = _with_probability(draw)
    items = dict(_items(store, draw.agent, drawn, tell))
    done = [(one, items[one.subject]) for one in drawn if one.subject in items]
    rate = len(done) / len(drawn) if drawn else 1.0
    for one, item in done:
        if one.propensity is not None:
            yield _Answer(i, item.decided == GOOD, one.propensity * rate, one.weight)


def _items(
    store: Store, agent: str, drawn: Iterable[Drawn], tell: Tell | None
) -> Iterator[tuple[str, ReviewItem]]:
    """Yield the items that were decided, by subject."""
    refs = [Ref(REVIEW_QUEUE, join_key("label", agent, one.subject)) for one in drawn]
    for start in range(0, len(refs), CHUNK):
        found = store.get_many(refs[start : start + CHUNK])
        there = (stored for stored in found if stored is not None)
        for item in each(there, lambda s: ReviewItem.from_store(s.data), tell):
            if item.state == "done" and item.decided is not None:
                yield item.subject, item


def _with_probability(draw: ReviewDraw) -> list[Drawn]:
    return [one for one in draw.drawn if one.propensity is not None]


def _finite(share: Share) -> float | None:
    return round(share.n, 1) if np.isfinite(share.n) else None

"""Correct rewards: a grade that came later, or another epoch; the buckets follow exactly.

What an observation added to its bucket is taken back and the new contribution added, in the one
transaction that replaces its reward, so a correction that is repeated changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np

from ratchet.observe.commit import NO_ROLLOUTS, REWARDS, Place, changed_buckets, reward_items
from ratchet.observe.graded import graded, judged
from ratchet.observe.observation import COLLECTION, item_ids, items_of
from ratchet.observe.reward import RewardConfig
from ratchet.observe.rollout_commit import changed_rollouts
from ratchet.observe.rollout_tally import Row, Tallied, tally_rollouts
from ratchet.observe.run_commit import corrected_totals
from ratchet.observe.run_tally import tally_runs
from ratchet.observe.run_totals import RunObserved
from ratchet.observe.scores import details
from ratchet.observe.settings import Ingest
from ratchet.observe.tally import columns_of, score_columns, sums_of
from ratchet.observe.watched import Watched
from ratchet.stats.bucket import Sums
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

T = TypeVar("T")
Item = dict[str, Any]
Rows = list[tuple[Item, float]]
ATTEMPTS = 10
# What a reward remembers beside its score, because the observation does not say it.
CARRIED = ("outcome", "quality", "series", "uncounted", "totalled")
# What a reward document says of all its rewards; the rest of one that is alone is its reward.
OF_DOCUMENT = ("v", "obsId", "rewardEpoch", "shard", "ingestedAt", "expireAt")
Grades = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """What a correction does to one reward document: rows and scores, as they were and are.

    `timely_before` and `timely` are the outcomes that change in rollout buckets.
    """

    count: int
    ref: Ref
    reward: Item
    shard: int
    before: list[Item]
    was: list[float]
    epoch_before: int
    after: list[Item]
    scores: list[float]
    epoch: int
    timely_before: list[Row]
    timely: list[Row]


def write_changes(
    tx: Transaction,
    changes: Sequence[Change],
    ingest: Ingest,
    now: datetime,
    watched: Mapping[str, Watched] = NO_ROLLOUTS,
) -> int:
    """Write corrections of one shard, move its buckets and the totals of the runs that they are of.

    Returns how many rewards changed.
    """
    real = [change for change in changes if change.count]
    if not real:
        return 0
    plus, minus = defaultdict[int, Rows](list), defaultdict[int, Rows](list)
    for change in real:
        plus[change.epoch] += zip(change.after, change.scores, strict=True)
        minus[change.epoch_before] += zip(change.before, change.was, strict=True)
    shard = real[0].shard
    buckets = changed_buckets(tx, _sums(plus), shard, ingest, now, _sums(minus))
    added = _tallied((row for change in real for row in change.timely), watched)
    taken = _tallied((row for change in real for row in change.timely_before), watched)
    of_rollouts = changed_rollouts(tx, added, watched, shard, ingest, now, taken)
    totals = corrected_totals(tx, *_of_runs(real), ingest, now)
    for change in real:
        tx.set(change.ref, change.reward)
    for document in (*buckets, *totals):
        tx.put(document)
    for ref, data in of_rollouts:
        tx.set(ref, data)
    return sum(change.count for change in real)


def _tallied(rows: Iterable[Row], watched: Mapping[str, Watched]) -> Tallied:
    return tally_rollouts(list(rows), [], watched)


def _sums(rows: Mapping[int, Rows]) -> dict[Place, Sums]:
    return {
        (series, epoch): sums
        for epoch, pairs in rows.items()
        for series, sums in sums_of(
            columns_of([row for row, _ in pairs]), np.array([score for _, score in pairs])
        ).items()
    }


def _of_runs(changes: Sequence[Change]) -> tuple[dict[str, RunObserved], dict[str, RunObserved]]:
    """Return what is added to the totals of runs and taken back, of rows that change at all.

    A row that was scored before there were totals is in none.
    """
    plus: Rows = []
    minus: Rows = []
    for change in changes:
        was = zip(change.before, change.was, strict=True)
        now = zip(change.after, change.scores, strict=True)
        for before, after in zip(was, now, strict=True):
            if "totalled" in after[0] and before != after:
                minus.append(before)
                plus.append(after)
    return _observed(plus), _observed(minus)


def _observed(pairs: Rows) -> dict[str, RunObserved]:
    if not pairs:
        return {}
    rows = [row for row, _ in pairs]
    return tally_runs(rows, columns_of(rows), np.array([score for _, score in pairs]))


class Restatement:
    """One observation document with its rewards, read in a transaction."""

    def __init__(self, tx: Transaction, document_id: str) -> None:
        self._ref = Ref(REWARDS, document_id)
        observation, reward = tx.fetch([Ref(COLLECTION, document_id), self._ref])
        self.known = observation is not None
        self.scored = observation is not None and reward is not None
        self._observation = observation.data if observation else {}
        self._reward = reward.data if reward else {}

    @property
    def epoch(self) -> int:
        """The epoch that the rewards were written under."""
        return int(self._reward["rewardEpoch"])

    @property
    def indexes(self) -> list[int | None]:
        """The items' places in the batch as it was sent; a single observation has none."""
        if "items" not in self._observation:
            return [None]
        return list(self._observation.get("indexes") or range(len(self._observation["items"])))

    def rewards(self) -> list[Item]:
        """Return the stored rewards, in the items' order."""
        if "items" in self._reward:
            return list(self._reward["items"])
        return [{k: v for k, v in self._reward.items() if k not in OF_DOCUMENT}]

    def feedback(self) -> Grades:
        """Return the grades that each reward holds already, by its place."""
        return {i: reward.get("feedback", {}) for i, reward in enumerate(self.rewards())}

    def timely(self) -> Grades:
        """Return those of them that came before the outcome window of a rollout closed."""
        told = self.feedback()
        return {i: reward.get("timely", told[i]) for i, reward in enumerate(self.rewards())}

    def rollout_ids(self) -> set[str]:
        """Return the rollouts that an arm of is named by an item."""
        items = items_of(self._observation)
        return {item["rolloutId"] for item in items if "rolloutArm" in item}

    def row(self, place: int) -> Row:
        """Return an item as rollout buckets count it: as it came."""
        found = self._observation
        item, key = items_of(found)[place], item_ids(self._ref.id, found)[place]
        return Row(item, key, found["ingestedAt"])

    def changed(self, feedback: Grades, timely: Grades, config: RewardConfig, epoch: int) -> Change:
        """Score some items anew and return what changed.

        `feedback` maps a place in `rewards()` to all the grades of that item, by source; `timely`
        to those that its rollout counts.
        """
        items = items_of(self._observation)
        rewards = self.rewards()
        before = [_effective(items[i], rewards[i]) for i in feedback]
        after = [_effective(items[i], graded(rewards[i], given)) for i, given in feedback.items()]
        columns = columns_of(after)
        scores = score_columns(columns, config)
        fresh = reward_items(after, scores.score, details(scores))
        was = [rewards[i]["score"] for i in feedback]
        told = self.timely()
        moved = [i for i in timely if timely[i] != told[i] and "uncounted" not in rewards[i]]
        count = 0
        for (i, given), row, new in zip(feedback.items(), after, fresh, strict=True):
            kept = {k: row[k] for k in CARRIED if k in row and row[k] != items[i].get(k)}
            reward = new | kept | ({"feedback": dict(given)} if given else {})
            if "rolloutArm" in items[i] and timely[i] != given:
                reward["timely"] = dict(timely[i])
            if reward != rewards[i] or epoch != self.epoch:
                count += 1
                rewards[i] = reward
        return Change(
            count=count,
            ref=self._ref,
            reward=self._document(rewards, epoch),
            shard=int(self._observation["shard"]),
            before=before,
            was=was,
            epoch_before=self.epoch,
            after=after,
            scores=scores.score.tolist(),
            epoch=epoch,
            timely_before=self._graded_rows(moved, self.timely()),
            timely=self._graded_rows(moved, timely),
        )

    def _graded_rows(self, places: Iterable[int], grades: Grades) -> list[Row]:
        """Return items as rollout buckets count them, with some grades."""
        rows = ((self.row(i), graded({}, grades[i]) | judged(grades[i])) for i in places)
        return [row._replace(item=dict(row.item) | given) for row, given in rows]

    def _document(self, rewards: list[Item], epoch: int) -> Item:
        if "items" in self._reward:
            return self._reward | {"items": rewards, "rewardEpoch": epoch}
        kept = {k: self._reward[k] for k in OF_DOCUMENT if k in self._reward}
        return kept | rewards[0] | {"rewardEpoch": epoch}


def _effective(item: Mapping[str, Any], reward: Mapping[str, Any]) -> Item:
    """Return an observation as its reward sees it."""
    return dict(item) | {k: reward[k] for k in CARRIED if k in reward}

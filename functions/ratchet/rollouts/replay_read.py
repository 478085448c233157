"""Read the log of a param's arms as it is stored: what was drawn, by what chance, for what reward.

Newest first, and no more than a replay needs: the bill of a look must not grow with the traffic.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import hour_label
from ratchet.kernel.keys import Keys
from ratchet.observe.commit import REWARDS
from ratchet.observe.observation import COLLECTION, item_ids, items_of
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.observe.tally import UNVERSIONED
from ratchet.observe.watch import CONTROL
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.replay_document import HourRead, LogRead, Question
from ratchet.rollouts.replay_fit import Chunk
from ratchet.rollouts.replay_log import hashes_of
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.tune.alike import same_behaviour

MAX_DOCUMENTS = 2000
MAX_ROWS = 5000  # show a difference of 0.02 for any step of 0.2, and no older state of the arms
PAGE = 25  # documents, of up to 500 observations
# Why an observation of an arm is no row of its log.
UNDRAWN = "noPropensity"


class Period(NamedTuple):
    """Which part of the log: what came in from `since` to `until`, under one reward epoch."""

    since: datetime
    until: datetime
    epoch: int


class Row(NamedTuple):
    """One observation that was drawn; `unit` is its own id where nobody is named."""

    at: datetime
    id: str
    unit: str
    arm: str
    propensity: float
    reward: float
    weight: int

    def text(self) -> bytes:
        """Return the line that is hashed."""
        return "\t".join(map(repr, self[1:])).encode() + b"\n"


@dataclass(frozen=True)
class Log:
    """The rows of a log as a replay takes them, and what was read for them."""

    chunk: Chunk
    read: LogRead

    @property
    def is_undrawn(self) -> bool:
        """Whether arms were observed, and not one with the chance that it was drawn with."""
        return not self.read.rows and UNDRAWN in self.read.passed_over


@dataclass
class _Reading:
    """What is known so far of a log that is being read."""

    rows: list[Row] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    versions: dict[str, bool] = field(default_factory=dict)
    documents: int = 0
    oldest: datetime | None = None

    @property
    def is_full(self) -> bool:
        return self.documents >= MAX_DOCUMENTS or len(self.rows) >= MAX_ROWS


def read_log(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    champion: PolicyVersion,
    question: Question,
    period: Period,
) -> Log:
    """Return the newest rows of a period, of every version that behaves as the champion.

    A row is an observation of an arm that was drawn by a chance it names, was served, and has a
    reward of the epoch; not of a rollout's challenger.
    """
    shards = range(max(reader.read(Ingest).shards, shards_ever(store)))
    newest = heapq.merge(
        *(_newest_first(store, shard, period) for shard in shards),
        key=lambda found: (found.data["ingestedAt"], found.ref.id),
        reverse=True,
    )
    reading = _Reading()
    while not reading.is_full and (page := list(islice(newest, PAGE))):
        _take(store, keys, champion, question, period.epoch, page, reading)
    left = sum(store.count(_query(shard, period)) for shard in shards) if reading.is_full else 0
    return Log(_chunk(reading.rows), _told(reading, max(0, left - reading.documents)))


def _query(shard: int, period: Period) -> Query:
    where = (
        Filter("shard", "==", shard),
        Filter("ingestedAt", ">=", period.since),
        Filter("ingestedAt", "<=", period.until),
    )
    return Query(COLLECTION, where, ("-ingestedAt",))


def _newest_first(store: Store, shard: int, period: Period) -> Iterator[Snapshot]:
    """Yield a shard's documents, a page at a time: a stream might send what nobody reads."""
    whole = _query(shard, period)
    query = Query(whole.collection, whole.where, whole.order_by, PAGE)
    while page := store.query(query):
        yield from page
        if len(page) < PAGE:
            return
        query = query.after(page[-1], PAGE)


def _take(
    store: Store,
    keys: Keys,
    champion: PolicyVersion,
    question: Question,
    epoch: int,
    page: list[Snapshot],
    reading: _Reading,
) -> None:
    """Add a page of documents to what is known; none is cut in two."""
    _learn_versions(store, keys, champion, page, reading.versions)
    rewards = store.get_many([Ref(REWARDS, found.ref.id) for found in page])
    arms = {arm: question.span.component_of(arm) for arm in question.champion}
    components = set(arms.values())
    for found, reward in zip(page, rewards, strict=True):
        if reading.is_full:
            return
        reading.documents += 1
        reading.oldest = found.data["ingestedAt"]
        of_epoch = reward is not None and reward.data["rewardEpoch"] == epoch
        scored = items_of(reward.data) if reward is not None and of_epoch else None
        names = item_ids(found.ref.id, found.data)
        for i, item in enumerate(items_of(found.data)):
            if item.get("component") not in components:
                continue
            why = _why_not(item, arms, reading.versions)
            if not why and scored is None:
                why = "unscored" if reward is None else "otherEpoch"
            if why or scored is None:
                reading.passed_over[why] += 1
            else:
                reading.rows.append(_row(found, names[i], item, scored[i]))


def _learn_versions(
    store: Store,
    keys: Keys,
    champion: PolicyVersion,
    page: list[Snapshot],
    known: dict[str, bool],
) -> None:
    """Find out which versions of a page behave as the champion, where that is not known yet."""
    served = {_version(item) for found in page for item in items_of(found.data)}
    new = served - set(known)
    alike = same_behaviour(store, keys, champion, new) if new else set()
    known |= {version: version in alike for version in new}


def _why_not(item: Mapping[str, Any], arms: Mapping[str, str], versions: Mapping[str, bool]) -> str:
    """Return why an observation is no draw of the champion's arms; empty where it is one."""
    if item.get("shadow"):
        return "shadow"
    if item.get("rolloutArm", CONTROL) != CONTROL:
        return "challenger"
    if not versions[_version(item)]:
        return "otherVersion"
    if "fallbackFrom" in item:
        return "fallback"
    if "arm" not in item or "propensity" not in item:
        return UNDRAWN
    return "" if arms.get(item["arm"]) == item["component"] else "otherArm"


def _version(item: Mapping[str, Any]) -> str:
    return str(item.get("policyVersion", UNVERSIONED))


def _row(found: Snapshot, name: str, item: Mapping[str, Any], reward: Mapping[str, Any]) -> Row:
    return Row(
        at=found.data["ingestedAt"],
        id=name,
        unit=item.get("unit", name),
        arm=item["arm"],
        propensity=float(item["propensity"]),
        reward=float(reward["score"]),
        weight=int(item.get("weight", 1)),
    )


def _chunk(rows: list[Row]) -> Chunk:
    return Chunk(
        unit=hashes_of(row.unit for row in rows),
        arm=np.array([row.arm for row in rows], dtype=np.str_),
        reward=np.array([row.reward for row in rows], dtype=np.float64),
        propensity=np.array([row.propensity for row in rows], dtype=np.float64),
        count=np.array([row.weight for row in rows], dtype=np.float64),
    )


def _told(reading: _Reading, left_out: int) -> LogRead:
    """Return what was read, with a hash for each hour in which rows came in."""
    hashes = defaultdict[str, Any](hashlib.sha256)
    rows = Counter[str]()
    for row in reading.rows:
        label = hour_label(row.at)
        hashes[label].update(row.text())
        rows[label] += 1
    return LogRead(
        documents=reading.documents,
        rows=len(reading.rows),
        since=reading.oldest,
        left_out=left_out,
        passed_over=dict(sorted(reading.passed_over.items())),
        hours={h: HourRead(rows=rows[h], data=hashes[h].hexdigest()) for h in sorted(rows)},
    )

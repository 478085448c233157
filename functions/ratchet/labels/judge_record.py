"""The record of each judge of an agent: its judgements of the window beside what people say."""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.kernel.each import Tell, each
from ratchet.labels.conflict import resolved_subjects
from ratchet.labels.judge_accuracy import Judged
from ratchet.labels.judgement import JUDGEMENTS, Judgement
from ratchet.labels.label import BAD, GOOD
from ratchet.labels.read import labels_of
from ratchet.store.named import naming
from ratchet.store.port import MAX_IN, Filter, Query, Store

# A machine's grade is no person's word.
MACHINES: Final = frozenset({"outcomes"})
# A score of this much, or more, says that the subject is good.
THRESHOLD: Final = 0.5
PAGE: Final = 10 * MAX_IN


class Truth(NamedTuple):
    """What people say of a subject: its class, whether that is good or bad, and how surely.

    `propensity` is the probability with which it was drawn to be asked about; NaN where it was not.
    """

    subject: int
    label: str
    good: str | None
    sure: float
    propensity: float


@dataclass
class JudgeRecord:
    """What one judge said of labelled subjects, in columns; `unlabelled` counts the others."""

    said: "array[int]" = field(default_factory=lambda: array("i"))
    label: "array[int]" = field(default_factory=lambda: array("i"))
    confidence: "array[float]" = field(default_factory=lambda: array("d"))
    sure: "array[float]" = field(default_factory=lambda: array("d"))
    age: "array[float]" = field(default_factory=lambda: array("d"))
    subject: "array[int]" = field(default_factory=lambda: array("i"))
    propensity: "array[float]" = field(default_factory=lambda: array("d"))
    versions: set[str] = field(default_factory=set)
    unlabelled: int = 0

    def judged(self, classes: int) -> Judged:
        """Return the columns as arrays."""
        return Judged(
            said=np.array(self.said, np.int64),
            label=np.array(self.label, np.int64),
            confidence=np.array(self.confidence, np.float64),
            sure=np.array(self.sure, np.float64),
            age=np.array(self.age, np.float64),
            subject=np.array(self.subject, np.int64),
            classes=classes,
            propensity=np.array(self.propensity, np.float64),
        )


def _no_records() -> defaultdict[str, JudgeRecord]:
    return defaultdict(JudgeRecord)


@dataclass
class Records:
    """The records of an agent's judges, its classes by name, and the labels that were used."""

    by_judge: defaultdict[str, JudgeRecord] = field(default_factory=_no_records)
    classes: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def add(self, judgement: Judgement, truth: Truth | None, now: datetime) -> None:
        """Add a judgement, and what people say of its subject where they say anything."""
        record = self.by_judge[judgement.judge]
        record.versions.add(judgement.judge_version)
        said, label = _pair(judgement, truth)
        if truth is None or said is None or label is None:
            record.unlabelled += 1
            return
        record.said.append(self._class(said))
        record.label.append(self._class(label))
        given = judgement.confidence
        record.confidence.append(float("nan") if given is None else given)
        record.sure.append(truth.sure)
        record.age.append((now - judgement.ts) / DAY)
        record.subject.append(truth.subject)
        record.propensity.append(truth.propensity)

    def _class(self, name: str) -> int:
        return self.classes.setdefault(name, len(self.classes))


def records_of(
    store: Store, agent: str, *, since: datetime, now: datetime, tell: Tell | None = None
) -> Records:
    """Return the records of an agent's judges from `since` until now.

    What cannot be read is told. It holds a few numbers for each judgement of a labelled subject,
    and one entry for each subject.
    """
    where = (Filter("agent", "==", agent), Filter("ts", ">=", since), Filter("ts", "<=", now))
    stored = store.stream(Query(JUDGEMENTS, where, ("ts",)))
    judgements = each(stored, naming(lambda s: Judgement.from_store(s.data)), tell)
    records, truths = Records(), dict[str, Truth | None]()
    for page in _pages(judgements):
        new = {one.subject: None for one in page if one.subject not in truths}
        truths |= new | _truths(store, agent, new, len(truths), records.used, tell)
        for judgement in page:
            records.add(judgement, truths[judgement.subject], now)
    return records


def _pages(judgements: Iterator[Judgement]) -> Iterator[list[Judgement]]:
    while page := list(islice(judgements, PAGE)):
        yield page


def _truths(
    store: Store,
    agent: str,
    subjects: Iterable[str],
    first: int,
    used: set[str],
    tell: Tell | None,
) -> dict[str, Truth | None]:
    """Return what people say of some subjects, numbered from `first` on; keep whose word it is."""
    given = labels_of(store, agent, subjects, tell=tell)
    human = [one for labels in given.values() for one in labels if one.source not in MACHINES]
    found: dict[str, Truth | None] = {}
    for subject, said in resolved_subjects(human).items():
        if said.confidence > 0:  # a label that is sure of nothing bears nothing out
            good = _good(said.label, said.value)
            drawn = math.nan if said.propensity is None else said.propensity
            sure = said.confidence / 100
            found[subject] = Truth(first + len(found), said.label, good, sure, drawn)
            used.update(said.keys)
    return found


def _good(label: str, value: float | None) -> str | None:
    """Return whether a label says good or bad, where it says either."""
    if label in (GOOD, BAD):
        return label
    return None if value is None else _of_score(value)


def _of_score(score: float) -> str:
    return GOOD if score >= THRESHOLD else BAD


def _pair(judgement: Judgement, truth: Truth | None) -> tuple[str | None, str | None]:
    """Return the classes to compare: a judge that gives scores alone says good or bad."""
    if judgement.label is not None:
        return judgement.label, truth.label if truth else None
    score = None if judgement.score is None else _of_score(judgement.score)
    return score, truth.good if truth else None

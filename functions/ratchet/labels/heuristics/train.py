"""Train: an agent's labels, joined with the features of what they are about, become a heuristic."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.labels.conflict import Resolved, resolved_subjects
from ratchet.labels.heuristics.build import build
from ratchet.labels.heuristics.feature import Features, features_of, found_in
from ratchet.labels.heuristics.fit_report import FitReport
from ratchet.labels.heuristics.samples import Row, Samples, samples_of
from ratchet.labels.heuristics.settings import AgentHeuristic, HeuristicSettings
from ratchet.labels.read import stream_labels
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.policies.heuristic import Heuristic
from ratchet.store.limits import check_id
from ratchet.store.port import Ref, Snapshot, Store

PAGE = 200
MOST = 20_000  # subjects of one model, the latest: they are held in memory
GONE, UNFIT, UNSURE = "document is gone", "features are unfit", "label is sure of nothing"
SPOILT = "document is no batch of observations"
BROKEN, OLD = "label cannot be read", f"label is older than those of the latest {MOST}"


class Trained(Model):
    """A heuristic, what its models promise, and the labels they learned from.

    `labels` are keys by the agent whose they are. `leftOut` counts, by reason, labelled subjects
    that nothing could be learned from. `seen` is the share of the others that had each feature.
    """

    policy: str
    heuristic: Heuristic
    reports: dict[str, FitReport]
    labels: dict[str, tuple[str, ...]]
    left_out: dict[str, int] = {}
    seen: dict[str, float] = {}
    since: datetime


class Lesson(NamedTuple):
    """What an agent's model is to learn from: the samples of each scorer, and whose labels."""

    agent: str
    wanted: AgentHeuristic
    samples: dict[str, Samples]
    labels: dict[str, tuple[str, ...]]
    left_out: dict[str, int]
    seen: dict[str, float]
    since: datetime


def train(
    store: Store, reader: ConfigReader, agent: str, *, now: datetime, seed: int = 0
) -> Trained:
    """Train an agent's heuristic on the labels of its window; equal labels give an equal one.

    Raises: NotFound where nothing is configured for the agent; InvalidInput with too few labels, of
    either class or at all, or without scikit-learn.
    """
    return train_on(gather(store, reader, agent, now=now), seed=seed)


def gather(store: Store, reader: ConfigReader, agent: str, *, now: datetime) -> Lesson:
    """Read the labels of an agent's window and the features of what they are about.

    Raises: NotFound where nothing is configured for the agent.
    """
    wanted = wanted_of(reader, agent)
    since = now - timedelta(days=wanted.window_days)
    samples: dict[str, Samples] = {}
    labels: dict[str, tuple[str, ...]] = {}
    left_out: Counter[str] = Counter()
    had: Counter[str] = Counter()
    n = 0
    for name, whose in wanted.agents(agent).items():
        stored = stream_labels(
            store, whose, since=since, until=now, tell=lambda _: left_out.update([BROKEN])
        )
        said = _latest(resolved_subjects(stored), left_out)
        rows = list(_rows(store, wanted, said, left_out))
        had.update(name for row in rows for name in row.raw)
        n += len(rows)
        samples[name] = samples_of(wanted.specs, rows)
        used = (key for row in rows for key in said[row.subject].keys)
        labels[whose] = tuple(sorted({*labels.get(whose, ()), *used}))
    seen = {feature: had[feature] / max(n, 1) for feature in sorted(wanted.specs)}
    return Lesson(agent, wanted, samples, labels, dict(left_out), seen, since)


def train_on(lesson: Lesson, *, seed: int) -> Trained:
    """Train a heuristic on what was gathered; the seed is that of its folds.

    Raises: InvalidInput with too few labels, of either class or at all, or without scikit-learn.
    """
    built = build(lesson.agent, lesson.wanted, lesson.samples, seed=seed)
    return Trained(
        policy=lesson.wanted.policy,
        heuristic=built.heuristic,
        reports=built.reports,
        labels=lesson.labels,
        left_out=lesson.left_out,
        seen=lesson.seen,
        since=lesson.since,
    )


def wanted_of(reader: ConfigReader, agent: str) -> AgentHeuristic:
    """Return what is configured for an agent.

    Raises: NotFound with the agents that there are.
    """
    agents = reader.read(HeuristicSettings).agents
    if agent not in agents:
        known = ", ".join(agents) or "none yet"
        raise NotFound(
            f"config/heuristics has nothing for {agent}, only for: {known}",
            field="agent",
            mend=f"ratchet config set heuristics, with an entry under agents.{agent}",
        )
    return agents[agent]


def _latest(said: Mapping[str, Resolved], left_out: Counter[str]) -> dict[str, Resolved]:
    ordered = sorted(said.items(), key=lambda pair: (pair[1].ts, pair[0]), reverse=True)
    if len(ordered) > MOST:
        left_out[OLD] += len(ordered) - MOST
    return dict(ordered[:MOST])


def _rows(
    store: Store, wanted: AgentHeuristic, said: Mapping[str, Resolved], left_out: Counter[str]
) -> Iterator[Row]:
    """Yield what can be learned from; the others are counted by reason."""
    subjects = iter(sorted(said))
    while page := list(islice(subjects, PAGE)):
        for subject, document in zip(page, _documents(store, said, page), strict=True):
            one = said[subject]
            if isinstance(document, str):
                left_out[document] += 1
            elif not one.confidence:
                left_out[UNSURE] += 1
            elif (raw := _raw(wanted.specs, document)) is None:
                left_out[UNFIT] += 1
            else:
                yield Row(subject, raw, _worth(wanted, one), one.confidence / 100, one.propensity)


def place_of(one: Resolved, subject: str) -> Ref | None:
    """Return what the features are in: an observation's document, unless a label names another.

    What a label names is a caller's word: None where it can be no document.

    >>> one = {"label": "good", "confidence": 1.0, "sources": ("gold",), "disputed": False,
    ...        "keys": ("gold~1",), "ts": 0}
    >>> str(place_of(Resolved.parse(one), "batch-1.4"))
    'ops_observations/batch-1'
    >>> str(place_of(Resolved.parse(one | {"featuresRef": "ops_runs/r.1"}), "batch-1.4"))
    'ops_runs/r.1'
    """
    collection, slash, name = (one.features_ref or "").partition("/")
    if not slash:
        collection, name = COLLECTION, one.features_ref or subject
    if collection == COLLECTION:
        name, _ = split_id(name)
    try:
        check_id(collection, name)
    except InvalidInput:
        return None
    return Ref(collection, name)


def _documents(
    store: Store, said: Mapping[str, Resolved], subjects: Sequence[str]
) -> Iterator[Mapping[str, Any] | str]:
    """Yield the observation, or the other document, of each subject, or why there is none."""
    refs = [place_of(said[subject], subject) for subject in subjects]
    wanted = list(dict.fromkeys(ref for ref in refs if ref is not None))
    items = {s.ref: _items(s) for s in store.get_many(wanted) if s is not None}
    for subject, ref in zip(subjects, refs, strict=True):
        found = items.get(ref) if ref is not None else None
        if found is None:
            yield GONE
        elif isinstance(found, str):
            yield found
        else:
            named = said[subject].features_ref or subject
            yield found.get(named.removeprefix(f"{COLLECTION}/"), GONE)


def _items(stored: Snapshot) -> Mapping[str, Mapping[str, Any]] | str:
    """Return the observations of a document by id, any other by its path, or why there are none."""
    if stored.ref.collection != COLLECTION:
        return {str(stored.ref): stored.data}
    try:
        return items_by_id(stored)
    except InvalidInput:
        return SPOILT


def _raw(specs: Features, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the features of a document; None where one has a type that is not its own."""
    raw = found_in(specs, document)
    try:
        features_of(specs, raw)
    except InvalidInput:
        return None
    return raw


def _worth(wanted: AgentHeuristic, one: Resolved) -> float:
    """Return what a label says: its class, or the value that a router learns where there is one."""
    if wanted.arms and one.value is not None:
        return one.value
    return float(one.label == wanted.positive)

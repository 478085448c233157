"""Read the frames of all agents: what came in of late, and what judges said of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain, islice
from typing import NamedTuple

from ratchet.kernel.each import Tell, each
from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.judgement import JUDGEMENTS, Judgement
from ratchet.labels.read import agents_labelled
from ratchet.labels.select.candidate import Candidate, Frame, candidate_of
from ratchet.labels.select.progress import Progress
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.observe.settings import shards_ever
from ratchet.store.named import naming
from ratchet.store.port import MAX_IN, Filter, Query, Ref, Snapshot, Store

OLD = 10_000
# Documents of a shard that a night looks back on, where what is new is too little for a draw.
EARLIER_DOCUMENTS = 200


class Word(NamedTuple):
    """What a judge said of a subject, in short."""

    judge: str
    label: str | None
    score: float | None
    confidence: float | None


class Came(NamedTuple):
    """A candidate of an agent, and when it came in."""

    agent: str
    at: datetime
    candidate: Candidate


@dataclass
class Frames:
    """One agent's candidates: new ones, which take part in their one draw, and those of before."""

    new: Frame = field(default_factory=Frame)
    old: Frame = field(default_factory=lambda: Frame(OLD))
    said: dict[str, list[Word]] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """The time that is looked back on, how far draws came before it, and whom it is about.

    It is about one `agent`, about `those`, or about all.
    """

    start: datetime
    until: datetime
    before: Progress
    agent: str | None = None
    those: frozenset[str] | None = None

    def since(self, agent: str) -> datetime:
        """Return the instant after which an agent's candidates are new."""
        return max(self.start, self.before.until(agent))

    def asks(self, agent: object) -> bool:
        """Say whether an agent is asked about."""
        named = isinstance(agent, str) and self.agent in (None, agent)
        return named and (self.those is None or agent in self.those)

    def begin(self) -> datetime:
        """Return where reading begins: of `those`, only what is new of any is read."""
        return min(map(self.since, self.those or ()), default=self.start)


def read_frames(store: Store, span: Span, tell: Tell, *, wanted: int = 0) -> dict[str, Frames]:
    """Return the candidates of each agent: observations, and whatever else judges judged.

    An agent without observations is found once it has labels or weights, or where it is named.
    Where `those` have fewer new ones than are wanted, some of before are read besides.
    """
    if span.those is not None and not span.those:
        return {}
    frames: dict[str, Frames] = defaultdict(Frames)
    seen: dict[str, set[str]] = defaultdict(set)
    came_in = _observed(store, span, tell)
    if span.those is not None:
        came_in = chain(came_in, _earlier(store, span, frames, wanted, tell))
    for agent, came, candidate in came_in:
        frame = frames[agent].new if came > span.since(agent) else frames[agent].old
        frame.add(candidate)
        seen[agent].add(candidate.subject)
    for agent in sorted({*frames, *_asked(store, span)}):
        said: dict[str, list[Word]] = defaultdict(list)
        for word in _judged(store, agent, span, tell):
            said[word.subject].append(Word(word.judge, word.label, word.score, word.confidence))
        for subject, first in _unobserved(store, agent, sorted(said.keys() - seen[agent])):
            frame = frames[agent].new if first > span.since(agent) else frames[agent].old
            frame.add(Candidate(subject, observed=False))
        if agent in frames:
            frames[agent].said.update(said)
    return frames


def _asked(store: Store, span: Span) -> set[str]:
    """Return the agents that are asked about though nothing of them was observed."""
    if span.agent is not None:
        return {span.agent}
    return set(known_agents(store) if span.those is None else span.those)


def known_agents(store: Store) -> frozenset[str]:
    """Return the agents that have labels, or judges with weights."""
    weighed = (s.data.get("agent") for s in store.stream(Query(JudgeWeight.collection)))
    named = (name for name in weighed if isinstance(name, str))
    return frozenset((*agents_labelled(store), *named))


def _observed(store: Store, span: Span, tell: Tell) -> Iterator[Came]:
    for shard in range(shards_ever(store)):
        where = (
            Filter("shard", "==", shard),
            Filter("ingestedAt", ">", span.begin()),
            Filter("ingestedAt", "<=", span.until),
        )
        stored = store.stream(Query(COLLECTION, where, ("ingestedAt",)))
        for came in each(stored, naming(partial(_came, span)), tell):
            yield from came


def _earlier(
    store: Store, span: Span, frames: Mapping[str, Frames], wanted: int, tell: Tell
) -> Iterator[Came]:
    """Yield the last candidates of before, once all that is new was read and is too little."""
    if all(a in frames and frames[a].new.seen >= wanted for a in span.those or ()):
        return
    for shard in range(shards_ever(store)):
        where = (
            Filter("shard", "==", shard),
            Filter("ingestedAt", ">", span.start),
            Filter("ingestedAt", "<=", span.begin()),
        )
        query = Query(COLLECTION, where, ("-ingestedAt",), EARLIER_DOCUMENTS)
        for came in each(store.query(query), naming(partial(_came, span)), tell):
            yield from came


def _came(span: Span, stored: Snapshot) -> list[Came]:
    """Return the candidates of one document, which may hold exposures alone."""
    return [
        Came(item["component"], stored.data["ingestedAt"], candidate_of(subject, item))
        for subject, item in items_by_id(stored).items()
        if span.asks(item.get("component"))
    ]


def _judged(store: Store, agent: str, span: Span, tell: Tell) -> Iterator[Judgement]:
    where = (Filter("agent", "==", agent), Filter("ts", ">=", span.start))
    stored = store.stream(Query(JUDGEMENTS, where, ("ts",)))
    found = each(stored, naming(lambda s: Judgement.from_store(s.data)), tell)
    return (word for word in found if word.recorded_at <= span.until)


def _unobserved(
    store: Store, agent: str, subjects: Iterable[str]
) -> Iterator[tuple[str, datetime]]:
    """Yield the subjects that are no observations, and when they were judged first."""
    rest = iter(subjects)
    while some := list(islice(rest, MAX_IN)):
        # An observation's id has no slash, another subject may have.
        refs = {s: Ref(COLLECTION, split_id(s)[0]) for s in some if "/" not in s}
        found = dict(zip(refs, store.get_many(list(refs.values())), strict=True))
        left = [s for s in some if found.get(s) is None]
        if not left:
            continue
        where = (Filter("agent", "==", agent), Filter("subject", "in", left))
        first: dict[str, datetime] = {}
        for said in store.query(Query(JUDGEMENTS, where)):
            subject, at = said.data["subject"], said.data["recordedAt"]
            first[subject] = min(at, first.get(subject, at))
        yield from sorted(first.items())

"""Read labels: those of some subjects, those of a time, those of everything that has any."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import NoReturn

from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.labels.conflict import Resolved, resolved
from ratchet.labels.label import LABELS, Label
from ratchet.labels.label_stats import LabelStats
from ratchet.store.named import naming
from ratchet.store.port import MAX_IN, Filter, Query, Ref, Snapshot, Store


class Wanted(Model):
    """Which labels to list; what is absent is not asked."""

    agent: str | None = None
    subject: str | None = None
    source: str | None = None
    since: datetime | None = None
    withdrawn: bool = False

    def matches(self, label: Label) -> bool:
        """Say whether one label is wanted."""
        asked = ((self.subject, label.subject), (self.source, label.source))
        named = all(want is None or want == has for want, has in asked)
        return named and (self.withdrawn or label.stands)


class Shown(Model):
    """One label, the others of its subject, and what they come to; nothing where none stands."""

    label: Label
    others: tuple[Label, ...] = ()
    resolved: Resolved | None = None


def labels_of(
    store: Store, agent: str, subjects: Iterable[str], *, tell: Tell | None = None
) -> dict[str, list[Label]]:
    """Return the labels that stand of some subjects of an agent, by subject.

    One that cannot be read is told, and left out. Raises: InvalidInput where nobody is told.
    """
    found: defaultdict[str, list[Label]] = defaultdict(list)
    for label in _of(store, agent, subjects, tell):
        if label.stands:
            found[label.subject].append(label)
    return dict(found)


def stream_labels(
    store: Store,
    agent: str,
    *,
    since: datetime,
    until: datetime | None = None,
    tell: Tell | None = None,
) -> Iterator[Label]:
    """Yield the labels of an agent that stand, by when they were said, from `since` on.

    One that cannot be read is told, and left out. Raises: InvalidInput where nobody is told.
    """
    where = [Filter("agent", "==", agent), Filter("ts", ">=", since)]
    if until is not None:
        where.append(Filter("ts", "<", until))
    stored = store.stream(Query(LABELS, tuple(where), ("ts",)))
    return (label for label in each(stored, _load, tell) if label.stands)


def agents_labelled(store: Store) -> list[str]:
    """Return the agents that have labels, in order; a document of theirs may be broken."""
    stored = store.stream(Query(LabelStats.collection))
    found = (s.data.get("agent") for s in stored if s.data.get("total", 0))
    return sorted(agent for agent in found if isinstance(agent, str))


def list_labels(
    store: Store, wanted: Wanted, *, limit: int, tell: Tell | None = None
) -> list[Label]:
    """Return up to `limit` labels, the latest first.

    One that cannot be read is told, and left out. Raises: InvalidInput where nobody is told.
    """
    where = [Filter("agent", "==", wanted.agent)] if wanted.agent else []
    if wanted.since is not None:
        where.append(Filter("ts", ">=", wanted.since))
    stored = store.stream(Query(LABELS, tuple(where), ("-ts",)))
    return list(islice(filter(wanted.matches, each(stored, _load, tell)), limit))


def show_label(store: Store, key: str, *, tell: Tell | None = None) -> Shown:
    """Return one label with the others of its subject.

    Another that cannot be read is told, and left out. Raises: NotFound, InvalidInput.
    """
    stored = store.get(Ref(LABELS, key))
    label = _load(stored) if stored else missing_label(key)
    given = list(_of(store, label.agent, [label.subject], tell))
    return Shown(
        label=label,
        others=tuple(one for one in given if one.key() != label.key()),
        resolved=resolved(given) if any(one.stands for one in given) else None,
    )


def missing_label(key: str) -> NoReturn:
    """Say that there is no label of a key.

    Raises: NotFound.
    """
    raise NotFound(
        f"there is no label {key}", field="id", mend="ratchet labels list, or GET /v1/labels"
    )


def _of(store: Store, agent: str, subjects: Iterable[str], tell: Tell | None) -> Iterator[Label]:
    """Yield every label of some subjects, withdrawn ones too."""
    wanted = iter(dict.fromkeys(subjects))
    while some := list(islice(wanted, MAX_IN)):
        where = (Filter("agent", "==", agent), Filter("subject", "in", some))
        yield from each(store.query(Query(LABELS, where)), _load, tell)


def _load(stored: Snapshot) -> Label:
    return naming(lambda found: Label.from_store(found.data))(stored)

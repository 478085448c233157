"""Which candidates are not asked about: those labelled, those asked, and near copies of these."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from ratchet.kernel.each import Tell
from ratchet.labels.read import labels_of, stream_labels
from ratchet.labels.review_item import REVIEW_QUEUE
from ratchet.labels.select.candidate import Candidate, text_of
from ratchet.labels.select.copies import Signature, groups, signature
from ratchet.stats.moments import Ints
from ratchet.store.port import Filter, Query, Store


def still_open(
    store: Store, agent: str, candidates: Sequence[Candidate], *, since: datetime, tell: Tell
) -> tuple[list[Candidate], Ints]:
    """Return the candidates that nobody labelled or was asked about, and their groups of copies.

    What is no observation may have been labelled long ago, and is looked up by name.
    """
    labelled = {label.subject for label in stream_labels(store, agent, since=since, tell=tell)}
    named = [c.subject for c in candidates if not c.observed]
    labelled |= set(labels_of(store, agent, named, tell=tell)) if named else set()
    asked, signatures = _asked(store, agent)
    left = [c for c in candidates if c.subject not in labelled and c.subject not in asked]
    group = _groups(left, signatures)
    free = [i for i in range(len(left)) if group[i] >= 0]
    return [left[i] for i in free], group[free]


def _asked(store: Store, agent: str) -> tuple[set[str], list[Signature]]:
    """Return the subjects of the queue, and the signatures of what was shown and not dropped."""
    subjects, signatures = set(), []
    where = (Filter("agent", "==", agent), Filter("kind", "==", "label"))
    for found in store.stream(Query(REVIEW_QUEUE, where)):
        if isinstance(subject := found.data.get("subject"), str):
            subjects.add(subject)
        text = text_of(_meta(found.data.get("shown")))
        if text and found.data.get("state") != "dropped":
            signatures.append(signature(text))
    return subjects, signatures


def _meta(shown: Any) -> Any:
    return shown.get("meta") if isinstance(shown, dict) else None


def _groups(candidates: Sequence[Candidate], asked: Sequence[Signature]) -> Ints:
    """Return each candidate's group, -1 for copies of what was asked; no text, no copies."""
    own = [(i, c.signature) for i, c in enumerate(candidates) if c.signature is not None]
    found = groups([*asked, *(s for _, s in own)])
    first = len(asked)
    group = np.arange(len(candidates))
    for (i, _), leader in zip(own, found[first:].tolist(), strict=True):
        group[i] = own[leader - first][0] if leader >= first else -1
    return group

"""Review: people are asked about what is in doubt, and the next build reads what they answered.

A question is of the kind `dataset`, its subject the example's id: the answer is a label on the
example, which the collector reads too, so that a person vouches for it from then on. Shown are
redacted words and what was done, no scores: whoever sees them agrees with them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from ratchet.datasets.curate.score import Decision, Scored, misses
from ratchet.datasets.example import Content, Example, Step
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.prepared import Prepared
from ratchet.govern.config import ConfigReader
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound, NotWhole
from ratchet.kernel.ids import join_key
from ratchet.labels.conflict import resolved
from ratchet.labels.label import BAD, GOOD, LABELS, Label
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.review_item import REVIEW_QUEUE, ReviewItem
from ratchet.labels.settings import ReviewSettings
from ratchet.observe.grade import REVIEW
from ratchet.store.blobs import Blobs
from ratchet.store.named import naming
from ratchet.store.port import MAX_IN, Filter, Query, Ref, Store

ASKED_BY = "build_datasets"
KIND: Final = "dataset"
SHOWN_CHARACTERS, SHOWN_STEPS = 1500, 6
_SAID: dict[str, Decision] = {GOOD: "ACCEPT", BAD: "REJECT"}

Doubtful = tuple[Prepared, Scored]


def ask_about(
    store: Store,
    blobs: Blobs,
    doubtful: Sequence[Doubtful],
    *,
    reader: ConfigReader,
    now: datetime,
) -> int:
    """Ask people about examples in doubt, the best first; returns how many are asked anew.

    At most `nightly` of `config/review` are asked about each component at once. Who was asked about
    before, whatever became of it, is not asked about again.
    """
    settings, bounds = reader.read(ReviewSettings), reader.read(DatasetSettings)
    until = now + timedelta(days=settings.keep_days)
    by_component: defaultdict[str, list[Doubtful]] = defaultdict(list)
    for one in sorted(doubtful, key=lambda one: (-one[1].composite, one[1].id)):
        by_component[one[0].example.component].append(one)
    asked = 0
    for _, some in sorted(by_component.items()):
        added = 0
        for start in range(0, len(some), MAX_IN):
            if added < settings.nightly:
                new = _unasked(store, some[start : start + MAX_IN])[: settings.nightly - added]
                items = (_question(blobs, one, bounds, now, until) for one in new)
                added += enqueue(store, [item for item in items if item], now=now)
        asked += added
    return asked


def review_answers(store: Store, examples: Iterable[Example], *, tell: Tell) -> dict[str, Decision]:
    """Return what people answered of examples, by id: what is good is taken, what is bad is not.

    It reads what reviewers ever said of the examples' components, the latest first, and nothing
    else. A label that cannot be read is told, and left out.
    """
    wanted = {(one.component, one.id) for one in examples}
    said: defaultdict[str, list[Label]] = defaultdict(list)
    for agent in sorted({component for component, _ in wanted}):
        where = (Filter("agent", "==", agent), Filter("source", "==", REVIEW))
        stored = store.stream(Query(LABELS, where, ("-ts",)))
        for label in each(stored, naming(lambda found: Label.from_store(found.data)), tell):
            if label.stands and (label.agent, label.subject) in wanted:
                said[label.subject].append(label)
    words = {name: resolved(labels).label for name, labels in said.items()}
    return {name: _SAID[word] for name, word in words.items() if word in _SAID}


def _unasked(store: Store, doubtful: Sequence[Doubtful]) -> list[Doubtful]:
    """Return those that nobody was asked about."""
    keys = (join_key(KIND, p.example.component, p.example.id) for p, _ in doubtful)
    found = store.get_many([Ref(REVIEW_QUEUE, key) for key in keys])
    return [one for one, there in zip(doubtful, found, strict=True) if there is None]


def _question(
    blobs: Blobs, one: Doubtful, bounds: DatasetSettings, now: datetime, until: datetime
) -> ReviewItem | None:
    """Return the question about an example; none where its words are gone, which `verify` tells."""
    prepared, scored = one
    try:
        content = Content.model_validate_json(blobs.get(prepared.content))
    except (NotFound, NotWhole):
        return None
    example = prepared.example
    return ReviewItem(
        kind=KIND,
        agent=example.component,
        subject=example.id,
        question="Should it be learned from?",
        shown=_shown(example, content),
        priority=round(scored.composite / 100, 6),
        reason="out of its bound: " + ", ".join(misses(example, scored.outlier, bounds)),
        fingerprint=prepared.normal,
        enqueued_by=ASKED_BY,
        enqueued_at=now,
        expire_at=until,
    )


def _shown(example: Example, content: Content) -> dict[str, object]:
    """Return what a reviewer sees: the beginning of each redacted text, and the kind of task."""
    return {
        "input": _excerpt(content.input),
        "output": _excerpt(content.output),
        "steps": [_told(step) for step in content.steps[-SHOWN_STEPS:]],
        "domain": example.domain,
        "taskType": example.task_type,
    }


def _told(step: Step) -> str:
    return _excerpt(f"{step.kind} {step.name or step.role}: {step.text}")


def _excerpt(text: str) -> str:
    whole = len(text) <= SHOWN_CHARACTERS
    return text if whole else f"{text[:SHOWN_CHARACTERS]} [{len(text) - SHOWN_CHARACTERS} more]"

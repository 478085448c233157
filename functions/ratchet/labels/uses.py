"""Uses: who learned from which labels, so that a withdrawn one is known wherever it went.

A user of labels is `weights:AGENT`, the weights of an agent's judges, or `version:POLICY@VERSION`,
a draft that was trained. Its labels are kept in parts, sorted, and what it is in a document of its
own, which a withdrawal marks.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, TypeVar

from ratchet.govern.alerts import Alert, alert, counted, find_alert
from ratchet.kernel.clock import DAY
from ratchet.kernel.document import Document, Instant
from ratchet.kernel.each import each
from ratchet.kernel.ids import join_key
from ratchet.labels.judge_weight import JUDGE_WEIGHTS, JudgeWeight, weight_of
from ratchet.labels.label import LABELS
from ratchet.labels.label_stats import LabelStats, stats_ref
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.transact import Transaction

LABEL_USES = "ops_label_uses"
# A key has up to 1500 bytes, and a document holds a megabyte.
PART = 600  # labels of one part
MARKS = 600  # withdrawn labels that a mark names
WEIGHTS = "weights:"
Marked = TypeVar("Marked", "LabelUser", JudgeWeight)
_COMMANDS = {
    "weights": "ratchet judges weights --update --agent {agent}",
    "version": "ratchet heuristics train {agent} --draft --reason ...",
}


class LabelUser(Document):
    """Something that learned from an agent's labels; `withdrawn` are those withdrawn since."""

    collection: ClassVar[str] = LABEL_USES

    user: str
    agent: str
    labels: int
    parts: int
    at: Instant
    withdrawn: tuple[str, ...] = ()

    def key(self) -> str:
        """Return user and agent."""
        return join_key(self.user, self.agent)


class LabelUse(Document):
    """A part of the labels that a user learned from, by key, in order."""

    collection: ClassVar[str] = LABEL_USES

    user: str
    agent: str
    part: int
    first: str
    keys: tuple[str, ...]

    def key(self) -> str:
        """Return user, agent and part."""
        return _part_key(self.user, self.agent, self.part)


def record_use(
    store: Store, user: str, agent: str, label_ids: Iterable[str], now: datetime
) -> LabelUser:
    """Keep which labels something learned from, in place of those of its last time.

    It is called after what learned from them was written: what was withdrawn in the day before is
    marked at once, since the learner may have read it earlier. `label_ids` are keys of labels.
    """
    keys = sorted(set(label_ids))
    ref = Ref(LABEL_USES, join_key(user, agent))
    last = store.get(ref)
    parts = range(0, len(keys), PART)
    for part, start in enumerate(parts):
        held = tuple(keys[start : start + PART])
        use = LabelUse(user=user, agent=agent, part=part, first=held[0], keys=held)
        store.set(Ref(LABEL_USES, use.key()), use.to_map())
    for part in range(len(parts), int(last.data["parts"]) if last else 0):
        store.delete(Ref(LABEL_USES, _part_key(user, agent, part)))
    new = LabelUser(user=user, agent=agent, labels=len(keys), parts=len(parts), at=now)
    known = frozenset(keys)

    def body(tx: Transaction) -> LabelUser:
        # Read first: a withdrawal writes the statistics too, so one of the two runs again.
        stats = tx.find(LabelStats, stats_ref(agent).id) or LabelStats(agent=agent, updated_at=now)
        recent = Filter("withdrawnAt", ">=", now - DAY)
        found = tx.query(Query(LABELS, (Filter("agent", "==", agent), recent), ("withdrawnAt",)))
        gone = tuple(sorted(known & {one.ref.id for one in found}))
        tx.find(LabelUser, new.key())
        marks = _marks(tx, [new], gone, now) if gone else []
        tx.put(stats.model_copy(update={"uses": stats.uses + 1}))
        head = new.model_copy(update={"withdrawn": gone[:MARKS]})
        for document in (*marks, head):
            tx.put(document)
        return head

    return store.transact(body)


def mark_users(tx: Transaction, agent: str, key: str, now: datetime) -> list[Document]:
    """Return the documents of what learned from a label, marked; the caller writes them.

    It only reads, so that the caller may read on after it. The statistics come first: whoever
    records a use writes them too, and then this runs again.
    """
    tx.find(LabelStats, stats_ref(agent).id)
    where = (Filter("agent", "==", agent), Filter("first", "<=", key))
    found = tx.query(Query(LABEL_USES, where, ("first",)))
    users = {use.data["user"] for use in found if key in use.data["keys"]}
    heads = [tx.find(LabelUser, join_key(user, agent)) for user in sorted(users)]
    known = [head for head in heads if head is not None]
    marked = [_with(head, (key,)) for head in known]
    return [*marked, *_marks(tx, known, (key,), now)]


def _marks(
    tx: Transaction, users: list[LabelUser], gone: tuple[str, ...], now: datetime
) -> list[Document]:
    """Return the alert of each user, and the weights of judges among them, marked."""
    documents: list[Document] = []
    for user in users:
        about = _alert(user, gone, now)
        documents.append(counted(find_alert(tx, about), about))
        if user.user.startswith(WEIGHTS):
            where = (Filter("agent", "==", user.agent),)
            stored = tx.query(Query(JUDGE_WEIGHTS, where))
            weights = each(stored, weight_of, lambda error: None)
            documents += [_with(weight, gone) for weight in weights]
    return documents


def _with(document: Marked, gone: tuple[str, ...]) -> Marked:
    named = sorted({*document.withdrawn, *gone})[:MARKS]
    return document.model_copy(update={"withdrawn": tuple(named)})


def _alert(user: LabelUser, gone: tuple[str, ...], now: datetime) -> Alert:
    kind, _, name = user.user.partition(":")
    what = f"the judges' weights of {name}" if user.user.startswith(WEIGHTS) else name
    return alert(
        "label-withdrawn",
        user.user,
        "warning",
        f"{what} rests on labels that were withdrawn since: {', '.join(gone[:3])}",
        now=now,
        command=_COMMANDS.get(kind, "ratchet labels list").format(agent=user.agent),
        evidence={"agent": user.agent, "labels": list(gone[:MARKS]), "of": user.labels},
    )


def _part_key(user: str, agent: str, part: int) -> str:
    return join_key(user, agent, f"{part:05d}")

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
WEIGHTS, VERSION = "weights:", "version:"
WITHDRAWN = "label-withdrawn"
NAMED = 20  # labels that an alert's text names
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
    marked at once, since the learner may have read it earlier. Without any, the alert that asked
    to learn anew is done, and those of the policy's other versions. `label_ids` are keys of labels.
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
        head = new.model_copy(update={"withdrawn": gone[:MARKS]})
        marks = _marks(tx, [head], gone, now) if gone else []
        done = [] if gone else _done(tx, head)
        tx.put(stats.model_copy(update={"uses": stats.uses + 1}))
        for document in (*marks, head):
            tx.put(document)
        for ref in done:
            tx.delete(ref)
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
    return [*marked, *_marks(tx, marked, (key,), now)]


def withdrawn_of(store: Store, user: str) -> tuple[str, ...]:
    """Return the labels that a user learned from and that were withdrawn since."""
    found = store.query(Query(LABEL_USES, (Filter("user", "==", user),)))
    return tuple(sorted({key for one in found for key in one.data.get("withdrawn", ())}))


def _done(tx: Transaction, head: LabelUser) -> list[Ref]:
    """Return the alerts that are done when something learned from labels that all stand."""
    users = {head.user}
    if head.user.startswith(VERSION):
        like = head.user.partition("@")[0] + "@"
        found = tx.query(Query(LABEL_USES, (Filter("agent", "==", head.agent),)))
        users |= {s.data["user"] for s in found if s.data["user"].startswith(like)}
    refs = [Ref(Alert.collection, join_key(WITHDRAWN, user)) for user in sorted(users)]
    return [ref for ref, there in zip(refs, tx.fetch(refs), strict=True) if there is not None]


def _marks(
    tx: Transaction, users: list[LabelUser], gone: tuple[str, ...], now: datetime
) -> list[Document]:
    """Return the alert of each marked user, and the weights of judges among them, marked."""
    documents: list[Document] = []
    for user in users:
        about = _alert(user, now)
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


def _alert(user: LabelUser, now: datetime) -> Alert:
    kind, _, name = user.user.partition(":")
    what = f"the judges' weights of {name} rest" if kind == "weights" else f"{name} rests"
    gone = user.withdrawn
    labels = "1 label" if len(gone) == 1 else f"{len(gone)} labels"
    more = f", and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    return alert(
        WITHDRAWN,
        user.user,
        "warning",
        f"{what} on {labels} withdrawn since: {', '.join(gone[:NAMED])}{more}",
        now=now,
        command=_COMMANDS.get(kind, "ratchet labels list").format(agent=user.agent),
        evidence={"agent": user.agent, "labels": list(gone), "of": user.labels},
    )


def _part_key(user: str, agent: str, part: int) -> str:
    return join_key(user, agent, f"{part:05d}")

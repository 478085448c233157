"""Gold sets: labels that are taken as the truth, kept line by line for the feed to load."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints

from ratchet.govern.roles import Actor, require_admin
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.labels.label import Class, Confidence, Subject
from ratchet.labels.word import FeaturesRef, Labeller, Word, check_word
from ratchet.labels.write import CHUNK, withdrawn_among
from ratchet.observe.observation import Name, Rejection, Share
from ratchet.store.limits import MAX_NAME
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

GOLD = "ops_gold"
SOURCE = "gold"  # of the labels that the feed makes of lines
MAX_LINES = 100_000
SetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
LineKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SentGold(Word):
    """A line of a gold set as it is sent; without a key its agent and subject are it."""

    key: LineKey | None = None


class GoldLine(Document):
    """One line of a gold set; the same key again replaces it."""

    collection: ClassVar[str] = GOLD

    gold_set: SetName
    line: str
    agent: Name
    subject: Subject
    label: Class
    value: Share | None = None
    confidence: Confidence
    labeller: Labeller
    ts: Instant
    taken_at: Instant
    features_ref: FeaturesRef | None = None

    def key(self) -> str:
        """Return set and key of the line."""
        return join_key(self.gold_set, self.line)

    @property
    def source_id(self) -> str:
        """What its label is called under the source `gold`."""
        return f"{self.gold_set}/{self.line}"


class GoldTaken(Model):
    """The answer: how many lines the set was sent with, and how many were new or changed.

    `withdrawn` are lines whose labels were withdrawn: they are not taken, since no word of theirs
    counts. Under another key, or in another set, they are.
    """

    gold_set: str
    lines: int
    changed: int
    withdrawn: int = 0


def take_gold(
    store: Store, gold_set: str, lines: Sequence[Any], *, actor: Actor, now: datetime
) -> GoldTaken:
    """Keep the lines of a gold set; all are checked first, and a wrong one keeps all out.

    The daily load makes labels of them; the same lines again change nothing.

    Raises: Forbidden, InvalidInput that names the first wrong line.
    """
    require_admin(actor, "take_gold")
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            f"{len(lines)} lines: a gold set takes 1 to {MAX_LINES} at once",
            field="lines",
            mend="split the file" if lines else "name a file with lines",
        )
    checked = [_line(raw, i, gold_set, actor, now) for i, raw in enumerate(lines)]
    wrong = [line for line in (*checked, *_contradicted(checked)) if isinstance(line, Rejection)]
    if wrong:
        first, more = wrong[0], f", and {len(wrong) - 1} lines more" if len(wrong) > 1 else ""
        raise InvalidInput(
            f"line {first.index + 1}: {first.field}: {first.reason}{more}",
            field=f"line {first.index + 1}.{first.field}",
            mend="mend the line and send the file again: nothing of it was stored",
        )
    good = [line for line in checked if isinstance(line, GoldLine)]
    chunks = (good[start : start + CHUNK] for start in range(0, len(good), CHUNK))
    written = [_write(store, chunk) for chunk in chunks]
    return GoldTaken(
        gold_set=gold_set,
        lines=len(good),
        changed=sum(changed for changed, _ in written),
        withdrawn=sum(gone for _, gone in written),
    )


def _contradicted(checked: Sequence[GoldLine | Rejection]) -> Iterator[Rejection]:
    """Yield the lines that name another class of a subject than a line before: one is wrong."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for index, line in enumerate(checked):
        if isinstance(line, GoldLine):
            at, label = first.setdefault((line.agent, line.subject), (index, line.label))
            if label != line.label:
                reason = f"{line.subject} is {line.label} here, and {label} in line {at + 1}"
                yield Rejection(index=index, field="label", reason=reason)


def _line(raw: Any, index: int, gold_set: str, actor: Actor, now: datetime) -> GoldLine | Rejection:
    sent = check_word(SentGold, raw, index, now=now)
    if isinstance(sent, Rejection):
        return sent
    said = sent.said()
    line = GoldLine.parse(
        {
            "goldSet": gold_set,
            "line": sent.key or f"{sent.agent} {sent.subject}",
            "agent": sent.agent,
            "subject": sent.subject,
            "label": said.label,
            "value": said.value,
            "confidence": said.confidence,
            "labeller": sent.labeller or actor.name[:120],
            "ts": sent.ts or now,
            "takenAt": now,
            "featuresRef": sent.features_ref,
        }
    )
    if len(line.key()) > MAX_NAME:  # escaped, a character may take twelve
        return Rejection(index=index, field="key", reason="too long for a document's id")
    return line


def _write(store: Store, chunk: list[GoldLine]) -> tuple[int, int]:
    """Write the lines of one chunk that say something new, but not those that were withdrawn."""

    def body(tx: Transaction) -> tuple[int, int]:
        tx.fetch([Ref(GOLD, line.key()) for line in chunk])
        labels = {line.key(): join_key(SOURCE, line.source_id) for line in chunk}
        gone = withdrawn_among(tx, labels.values())
        last = {line.key(): line for line in chunk}  # of a key that stands twice, the last line
        known = {key: tx.find(GoldLine, key) for key in last}
        lines = [_after(line, known[key]) for key, line in last.items()]
        standing = [line for line in lines if labels[line.key()] not in gone]
        changed = [line for line in standing if _is_news(line, known[line.key()])]
        for line in changed:
            tx.put(line)
        return len(changed), len(lines) - len(standing)

    return store.transact(body, self_checking=True)


def _after(line: GoldLine, known: GoldLine | None) -> GoldLine:
    """Return a line no older than the one that it replaces: the latest word makes the label."""
    return (
        line if known is None or line.ts >= known.ts else line.model_copy(update={"ts": known.ts})
    )


def _is_news(line: GoldLine, known: GoldLine | None) -> bool:
    """Say whether a line differs from what is known, by more than when it was sent."""
    if known is None:
        return True
    told = line if line.ts != line.taken_at else line.model_copy(update={"ts": known.ts})
    return told.model_copy(update={"taken_at": known.taken_at}) != known

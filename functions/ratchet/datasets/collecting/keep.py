"""Keep: what was taken is written in one transaction: examples, and letters of what is dead.

Words lie in the blobs before an example names them; a transaction that runs again puts them again,
which changes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, NamedTuple, TypeVar

from ratchet.datasets.collecting.taking import Taken, Worded, Work
from ratchet.datasets.collecting.trace import DeadSample, DeadTrace
from ratchet.datasets.example import EXAMPLES, Content, Example, Redaction
from ratchet.datasets.protect.redact import REDACTION, redact, redact_text
from ratchet.datasets.versions.fence import fence_in, put_taken
from ratchet.kernel.document import Document, Listed, Model
from ratchet.kernel.errors import InvalidInput, RatchetError, TooLarge
from ratchet.labels.label import Label
from ratchet.store.blobs import AT_ONCE
from ratchet.store.port import Ref, Snapshot
from ratchet.store.transact import Transaction

D = TypeVar("D", bound=Document)
LEAST = 10  # traces that a batch must have for its share of malformed ones to say anything
LONGEST = 500  # characters of what a dead letter tells
SAMPLES = 10  # of what is dead that are told where the source stops
# Of an example that is told anew: where it is found, and that it was withdrawn.
_STAYS = ("shard", "collected_at", "withdrawn_at", "withdrawn_by", "withdrawn_reason")


class Kept(Model):
    """What became of what was read: new or changed, known before, withdrawn, dead by its code.

    `samples` are up to ten of the dead, redacted.
    """

    read: int = 0
    collected: int = 0
    known: int = 0
    withdrawn: int = 0
    dead: dict[str, int] = {}
    samples: Annotated[tuple[DeadSample, ...], Listed] = ()

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            read=self.read + other.read,
            collected=self.collected + other.collected,
            known=self.known + other.known,
            withdrawn=self.withdrawn + other.withdrawn,
            dead=dict(Counter(self.dead) + Counter(other.dead)),
            samples=(self.samples + other.samples)[:SAMPLES],
        )

    def is_rotten(self, max_share: float) -> bool:
        """Say whether too much of what was not known before is dead."""
        dead = sum(self.dead.values())
        fresh = dead + self.collected
        return fresh >= LEAST and dead > max_share * fresh


class _Before(NamedTuple):
    """What there is of one thing: its example, and its dead letter; broken by hand, none."""

    example: Example | None
    dead: DeadTrace | None
    buried: bool


class _Change(NamedTuple):
    """What is to be done about one thing; `known` where that is nothing."""

    taken: Taken
    before: _Before
    known: bool


def keep(work: Work, taken: Sequence[Taken], *, max_share: float | None = None) -> Kept:
    """Write what was taken, and return what became of it.

    Where over `max_share` of a batch is malformed nothing is written: the caller asks the answer
    whether it `is_rotten`.

    Raises: Conflict, Unavailable, InvalidInput where redaction lacks its packages.
    """
    redactions: dict[str, Redaction] = {}

    def body(tx: Transaction) -> Kept:
        changes = _changes(work, taken, _before(tx, taken))
        kept = _kept(changes)
        if max_share is not None and kept.is_rotten(max_share):
            return kept
        fresh = [change for change in changes if not change.known]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = list(pool.map(lambda change: _document(work, change, redactions), fresh))
        ended = [
            c for c in changes if c.before.buried and not isinstance(c.taken.outcome, RatchetError)
        ]
        if kept.withdrawn:
            put_taken(tx, fence_in(tx))
        for document in done:
            tx.put(document)
        for change in ended:
            tx.delete(Ref(DeadTrace.collection, change.taken.key))
        return kept

    try:
        return work.store.transact(body, self_checking=True)
    except TooLarge:  # many long lineages at once: fewer fit
        if len(taken) == 1:
            raise
        half = len(taken) // 2
        return keep(work, taken[:half]) + keep(work, taken[half:])


def _before(tx: Transaction, taken: Sequence[Taken]) -> list[_Before]:
    examples = [Ref(EXAMPLES, one.example_id) for one in taken]
    letters = [Ref(DeadTrace.collection, one.key) for one in taken]
    found = tx.fetch([*examples, *letters])
    return [
        _Before(_parsed(Example, example), _parsed(DeadTrace, letter), letter is not None)
        for example, letter in zip(found[: len(taken)], found[len(taken) :], strict=True)
    ]


def _parsed(kind: type[D], found: Snapshot | None) -> D | None:
    """Return a document as it was; one that was broken by hand is written anew."""
    try:
        return kind.from_store(found.data) if found else None
    except InvalidInput:
        return None


def _changes(work: Work, taken: Sequence[Taken], before: Sequence[_Before]) -> list[_Change]:
    return [
        _Change(one, stood, _is_known(work, one, stood))
        for one, stood in zip(taken, before, strict=True)
    ]


def _is_known(work: Work, taken: Taken, before: _Before) -> bool:
    """Say whether there is nothing new in something."""
    new = taken.outcome
    if isinstance(new, RatchetError):
        letter, dead = _letter(work, taken, new, before.dead), before.dead
        told = {"attempts", "first_at", "last_at", "expire_at"}
        same = dead is not None and letter.model_dump(exclude=told) == dead.model_dump(exclude=told)
        return same and not work.replaying
    if isinstance(new, Label):
        return before.example is None or before.example.withdrawn_at is not None
    if before.example is None or not _is_redacted(new.example, before.example):
        return False
    merged = _merged(new.example, before.example)
    again = {"changed_at", "expire_at"}
    return merged.model_dump(exclude=again) == before.example.model_dump(exclude=again)


def _is_redacted(new: Example, before: Example) -> bool:
    """Say whether the words are those of before, redacted as they would be now."""
    redacted = before.redaction
    return new.content == before.content and redacted is not None and redacted.version == REDACTION


def _merged(new: Example, before: Example) -> Example:
    """Return an example as it is told anew; one that was withdrawn stays so."""
    kept = {name: getattr(before, name) for name in _STAYS}
    kept["redaction"] = before.redaction if _is_redacted(new, before) else None
    kept["expire_at"] = max(new.expire_at, before.expire_at)
    return new.model_copy(update=kept)


def _kept(changes: Sequence[_Change]) -> Kept:
    fresh = [change.taken.outcome for change in changes if not change.known]
    dead = [one.taken for one in changes if _is_dead(one)]
    return Kept(
        read=len(changes),
        collected=sum(isinstance(one, Worded) for one in fresh),
        known=len(changes) - len(fresh),
        withdrawn=sum(isinstance(one, Label) for one in fresh),
        dead=dict(Counter(one.code for one in fresh if isinstance(one, RatchetError))),
        samples=tuple(_sample(one) for one in dead[:SAMPLES]),
    )


def _is_dead(change: _Change) -> bool:
    return isinstance(change.taken.outcome, RatchetError) and not change.known


def _sample(taken: Taken) -> DeadSample:
    error = taken.outcome
    assert isinstance(error, RatchetError)  # of what is dead alone
    field, why = _told(error.field), _told(error.message)
    return DeadSample(id=_told(taken.key), code=error.code, field=field, why=why)


def _document(work: Work, change: _Change, redactions: dict[str, Redaction]) -> Document:
    """Return what is written of one thing; its words are in the blobs then."""
    new, before = change.taken.outcome, change.before
    if isinstance(new, RatchetError):
        return _letter(work, change.taken, new, before.dead)
    if isinstance(new, Label):
        return _withdrawn(work, new, before)
    example = _merged(new.example, before.example) if before.example else new.example
    if example.redaction is not None:
        return example
    if example.content not in redactions:
        work.blobs.put(new.words)
        redactions[example.content] = _redaction(work, new.content)
    return example.model_copy(update={"redaction": redactions[example.content]})


def _redaction(work: Work, content: Content) -> Redaction:
    left = redact(content)
    address = work.blobs.put(left.content.to_bytes())
    return Redaction(version=REDACTION, content=address, counts=left.counts)


def _withdrawn(work: Work, label: Label, before: _Before) -> Example:
    """Return the example of a label that was withdrawn, withdrawn with it."""
    assert before.example is not None  # else there is nothing to withdraw, and it is known
    told = {
        "withdrawn_at": label.withdrawn_at or work.now,
        "withdrawn_by": label.withdrawn_by or "",
        "withdrawn_reason": label.withdrawn_reason or "",
        "changed_at": work.now,
    }
    return before.example.model_copy(update=told)


def _letter(work: Work, taken: Taken, error: RatchetError, before: DeadTrace | None) -> DeadTrace:
    return DeadTrace(
        source=taken.gathered.source,
        source_id=taken.gathered.source_id,
        code=error.code,
        field=_told(error.field),
        message=_told(error.message),
        mend=_told(error.mend),
        raw=taken.gathered.raw,
        attempts=before.attempts + 1 if before else 1,
        first_at=before.first_at if before else work.now,
        last_at=work.now,
        expire_at=work.now + work.settings.retention,
    )


def _told(text: str) -> str:
    """Return a text as a document holds it: short, with nothing private or half a character."""
    return redact_text(text)[:LONGEST].encode(errors="replace").decode()

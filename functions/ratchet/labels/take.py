"""Take labels from outside: each of a batch is checked by itself, the good ones are stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import StringConstraints

from ratchet.govern.roles import Actor, require_admin
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.labels.conflict import RANKS
from ratchet.labels.label import LABELS, Label
from ratchet.labels.word import Word, check_word
from ratchet.labels.write import CHUNK, withdrawn_among, write_labels
from ratchet.observe.grade import RESERVED
from ratchet.observe.observation import MAX_BATCH, Name, Rejection
from ratchet.store.limits import MAX_NAME
from ratchet.store.named import naming
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import Transaction

# What the feeds, the review queue and the judges write; nobody else speaks in their name.
OWN = frozenset({*RANKS, *RESERVED})


class SentLabel(Word):
    """A label as a caller sends it; one stands for each pair of source and source id."""

    source: Name
    source_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Checked(NamedTuple):
    """A label that may be taken, its place among the items, and whether its time was told."""

    place: int
    label: Label
    timed: bool


class LabelsTaken(Model):
    """The answer: how many were taken, how many of them changed nothing, which were refused.

    `withdrawn` of those taken are of pairs that were withdrawn, and change nothing: another source
    id says it anew.
    """

    accepted: int
    duplicate: int
    withdrawn: int = 0
    rejected: tuple[Rejection, ...] = ()


def take_labels(store: Store, payload: Any, *, actor: Actor, now: datetime) -> LabelsTaken:
    """Take one label, a list, or `{"labels": [...]}`; who sends it labels, unless it says who.

    The same again changes nothing, with or without a time; a later word of a pair replaces it.

    Raises: Forbidden; InvalidInput, InvalidBatch when every item is refused.
    """
    require_admin(actor, "take_labels")
    raw = _items(payload)
    checked = [_checked(item, i, actor, now) for i, item in enumerate(raw)]
    refused = [item for item in checked if isinstance(item, Rejection)]
    good = [item for item in checked if not isinstance(item, Rejection)]
    changed = withdrawn = 0
    for start in range(0, len(good), CHUNK):
        written, gone, spoiled = _written(store, good[start : start + CHUNK])
        changed, withdrawn = changed + written, withdrawn + gone
        refused += spoiled
    rejected = tuple(sorted(refused, key=lambda item: item.index))
    if len(rejected) == len(raw):
        if isinstance(payload, Mapping) and "labels" not in payload:
            first = rejected[0]
            raise InvalidInput(
                f"label: {first.field}: {first.reason}", field=first.field, mend="mend that field"
            )
        raise InvalidBatch("all labels were refused", rejected=rejected, field="labels")
    accepted = len(raw) - len(rejected)
    again = accepted - changed - withdrawn
    return LabelsTaken(accepted=accepted, duplicate=again, withdrawn=withdrawn, rejected=rejected)


def _items(payload: Any) -> list[Any]:
    raw = payload
    if isinstance(payload, Mapping):
        raw = payload.get("labels", [payload])
        extra = set(payload) - {"labels"} if "labels" in payload else set()
        if extra:
            name = min(map(str, extra))
            raise InvalidInput(f"unknown field {name}", field=name, mend="take it out")
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MAX_BATCH:
        raise InvalidInput(
            f"labels wants 1 to {MAX_BATCH} items",
            field="labels",
            mend=f"send an array of 1 to {MAX_BATCH}, the rest in others",
        )
    return list(raw)


def _checked(raw: Any, index: int, actor: Actor, now: datetime) -> _Checked | Rejection:
    """Return a label and whether its time was told, or why it is not taken."""
    sent = check_word(SentLabel, raw, index, now=now)
    if isinstance(sent, Rejection):
        return sent
    if sent.source in OWN:
        reason = f"{sent.source!r} is Ratchet's own: name another source"
        return Rejection(index=index, field="source", reason=reason)
    said = sent.said()
    label = Label(
        agent=sent.agent,
        subject=sent.subject,
        label=said.label,
        value=said.value,
        confidence=said.confidence,
        source=sent.source,
        source_id=sent.source_id,
        labeller=sent.labeller or actor.name[:120],
        ts=sent.ts or now,
        loaded_at=now,
        features_ref=sent.features_ref,
    )
    if len(label.key()) > MAX_NAME:  # escaped, a character may take twelve
        return Rejection(index=index, field="sourceId", reason="too long for a document's id")
    return _Checked(index, label, sent.ts is not None)


def _written(store: Store, chunk: Sequence[_Checked]) -> tuple[int, int, list[Rejection]]:
    """Write a chunk; what keeps the rest of it from being written is found, and refused."""
    try:
        return *_write(store, chunk), []
    except InvalidInput as error:
        if len(chunk) == 1:
            reason = f"what is stored of it is broken: {error.message}"
            return 0, 0, [Rejection(index=chunk[0].place, field=error.field, reason=reason)]
    half = len(chunk) // 2
    first, second = _written(store, chunk[:half]), _written(store, chunk[half:])
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def _write(store: Store, chunk: Sequence[_Checked]) -> tuple[int, int]:
    """Write a chunk; returns how many changed something, and how many are of withdrawn pairs."""

    def body(tx: Transaction) -> tuple[int, int]:
        keys = [sent.label.key() for sent in chunk]
        gone = withdrawn_among(tx, keys)
        stored = tx.fetch([Ref(LABELS, key) for key in keys])
        labels = [_timed(sent, found) for sent, found in zip(chunk, stored, strict=True)]
        return write_labels(tx, labels), sum(key in gone for key in keys)

    return store.transact(body, self_checking=True)


def _timed(sent: _Checked, stored: Snapshot | None) -> Label:
    """Return the label; sent again without a time it keeps the one that it has."""
    label = sent.label
    if sent.timed or stored is None:
        return label
    known = naming(lambda found: Label.from_store(found.data))(stored)
    again = label.model_copy(update={"ts": known.ts, "loaded_at": known.loaded_at})
    return again if again == known else label

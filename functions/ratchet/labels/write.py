"""Write labels and their statistics inside a caller's transaction."""

from collections.abc import Iterable, Sequence

from ratchet.labels.label import LABELS, Label
from ratchet.labels.label_stats import LabelStats, stats_ref
from ratchet.store.named import naming
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

CHUNK = 200  # labels of one transaction
_LABEL = naming(lambda stored: Label.from_store(stored.data))
_STATS = naming(lambda stored: LabelStats.from_store(stored.data))


def write_labels(tx: Transaction, labels: Sequence[Label]) -> int:
    """Write labels and the statistics that count them; returns how many are new or changed.

    One label stands for each pair of source and source id: the latest word. An earlier word
    changes nothing, nor does the same again, nor any word of a pair that was withdrawn. It reads,
    and then writes: a caller writes after it, and reads all that it needs before.

    Raises: InvalidInput where a stored label or statistics do not parse.
    """
    refs = [Ref(LABELS, label.key()) for label in labels]
    stored = {ref: found for ref, found in zip(refs, tx.fetch(refs), strict=True) if found}
    before = {ref.id: _LABEL(found) for ref, found in stored.items()}
    after = dict(before)
    for label in labels:
        known = after.get(label.key())
        if known is None or _replaces(label, known):
            after[label.key()] = label
    changed = [label for key, label in after.items() if label != before.get(key)]
    put_labels(tx, [(before.get(label.key()), label) for label in changed])
    return len(changed)


def withdrawn_among(tx: Transaction, pairs: Iterable[str]) -> frozenset[str]:
    """Return those pairs of source and source id, as keys, that were withdrawn for good.

    No later word of theirs counts. It only reads.
    """
    found = tx.fetch([Ref(LABELS, key) for key in dict.fromkeys(pairs)])
    return frozenset(s.ref.id for s in found if s is not None and not _LABEL(s).stands)


def put_labels(tx: Transaction, changes: Sequence[tuple[Label | None, Label]]) -> None:
    """Write labels, each with what was there before it, and count them: one less, one more."""
    agents = {label.agent for pair in changes for label in pair if label is not None}
    found = tx.fetch([stats_ref(agent) for agent in sorted(agents)])
    counted = [None if one is None else _STATS(one) for one in found]
    stats = dict(zip(sorted(agents), counted, strict=True))
    for before, label in changes:
        if before is not None:
            stats[before.agent] = _counted(stats[before.agent], before, -1)
        stats[label.agent] = _counted(stats[label.agent], label, 1)
        tx.put(label)
    for new in stats.values():
        if new is not None:
            tx.put(new)


def _replaces(label: Label, known: Label) -> bool:
    same = label.model_copy(update={"loaded_at": known.loaded_at}) == known
    return known.stands and label.ts >= known.ts and not same


def _counted(stats: LabelStats | None, label: Label, sign: int) -> LabelStats:
    found = stats or LabelStats(agent=label.agent, updated_at=label.loaded_at)
    return found.with_label(label, sign)

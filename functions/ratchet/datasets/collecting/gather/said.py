"""What people and judges said of some subjects, read at once, component by component."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ratchet.labels.label import Label
from ratchet.labels.read import labels_of
from ratchet.store.port import Store

MAX_GRADES = 100  # labels of one example, the latest: an example is one document


def said_of(
    store: Store, wanted: Iterable[tuple[str, Sequence[str]]]
) -> dict[tuple[str, str], list[Label]]:
    """Return the labels that stand, by component and subject; a broken one is left out.

    Whoever loads or lists labels tells of those that cannot be read.
    """
    subjects: defaultdict[str, list[str]] = defaultdict(list)
    for component, named in wanted:
        subjects[component] += named
    found: dict[tuple[str, str], list[Label]] = {}
    for component, named in sorted(subjects.items()):
        for subject, labels in labels_of(store, component, named, tell=_told_by_labels).items():
            latest = sorted(labels, key=lambda label: (label.ts, label.key()))[-MAX_GRADES:]
            found[component, subject] = latest
    return found


def _told_by_labels(error: Exception) -> None:
    """Leave it out: loading and listing labels tell of it."""

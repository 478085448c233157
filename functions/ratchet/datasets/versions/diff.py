"""Diff: what one version of a dataset has that another has not, and why it is gone."""

from collections import Counter
from collections.abc import Mapping

from ratchet.datasets.versions.load import entries_of, left_out_of, load_version
from ratchet.datasets.versions.version import DatasetVersion, Entry
from ratchet.kernel.document import Model
from ratchet.kernel.keys import Keys
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store

GONE = "gone"  # the later version did not read it: it expired, or the collector dropped it


class Removed(Model):
    """An example that the later version has not, and the reason for which it was left out."""

    id: str
    reason: str


class Moved(Model):
    """An example that lies in another split; between versions of one dataset there is none."""

    id: str
    was: str
    now: str


class DatasetDiff(Model):
    """What differs between two versions; `reasons` counts the removed by reason."""

    was: str
    now: str
    added: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    same: int = 0
    reasons: dict[str, int] = {}
    spec: bool = False
    codes: bool = False


def diff_versions(store: Store, blobs: Blobs, keys: Keys, was: str, now: str) -> DatasetDiff:
    """Return what differs between two versions, of one dataset or of two.

    Raises: NotFound, BadSignature, NotWhole.
    """
    old, new = load_version(store, keys, was), load_version(store, keys, now)
    before, after = _by_id(blobs, old), _by_id(blobs, new)
    removed = _removed(before, after, left_out_of(blobs, new))
    both = sorted(before.keys() & after.keys())
    changed = [key for key in both if before[key].content != after[key].content]
    return DatasetDiff(
        was=was,
        now=now,
        added=tuple(sorted(after.keys() - before.keys())),
        removed=removed,
        changed=tuple(changed),
        moved=tuple(
            Moved(id=key, was=before[key].split, now=after[key].split)
            for key in both
            if before[key].split != after[key].split
        ),
        same=len(both) - len(changed),
        reasons=dict(sorted(Counter(one.reason for one in removed).items())),
        spec=old.spec != new.spec,
        codes=old.codes != new.codes,
    )


def _by_id(blobs: Blobs, version: DatasetVersion) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries_of(blobs, version)}


def _removed(
    before: Mapping[str, Entry], after: Mapping[str, Entry], reasons: Mapping[str, str]
) -> tuple[Removed, ...]:
    gone = sorted(before.keys() - after.keys())
    return tuple(Removed(id=key, reason=reasons.get(key, GONE)) for key in gone)

"""Load a version: signed as it was written, its entries, its words, and why the rest is not in it.

Words come from chunks one at a time, so that memory does not grow with the version.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from ratchet.datasets.example import Content
from ratchet.datasets.versions.chunks import read_chunk
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.manifest import read_left_out, read_manifest
from ratchet.datasets.versions.version import (
    DATASETS,
    DatasetHead,
    DatasetVersion,
    Entry,
    LeftOut,
    Split,
    dataset_key,
    dataset_stream,
)
from ratchet.kernel.canonical import sign, signed_by
from ratchet.kernel.errors import BadSignature, InvalidInput, NotFound, NotWhole
from ratchet.kernel.keys import Keys
from ratchet.policies.version import SemVer
from ratchet.store.blobs import Blobs, address_of
from ratchet.store.port import Filter, Query, Ref, Store


class Item(NamedTuple):
    """One example of a version: its entry, and its words as they were redacted."""

    entry: Entry
    content: Content


def signed(keys: Keys, version: DatasetVersion) -> DatasetVersion:
    """Return a version with its signature."""
    return version.model_copy(update={"signature": sign(keys.signing, _part(version.to_map()))})


def _part(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in stored.items() if k != "signature"}


def load_version(store: Store, keys: Keys, key: str) -> DatasetVersion:
    """Return the version under a key like `default@1.0.0`.

    Raises: NotFound, BadSignature where it is not what was signed.
    """
    found = store.get(Ref(DATASETS, key))
    if found is None:
        raise NotFound(f"there is no version {key}", field="version", mend="ratchet dataset show")
    return checked_version(keys, key, found.data)


def checked_version(keys: Keys, key: str, stored: Mapping[str, Any]) -> DatasetVersion:
    """Return the version of a stored map.

    Raises: BadSignature.
    """
    signature = str(stored.get("signature", ""))
    named = dataset_key(str(stored.get("dataset")), str(stored.get("version")))
    try:
        whole = signature.isascii() and signed_by(keys.signing, _part(stored), signature)
    except InvalidInput:
        whole = False
    if not whole or named != key:
        raise BadSignature(
            f"{key} is not what was signed",
            field="signature",
            mend=f"restore {DATASETS}/{key} from a backup",
        )
    return DatasetVersion.from_store(stored)


def load_head(store: Store, dataset: str) -> DatasetHead | None:
    """Return the head of a dataset, None where it has no version yet."""
    found = store.get(Ref(DatasetHead.collection, dataset_stream(dataset)))
    return DatasetHead.from_store(found.data) if found else None


def latest_version(store: Store, keys: Keys, dataset: str) -> DatasetVersion | None:
    """Return the latest version of a dataset, None where it has none yet.

    Raises: NotFound, BadSignature.
    """
    head = load_head(store, dataset)
    if head is None or head.latest is None:
        return None
    return load_version(store, keys, dataset_key(dataset, head.latest))


def list_versions(store: Store, keys: Keys, dataset: str) -> list[DatasetVersion]:
    """Return the versions of a dataset, oldest first.

    Raises: BadSignature.
    """
    query = Query(DATASETS, (Filter("dataset", "==", dataset),))
    found = [checked_version(keys, s.ref.id, s.data) for s in store.query(query)]
    return sorted(found, key=lambda version: SemVer.of(version.version))


def entries_of(blobs: Blobs, version: DatasetVersion) -> Iterator[Entry]:
    """Yield what is in a version, by split and id.

    Raises: NotWhole.
    """
    with _part_of(version):
        return read_manifest(blobs.get(version.manifest))


def left_out_of(blobs: Blobs, version: DatasetVersion) -> dict[str, LeftOut]:
    """Return why each example that was read is not in a version.

    Raises: NotWhole.
    """
    with _part_of(version):
        return read_left_out(blobs.get(version.left_out_list))


def ledger_of(blobs: Blobs, version: DatasetVersion | None) -> Ledger:
    """Return the ledger of a version; an empty one where there is no version.

    Raises: NotWhole.
    """
    if version is None:
        return Ledger.of()
    with _part_of(version):
        return Ledger.from_bytes(blobs.get(version.ledger))


def examples_of(
    blobs: Blobs, version: DatasetVersion, split: Split | None = None
) -> Iterator[Item]:
    """Yield the examples of a version, or of one split, in the manifest's order.

    Raises: NotWhole for a chunk or an example that is gone, or not what its hash says.
    """
    entries = (e for e in entries_of(blobs, version) if split in (None, e.split))
    for chunk in version.chunks:
        if split not in (None, chunk.split):
            continue
        with _part_of(version):
            rows = read_chunk(blobs, chunk)
        for name, content in rows:
            entry = next(entries, None)
            if entry is None or entry.id != name or entry.content != address_of(content):
                raise torn(version)
            yield Item(entry, Content.model_validate_json(content))
    if next(entries, None) is not None:
        raise torn(version)


@contextmanager
def _part_of(version: DatasetVersion) -> Iterator[None]:
    """Say of a blob that is gone which version it is of."""
    try:
        yield
    except NotFound as error:
        raise NotWhole(
            f"{version.key()}: {error.message}", field="version", mend=error.mend
        ) from error


def torn(version: DatasetVersion) -> NotWhole:
    """Return the error of a version whose chunks and manifest do not agree."""
    return NotWhole(
        f"{version.key()}: its chunks do not hold what its manifest says",
        field="chunks",
        mend=f"ratchet dataset verify {version.key()} names what is wrong",
    )

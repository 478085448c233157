"""Blobs: bytes that are put come back, and can be removed."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, ok, warning
from ratchet.store.blobs import Blobs
from ratchet.store.folder_blobs import FolderBlobs
from ratchet.store.no_blobs import NoBlobs

_PROBE = b"ratchet doctor was here: this may be deleted"


def check(case: Case) -> Iterator[Finding]:
    """Put, get and delete a probe; what is wrong is raised with its mend."""
    blobs = case.app.blobs
    if isinstance(blobs, NoBlobs):
        told = "no place for blobs is named: no datasets are built, and observations expire unkept"
        yield warning(told, "set RATCHET_BLOBS to gs://BUCKET/PREFIX")
    elif isinstance(blobs, FolderBlobs) and not blobs.path.exists():
        yield ok(f"{blobs.path} is made when the first blob is put")
    else:
        _probe(blobs)
        yield ok("a blob that is put comes back, and can be removed")


def _probe(blobs: Blobs) -> None:
    address = blobs.put(_PROBE)
    blobs.get(address)
    blobs.delete(address)

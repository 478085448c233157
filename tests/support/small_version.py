"""A dataset's version with a few examples, written without a build."""

from collections.abc import Mapping

from ratchet.datasets.dedupe.normal import normal_hash
from ratchet.datasets.example import Content
from ratchet.datasets.versions.chunks import write_chunks
from ratchet.datasets.versions.ledger import Ledger, Line
from ratchet.datasets.versions.load import signed
from ratchet.datasets.versions.manifest import left_out_bytes, manifest_bytes, manifest_order
from ratchet.datasets.versions.version import (
    DatasetHead,
    DatasetVersion,
    Entry,
    Split,
    dataset_stream,
)
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store
from tests.support.curated import id_of
from tests.support.governed import KEYS, NOON

NONE = {"examples": 0, "tokens": 0, "diversity": 0.0, "machineShare": 0.0}
COUNTS = ("splits", "domains", "taskTypes", "bands", "strata", "sources", "quality", "redactions")
CODES = ("filter", "redaction", "dedupe", "curation", "split")


def said(name: str) -> Content:
    """Return words that are like no other example's."""
    return Content(input=f"What is {id_of(name)}?", output=f"It is {id_of(name)[::-1]}.")


def small_version(
    store: Store,
    blobs: Blobs,
    examples: Mapping[str, Split],
    *,
    dataset: str = "default",
    number: str = "1.0.0",
) -> DatasetVersion:
    """Write a version whose examples, by name, lie in these splits."""
    entries = sorted((_entry(blobs, n, s) for n, s in examples.items()), key=manifest_order)
    lines = [
        Line(id_of(n), n, normal_hash(said(n)), id_of(n), s, "qa/easy") for n, s in examples.items()
    ]
    version = DatasetVersion.parse(
        {
            "dataset": dataset,
            "version": number,
            "hash": id_of(number),
            "manifest": blobs.put(manifest_bytes(entries)),
            "ledger": blobs.put(Ledger.of(lines).to_bytes()),
            "leftOutList": blobs.put(left_out_bytes({})),
            "chunks": write_chunks(blobs, entries),
            "codes": dict.fromkeys(CODES, "1"),
            "spec": {},
            "read": len(entries),
            "leftOut": {},
            "statistics": NONE | {name: {} for name in COUNTS},
            "createdAt": NOON,
            "createdBy": "test",
        }
    )
    version = signed(KEYS, version)
    head = DatasetHead(id=dataset_stream(dataset), latest=number, hash=version.hash)
    for document in (version, head):
        store.set(Ref(document.collection, document.key()), document.to_map())
    return version


def _entry(blobs: Blobs, name: str, split: Split) -> Entry:
    return Entry(
        id=id_of(name),
        content=blobs.put(said(name).to_bytes()),
        split=split,
        group=id_of(name),
        domain="qa",
        task_type="single_step",
        band="easy",
        quality=90.0,
        tokens=10,
        source="runs",
        source_id=name,
    )

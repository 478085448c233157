"""Draft: the document of a version that was assembled, once its lists are in blobs."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from ratchet.datasets.curate import CURATION
from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.filter import FILTER
from ratchet.datasets.protect.redact import REDACTION
from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.datasets.versions.assemble import Assembly
from ratchet.datasets.versions.manifest import left_out_bytes, manifest_bytes
from ratchet.datasets.versions.split import SPLIT
from ratchet.datasets.versions.version import Chunk, Codes, DatasetVersion
from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import canonical, content_hash
from ratchet.policies.version import SemVer
from ratchet.store.blobs import Blobs

FIRST = SemVer(1, 0, 0)
UNHASHED = "0" * 64


class Lists(NamedTuple):
    """The blobs of a version's lists."""

    manifest: str
    left_out: str
    ledger: str


def put_lists(blobs: Blobs, assembly: Assembly) -> Lists:
    """Put what a version holds, what it does not, and its ledger."""
    return Lists(
        blobs.put(manifest_bytes(assembly.entries)),
        blobs.put(left_out_bytes(assembly.left_out)),
        blobs.put(assembly.ledger.to_bytes()),
    )


def present_codes(settings: DatasetSettings) -> Codes:
    """Return the versions of the present code; what is near depends on the bound, too."""
    return Codes(
        filter=FILTER,
        redaction=REDACTION,
        dedupe=f"{DEDUPE}@{settings.near_duplicate:g}",
        curation=CURATION,
        split=SPLIT,
    )


def near_bound(codes: Codes) -> float:
    """Return the Jaccard from which on two were near duplicates when a version was made."""
    return float(codes.dedupe.rpartition("@")[2])


def is_same(parent: DatasetVersion, spec: DatasetSpec, codes: Codes, lists: Lists) -> bool:
    """Say whether a version would hold what its parent does, by the same rules."""
    return parent.manifest == lists.manifest and has_rules(parent, spec, codes)


def has_rules(parent: DatasetVersion, spec: DatasetSpec, codes: Codes) -> bool:
    """Say whether a version was made by this spec and code."""
    return parent.codes == codes and canonical(parent.spec) == canonical(spec.to_map())


def next_version(parent: DatasetVersion | None, spec: DatasetSpec, codes: Codes) -> str:
    """Return the number after a parent's: a patch, or a minor where spec or code are others."""
    if parent is None:
        return str(FIRST)
    was = SemVer.of(parent.version)
    if has_rules(parent, spec, codes):
        return str(was.bump())
    return str(SemVer(was.major, was.minor + 1, 0))


def draft_version(
    dataset: str,
    parent: DatasetVersion | None,
    spec: DatasetSpec,
    codes: Codes,
    assembly: Assembly,
    lists: Lists,
    chunks: tuple[Chunk, ...],
    index: tuple[str, ...],
    *,
    actor: Actor,
    now: datetime,
) -> DatasetVersion:
    """Return a version, unsigned."""
    drafted = DatasetVersion(
        dataset=dataset,
        version=next_version(parent, spec, codes),
        parent=parent.version if parent else None,
        hash=UNHASHED,
        manifest=lists.manifest,
        ledger=lists.ledger,
        left_out_list=lists.left_out,
        index=index,
        chunks=chunks,
        codes=codes,
        spec=spec.to_map(),
        read=len(assembly.entries) + len(assembly.left_out),
        left_out=dict(sorted(Counter(assembly.left_out.values()).items())),
        statistics=assembly.statistics,
        created_at=now,
        created_by=actor.name,
    )
    whole = version_hash(drafted, parent.hash if parent else None)
    return drafted.model_copy(update={"hash": whole})


def version_hash(version: DatasetVersion, parent_hash: str | None) -> str:
    """Return the hash that a version's content has."""
    return content_hash(
        {
            "dataset": version.dataset,
            "parent": parent_hash,
            "spec": version.spec,
            "codes": version.codes.to_map(),
            "manifest": version.manifest,
            "leftOut": version.left_out_list,
        }
    )

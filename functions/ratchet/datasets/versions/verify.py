"""Verify a version: all that its document names is there, whole, and agrees with the rest."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from ratchet.datasets.dedupe.near import signature_of
from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.example import Content
from ratchet.datasets.guard.guarded_set import Probe
from ratchet.datasets.guard.overlap import Guarded, guarded_of
from ratchet.datasets.versions.chunks import read_chunk
from ratchet.datasets.versions.draft import near_bound, version_hash
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.load import load_version
from ratchet.datasets.versions.manifest import manifest_order, read_left_out, read_manifest
from ratchet.datasets.versions.version import Chunk, DatasetVersion, Entry, dataset_key
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, NotWhole
from ratchet.kernel.keys import Keys
from ratchet.store.blobs import Blobs, address_of
from ratchet.store.port import Store

SHOWN = 100  # faults: of a version that is wholly wrong, so many say enough


class Fault(Model):
    """One thing that is wrong with a version: where it is, and how it should be."""

    where: str
    text: str


class Verified(Model):
    """What a verification found; `valid` is whether it found no fault, `more` are not shown.

    `golden` are examples it trains on that a golden set holds, or nearly, which was frozen later:
    the version is whole, and should no longer be trained on. `measured` are those of its other
    splits: no fault, and in no later version.
    """

    version: str
    hash: str
    examples: int = 0
    valid: bool
    faults: tuple[Fault, ...] = ()
    golden: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    more: int = 0


def verify_version(store: Store, blobs: Blobs, keys: Keys, key: str) -> Verified:
    """Read all of a version, and name what is not as it was written.

    Raises: NotFound, BadSignature where the document itself is not what was signed.
    """
    version = load_version(store, keys, key)
    look = _Look(blobs, version)
    entries = look.entries()
    look.check_document(_parent_hash(store, keys, version), entries)
    look.check_splits(entries)
    golden = Guarded(golden=guarded_of(store, blobs, keys, version.dataset).golden)
    held = sorted(look.check_words(entries, golden, near_bound(version.codes)))
    trained = {entry.id for entry in entries if entry.split == "train"}
    return Verified(
        version=key,
        hash=version.hash,
        examples=len(entries),
        valid=not look.faults,
        faults=tuple(look.faults[:SHOWN]),
        more=max(0, len(look.faults) - SHOWN),
        golden=tuple(one for one in held if one in trained),
        measured=tuple(one for one in held if one not in trained),
    )


def _parent_hash(store: Store, keys: Keys, version: DatasetVersion) -> str | None:
    if version.parent is None:
        return None
    return load_version(store, keys, dataset_key(version.dataset, version.parent)).hash


class _Look:
    """One look at a version, and the faults that it found."""

    def __init__(self, blobs: Blobs, version: DatasetVersion) -> None:
        self._blobs = blobs
        self._version = version
        self.faults: list[Fault] = []

    def _fault(self, where: str, text: str) -> None:
        self.faults.append(Fault(where=where, text=text))

    def _blob(self, where: str, address: str) -> bytes:
        """Return the bytes of a list, or none with a fault."""
        try:
            data = self._blobs.get(address)
        except (NotFound, NotWhole) as error:
            self._fault(where, error.message)
            return b""
        if address_of(data) != address:
            self._fault(where, f"the blob {address} is not what its address says")
            return b""
        return data

    def entries(self) -> list[Entry]:
        """Return the entries of the manifest."""
        return list(read_manifest(self._blob("manifest", self._version.manifest)))

    def check_document(self, parent: str | None, entries: Sequence[Entry]) -> None:
        """Hold the document's hash and counts against its lists."""
        version = self._version
        if version_hash(version, parent) != version.hash:
            self._fault("hash", "it is not that of what the version names")
        left_out = read_left_out(self._blob("leftOutList", version.left_out_list))
        pairs = (
            ("leftOut", dict(Counter(left_out.values())), version.left_out),
            ("read", len(entries) + len(left_out), version.read),
            ("statistics.examples", len(entries), version.statistics.examples),
            ("chunks", sum(chunk.count for chunk in version.chunks), len(entries)),
            (
                "manifest",
                len({e.id for e in entries} | left_out.keys()),
                len(entries) + len(left_out),
            ),
        )
        for where, found, told in pairs:
            if found != told:
                self._fault(where, f"{found} are there, and {told} are told")
        if list(entries) != sorted(entries, key=manifest_order):
            self._fault("manifest", "its lines are not in order")

    def check_splits(self, entries: Sequence[Entry]) -> None:
        """Hold each entry against the ledger, and each group against itself."""
        ledger = Ledger.from_bytes(self._blob("ledger", self._version.ledger))
        groups: defaultdict[str, set[str]] = defaultdict(set)
        tasks: defaultdict[str, set[str]] = defaultdict(set)
        for entry in entries:
            groups[entry.group].add(entry.split)
            line = ledger.lines.get(entry.id)
            if line is None or (line.group, line.split) != (entry.group, entry.split):
                self._fault(entry.id, f"the ledger has it not in {entry.split}")
            else:
                tasks[line.task].add(entry.split)
        for what, found in (("group", groups), ("task", tasks)):
            for name, splits in sorted(found.items()):
                if len(splits) > 1:
                    self._fault(name, f"this {what} straddles {' and '.join(sorted(splits))}")

    def check_words(
        self, entries: Sequence[Entry], golden: Guarded, threshold: float
    ) -> Iterator[str]:
        """Hold every example's words against its hash; yields those that a golden set holds."""
        rest = iter(entries)
        for number, chunk in enumerate(self._version.chunks):
            probes: list[Probe] = []
            texts: dict[str, str] = {}
            rows = self._chunk(number, chunk)
            if not rows:  # a fault of its own, and none of each example in it
                list(islice(rest, chunk.count))
            for name, words in rows:
                entry = next(rest, None)
                if entry is None or (entry.id, entry.split) != (name, chunk.split):
                    self._fault(f"chunks.{number}", f"{name} is not where the manifest has it")
                elif entry.content != address_of(words):
                    self._fault(name, "its words are not what its hash says")
                elif golden.golden:
                    content = Content.model_validate_json(words)
                    texts[name] = normal_text(content)
                    probe = Probe(name, normal_hash(content), signature_of(texts[name]))
                    probes.append(probe)
            yield from golden.overlaps(probes, texts.__getitem__, threshold)

    def _chunk(self, number: int, chunk: Chunk) -> list[tuple[str, bytes]]:
        where = f"chunks.{number}"
        if not self._blob(where, chunk.sha256):
            return []
        rows = list(read_chunk(self._blobs, chunk))
        if len(rows) != chunk.count:
            self._fault(where, f"{len(rows)} examples are there, and {chunk.count} are told")
        return rows

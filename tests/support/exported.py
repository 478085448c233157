"""A version as a build leaves it, small and with contents of the test's own."""

from collections.abc import Mapping, Sequence

from ratchet.datasets.example import Content, Step, example_id
from ratchet.datasets.versions.chunks import write_chunks
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.load import Item, signed
from ratchet.datasets.versions.manifest import left_out_bytes, manifest_bytes, manifest_order
from ratchet.datasets.versions.version import Codes, DatasetVersion, Entry, Split, Statistics
from ratchet.store.blobs import Blobs, address_of
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS, NOON

TOLD = Content(
    input="Book it for [EMAIL_1], \u00e0 Rome \U0001f600",
    output="Done.",
    steps=(
        Step(kind="plan", role="", text="Look, then book."),
        Step(kind="call", role="assistant", name="book", text='{"to":"Rome"}'),
        Step(kind="result", role="tool", name="book", text="ok", ok=True),
    ),
)


def item(name: str, content: Content, split: Split = "train") -> Item:
    """Return an example of a version."""
    entry = Entry(
        id=example_id("t", name),
        content=address_of(content.to_bytes()),
        split=split,
        group=example_id("g", name),
        domain="travel",
        task_type="tool_use",
        band="easy",
        quality=87.5,
        tokens=12,
        source="t",
        source_id=name,
    )
    return Item(entry, content)


def some_items(sizes: Mapping[Split, int]) -> list[Item]:
    """Return examples of each split, no two alike."""
    return [
        item(f"{split}{i}", TOLD.model_copy(update={"output": f"Done {split} {i}."}), split)
        for split, n in sizes.items()
        for i in range(n)
    ]


def stored_version(
    store: Store, blobs: Blobs, items: Sequence[Item], *, dataset: str = "default", size: int = 900
) -> list[Item]:
    """Write version 1.0.0 of examples, in chunks of a few; returns them in the manifest's order."""
    for one in items:
        blobs.put(one.content.to_bytes())
    ordered = sorted(items, key=lambda one: manifest_order(one.entry))
    entries = [one.entry for one in ordered]
    splits = [entry.split for entry in entries]
    version = DatasetVersion(
        dataset=dataset,
        version="1.0.0",
        hash=address_of(manifest_bytes(entries)),
        manifest=blobs.put(manifest_bytes(entries)),
        ledger=blobs.put(Ledger.of().to_bytes()),
        left_out_list=blobs.put(left_out_bytes({})),
        chunks=write_chunks(blobs, entries, size=size),
        codes=Codes(filter="1", redaction="1", dedupe="1", curation="1", split="1"),
        spec={},
        read=len(entries),
        left_out={},
        statistics=Statistics(
            examples=len(entries),
            tokens=12 * len(entries),
            splits={split: splits.count(split) for split in sorted(set(splits))},
            domains={},
            task_types={},
            bands={},
            strata={},
            sources={},
            quality={},
            redactions={},
            diversity=0.5,
            machine_share=0.0,
        ),
        created_at=NOON,
        created_by="test",
    )
    whole = signed(KEYS, version)
    store.set(Ref(whole.collection, whole.key()), whole.to_map())
    return ordered

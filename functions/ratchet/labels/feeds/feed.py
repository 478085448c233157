"""What a feed is: streams of stored documents in the order in which they came, and their labels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ratchet.kernel.each import Tell
from ratchet.kernel.keys import Keys
from ratchet.labels.label import Label
from ratchet.labels.scale import Said
from ratchet.labels.settings import LabelSettings
from ratchet.store.port import Filter, Snapshot, Store


@dataclass(frozen=True)
class Stream:
    """Documents in the order of the instant `at`; a feed has one, or one a shard."""

    name: str
    collection: str
    at: str
    where: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Look:
    """What a feed may look at; `tell` is told of a document that cannot be read.

    `judges` are the names in `config/judges`: what they say is no label, whatever way it comes.
    """

    store: Store
    keys: Keys
    settings: LabelSettings
    judges: frozenset[str]
    now: datetime
    tell: Tell

    def label(
        self,
        said: Said,
        *,
        agent: object,
        subject: str,
        source: str,
        source_id: str,
        labeller: str,
        ts: datetime | None,
        features_ref: str | None,
    ) -> Label:
        """Return the label of what was said.

        Raises: InvalidInput for a name that is none; stored documents were edited by hand before.
        """
        return Label.parse(
            said._asdict()
            | {
                "agent": agent,
                "subject": subject,
                "source": source,
                "source_id": source_id,
                "labeller": labeller[:120],
                "ts": ts,
                "loaded_at": self.now,
                "features_ref": features_ref,
            }
        )


class Found(NamedTuple):
    """The labels of a page, and those of its documents that are read again: they came too early."""

    labels: Sequence[Label]
    waiting: Sequence[Snapshot] = ()


@dataclass(frozen=True)
class Feed:
    """Where labels come from. `read` turns a page into labels, and writes nothing.

    Pages overlap and come again: the same document always has labels of the same pairs of source,
    which is the feed's name in the registry, and source id.
    """

    streams: Callable[[int], Iterable[Stream]]
    read: Callable[[Look, Sequence[Snapshot]], Found]


def sharded(collection: str, at: str, shards: int) -> list[Stream]:
    """Return the streams of a collection that is written in shards."""
    return [
        Stream(str(shard), collection, at, (Filter("shard", "==", shard),))
        for shard in range(shards)
    ]

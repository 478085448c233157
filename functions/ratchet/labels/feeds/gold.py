"""Gold: the lines of gold sets are labels, and the first to be believed."""

from collections.abc import Sequence
from functools import partial

from ratchet.kernel.each import each
from ratchet.labels.feeds.feed import Feed, Found, Look, Stream
from ratchet.labels.gold import GOLD, SOURCE, GoldLine
from ratchet.labels.label import Label
from ratchet.labels.scale import Said
from ratchet.store.named import naming
from ratchet.store.port import Snapshot


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    return Found(list(each(page, naming(partial(_label, look)), look.tell)))


def _label(look: Look, stored: Snapshot) -> Label:
    line = GoldLine.from_store(stored.data)
    return look.label(
        Said(line.label, line.value, line.confidence),
        agent=line.agent,
        subject=line.subject,
        source=SOURCE,
        source_id=line.source_id,
        labeller=line.labeller,
        ts=line.ts,
        features_ref=line.features_ref,
    )


FEED = Feed(lambda shards: [Stream("all", GOLD, "takenAt")], _read)

"""Outcomes: an observation that came with a quality is a label of itself, one in so many."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import shard_of
from ratchet.labels.feeds.feed import Feed, Found, Look, sharded
from ratchet.labels.label import Label
from ratchet.labels.scale import Said, grade, outcome
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION
from ratchet.store.named import naming
from ratchet.store.port import Snapshot

SOURCE = "outcomes"


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    labels = each(page, naming(lambda stored: list(_labels(look, stored))), look.tell)
    return Found(list(chain.from_iterable(labels)))


def _labels(look: Look, stored: Snapshot) -> Iterator[Label]:
    """Yield the labels of one document, or of the items of a batch, that are drawn."""
    k = look.settings.sample_outcomes
    for name, item in items_by_id(stored).items():
        if item.get("quality") is not None and not shard_of(f"label:{name}", k):
            yield look.label(
                _said(item),
                agent=item.get("component"),
                subject=name,
                source=SOURCE,
                source_id=name,
                labeller=str(item.get("component")),
                ts=item.get("ts"),
                features_ref=f"{COLLECTION}/{name}",
            )


def _said(item: Mapping[str, Any]) -> Said:
    """Return the quality of a success as a grade; what failed is bad, whatever its quality."""
    result = item.get("outcome")
    if result not in ("success", "failure", "timeout"):
        raise InvalidInput(f"{result!r} is no outcome", field="outcome")
    return grade(item["quality"]) if result == "success" else outcome(result)


FEED = Feed(partial(sharded, COLLECTION, "ingestedAt"), _read)

"""Refresh cards: bring the trend and the card of every component up to what its runs count.

The reads of a refresh grow with the buckets that changed, never with runs.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Literal

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature, InvalidInput
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.runs.trend import first_day
from ratchet.runs.write_card import Scribe, Seen, digest, mark_ref, scribe, seen_of, write_card
from ratchet.stats.run_sums import RunBucket, day_of_key
from ratchet.store.port import Filter, Query, Ref, Store

OVERLAP = timedelta(minutes=5)  # a commit may show late

Done = Literal["refreshed", "waiting", "failed"]
QUIET = timedelta(hours=1)
REFRESHED = Ref(CHECKPOINTS, "refresh_cards")


class CardsReport(Model):
    """What one tick did; those that wait had their card in this very minute."""

    changed: int = 0
    refreshed: int = 0
    waiting: int = 0
    failed: int = 0


def refresh_cards(store: Store, reader: ConfigReader, *, now: datetime) -> CardsReport:
    """Write the trends and cards of the components whose runs changed, once a minute at most.

    What has changed is found by its time, and told from what a card was made from by its content:
    to look at it again changes nothing, so the cursor is outside of the transactions.
    """
    last = store.get(REFRESHED)
    since = last.data["at"] if last else EPOCH
    if since > now:  # the clock was set back: look as far behind it as it had been ahead
        since = now - (since - now)
    changed = _changed(store, reader, since, now)
    writer = scribe(store, reader, now=now)
    marks = store.get_many([mark_ref(component) for component in changed])
    new = [
        (component, buckets)
        for (component, buckets), mark in zip(changed.items(), marks, strict=True)
        if any(seen_of(mark).get(key) != told for key, told in buckets.items())
    ]
    done: Counter[str] = Counter(
        try_card(store, component, writer, buckets) for component, buckets in new
    )
    # While any waits, the next tick looks as far back as this one.
    store.set(REFRESHED, {"v": 1, "at": since if done["waiting"] else now})
    return CardsReport(changed=len(changed), **done)


def try_card(store: Store, component: str, scribe: Scribe, changed: Seen | None = None) -> Done:
    """Write a card, and say what came of it; one that cannot be must not stop the others."""
    try:
        card = write_card(store, component, scribe, changed)
    except (BadSignature, InvalidInput) as error:
        about = alert(
            "card-failed",
            component,
            "warning",
            f"the card of {component} is not refreshed: {error.message}",
            now=scribe.now,
            command="mend or delete the document that is named: trends and cards are made anew",
            evidence=error.as_dict(),
        )
        raise_alert(store, about, quiet=QUIET)
        return "failed"
    return "refreshed" if card else "waiting"


def _changed(
    store: Store, reader: ConfigReader, since: datetime, now: datetime
) -> dict[str, dict[str, str]]:
    """Return the buckets that changed by component, each with its digest; old days are in none."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    first = first_day(now)
    after = max(EPOCH, since - OVERLAP)
    for shard in range(max(reader.read(Ingest).shards, shards_ever(store))):
        where = (Filter("shard", "==", shard), Filter("updatedAt", ">=", after))
        for stored in store.stream(Query(RunBucket.collection, where, ("updatedAt",))):
            if day_of_key(stored.ref.id) >= first:
                found[stored.data["component"]][stored.ref.id] = digest(stored.data)
    return dict(sorted(found.items()))

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
from ratchet.kernel.each import each
from ratchet.kernel.errors import BadSignature, InvalidInput, RatchetError
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.runs.cards.write_card import (
    QUIET,
    Scribe,
    Seen,
    digest,
    mark_ref,
    scribe,
    seen_of,
    write_card,
)
from ratchet.runs.trend import first_day
from ratchet.stats.run_sums import RunBucket, day_of_key
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

OVERLAP = timedelta(minutes=5)  # a commit may show late

Done = Literal["refreshed", "waiting", "failed"]
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
    to look at it again changes nothing, so the cursor is outside of the transactions. Where nothing
    has, it stays where it is, and nothing is written.
    """
    last = store.get(REFRESHED)
    since = last.data["at"] if last else EPOCH
    if since > now:  # the clock was set back: look as far behind it as it had been ahead
        since = now - (since - now)
    stored = _stored(store, reader, since)
    if not stored:
        return CardsReport()
    changed = _changed(store, stored, now)
    marks = store.get_many([mark_ref(component) for component in changed])
    new = [
        (component, buckets)
        for (component, buckets), mark in zip(changed.items(), marks, strict=True)
        if any(seen_of(mark).get(key) != told for key, told in buckets.items())
    ]
    done: Counter[str] = Counter()
    if new:
        writer = scribe(store, reader, now=now)
        done.update(try_card(store, component, writer, buckets) for component, buckets in new)
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
            command="mend the document that is named, then: ratchet tick --only compare_fleet",
            evidence=error.as_dict(),
        )
        raise_alert(store, about, quiet=QUIET)
        return "failed"
    return "refreshed" if card else "waiting"


def _stored(store: Store, reader: ConfigReader, since: datetime) -> list[Snapshot]:
    """Return the buckets that changed since an instant, or shortly before."""
    after = max(EPOCH, since - OVERLAP)
    stored: list[Snapshot] = []
    for shard in range(max(reader.read(Ingest).shards, shards_ever(store))):
        where = (Filter("shard", "==", shard), Filter("updatedAt", ">=", after))
        stored += store.stream(Query(RunBucket.collection, where, ("updatedAt",)))
    return stored


def _changed(store: Store, stored: list[Snapshot], now: datetime) -> dict[str, dict[str, str]]:
    """Return the buckets that changed by component, each with its digest; old days are in none."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    broken: list[RatchetError] = []
    first = first_day(now)
    for component, day, bucket in each(stored, _placed, broken.append):
        if day >= first:
            found[component][bucket.ref.id] = digest(bucket.data)
    if broken:
        about = alert(
            "card-failed",
            RunBucket.collection,
            "warning",
            f"{len(broken)} buckets are in no card; one is {broken[0].message}",
            now=now,
            command="mend the field that is named, or restore the document from a backup",
            evidence=broken[0].as_dict(),
        )
        raise_alert(store, about, quiet=QUIET)
    return dict(sorted(found.items()))


def _placed(stored: Snapshot) -> tuple[str, datetime, Snapshot]:
    """Return a bucket with its component and its day.

    Raises: InvalidInput.
    """
    component = stored.data.get("component")
    try:
        day = day_of_key(stored.ref.id)
    except ValueError as error:
        raise InvalidInput(f"{stored.ref} has no day in its id", field="id") from error
    if not isinstance(component, str):
        raise InvalidInput(f"{stored.ref} has no component", field="component")
    return component, day, stored

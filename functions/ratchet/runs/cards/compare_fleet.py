"""Compare the fleet: once a day, what all components came to on closed days, and what follows."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import day_of
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.cards.card import Card
from ratchet.runs.cards.claims import FLEET_DAYS
from ratchet.runs.cards.closed_days import closed_days
from ratchet.runs.cards.daily import Days
from ratchet.runs.cards.fleet import FLEET, fleet_document
from ratchet.runs.cards.refresh_cards import try_card
from ratchet.runs.cards.write_card import Scribe
from ratchet.runs.patch_trend import patched_trend
from ratchet.runs.trend import RunTrend
from ratchet.store.port import Query, Store


class FleetReport(Model):
    """What one tick compared: components with days enough, cards written, and not written."""

    components: int = 0
    cards: int = 0
    failed: int = 0


def compare_fleet(store: Store, reader: ConfigReader, *, now: datetime) -> FleetReport:
    """Add the fleet up over the days that are over, and write every card with what it bears out.

    Done twice on a day, it leaves the claims as they are: they change once a day. A trend that is
    not there, or cannot be read, is made anew with its card; of one that cannot be, an alert tells.
    """
    until, names = day_of(now), list[str]()

    def closed() -> Iterator[Days]:
        lost = set[str]()
        for trend in _kept(store, lost):
            if trend.days:  # one whose last run is long past was written without, for the last time
                names.append(trend.component)
                yield closed_days(trend.sums_by_day, until=until, days=FLEET_DAYS)
        for component in sorted(lost):
            names.append(component)
            made = _anew(store, component, now)
            if made is not None and made.days:
                yield closed_days(made.sums_by_day, until=until, days=FLEET_DAYS)

    fleet = fleet_document(closed(), until=until, now=now)
    store.set(FLEET, fleet.to_map())
    writer = Scribe(reader, fleet, now, compares=True)
    written = sum(try_card(store, name, writer) == "refreshed" for name in names)
    return FleetReport(components=fleet.components, cards=written, failed=len(names) - written)


def _kept(store: Store, lost: set[str]) -> Iterator[RunTrend]:
    """Yield the trends, then leave in `lost` whose cannot be read, or is gone, but not its card."""
    known = set[str]()
    for stored in store.stream(Query(RunTrend.collection)):
        try:
            trend = RunTrend.from_store(stored.data)
        except InvalidInput:
            lost.add(unquote(stored.ref.id))
        else:
            known.add(trend.component)
            yield trend
    lost |= {unquote(stored.ref.id) for stored in store.stream(Query(Card.collection))} - known


def _anew(store: Store, component: str, now: datetime) -> RunTrend | None:
    """Return a trend as its buckets make it, or None where one of them cannot be read.

    It is written, and what is amiss is told, when its card is written.
    """
    try:
        return store.transact(lambda tx: patched_trend(tx, component, (), now, lambda _: None))
    except InvalidInput:
        return None

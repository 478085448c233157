"""Compare the fleet: once a day, what all components came to on closed days, and what follows."""

from collections.abc import Iterator
from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import day_of
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import RatchetError
from ratchet.runs.claims import FLEET_DAYS
from ratchet.runs.closed_days import closed_days
from ratchet.runs.daily import Days
from ratchet.runs.fleet import FLEET, fleet_document
from ratchet.runs.refresh_cards import try_card
from ratchet.runs.trend import RunTrend
from ratchet.runs.write_card import QUIET, Scribe
from ratchet.store.named import naming
from ratchet.store.port import Query, Store


class FleetReport(Model):
    """What one tick compared: components with days enough, cards written, and not written."""

    components: int = 0
    cards: int = 0
    failed: int = 0


_trend = naming(lambda stored: RunTrend.from_store(stored.data))


def compare_fleet(store: Store, reader: ConfigReader, *, now: datetime) -> FleetReport:
    """Add the fleet up over the days that are over, and write every card with what it bears out.

    Done twice on a day, it leaves the claims as they are: they change once a day.
    """
    until, names, broken = day_of(now), list[str](), list[RatchetError]()

    def closed() -> Iterator[Days]:
        for trend in each(store.stream(Query(RunTrend.collection)), _trend, broken.append):
            if trend.days:  # one whose last run is long past was written without, for the last time
                names.append(trend.component)
                yield closed_days(trend.sums_by_day, until=until, days=FLEET_DAYS)

    fleet = fleet_document(closed(), until=until, now=now)
    store.set(FLEET, fleet.to_map())
    writer = Scribe(reader, fleet, now, compares=True)
    written = sum(try_card(store, name, writer) == "refreshed" for name in names)
    for error in broken:
        _tell(store, error, now)
    failed = len(names) - written + len(broken)
    return FleetReport(components=fleet.components, cards=written, failed=failed)


def _tell(store: Store, error: RatchetError, now: datetime) -> None:
    """Tell of a trend that cannot be read: its component is in no fleet until it can."""
    about = alert(
        "trend-unreadable",
        error.field,
        "warning",
        f"a component is left out of the fleet: {error.message}",
        now=now,
        command="delete the document: the next refresh makes it anew from the run buckets",
        evidence=error.as_dict(),
    )
    raise_alert(store, about, quiet=QUIET)

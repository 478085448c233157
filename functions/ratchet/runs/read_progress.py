"""Read how a component, or one policy version of it, gets on."""

from datetime import datetime

from ratchet.runs.progress import Progress, progress_of
from ratchet.runs.read_trend import check_days, read_trend, read_version
from ratchet.runs.trend import first_day
from ratchet.store.port import Store

_COMPARED = 60  # days that a change of 30 days looks at


def read_progress(
    store: Store, component: str, *, version: str | None = None, days: int = 30, now: datetime
) -> Progress:
    """Return the last days of a component and its changes; of a version, from its buckets.

    Up to 62 days of a component take one read. Raises: InvalidInput.
    """
    check_days(days)
    span = max(days, _COMPARED)
    if version is None:
        sums = read_trend(store, component, days=span, now=now).sums_by_day
    else:
        sums = read_version(store, component, version, days=span, now=now)
    return progress_of(component, version, sums, start=first_day(now, days), now=now)

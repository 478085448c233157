"""How often a caller may ask: a token bucket each, in the memory of this process."""

import threading
from collections import OrderedDict
from datetime import datetime

from ratchet.kernel.errors import Throttled

CALLERS = 10_000
BURST_SECONDS = 10


class Rates:
    """Token buckets by name; a caller may burst for ten seconds' worth, at least ten requests."""

    def __init__(self, callers: int = CALLERS) -> None:
        self._callers = callers
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, per_minute: int, now: datetime) -> None:
        """Count one request.

        Raises: Throttled, with the seconds to wait.
        """
        rate = per_minute / 60
        size = max(10.0, rate * BURST_SECONDS)
        with self._lock:
            left, at = self._buckets.pop(name, (size, now))
            left = min(size, left + max(0.0, (now - at).total_seconds()) * rate)
            if enough := left >= 1.0:
                left -= 1.0
            self._buckets[name] = (left, now)
            while len(self._buckets) > self._callers:
                self._buckets.popitem(last=False)
        if not enough:
            raise Throttled(
                f"over {per_minute} requests a minute",
                mend="wait as long as Retry-After says, or send batches",
                retry_after=(1.0 - left) / rate,
            )

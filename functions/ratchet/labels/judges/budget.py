"""What a judge spends in a day, UTC: kept in the store, so that a restart does not forget it."""

import math
from datetime import datetime
from typing import Any

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.errors import Refused
from ratchet.kernel.ids import join_key
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

NANO = 10**9  # the unit of what is kept: whole billionths of a dollar


def spent_today(store: Store, judge: str, *, now: datetime) -> float:
    """Return what a judge spent today; what it is asked just now counts at its worst.

    Units: US dollars.
    """
    found = store.get(_ref(judge))
    return _of_day(found.data if found else None, now) / NANO


def reserve(store: Store, judge: str, usd: float, *, limit: float, now: datetime) -> None:
    """Set aside, before it is asked, what a judge may cost at most.

    Raises: Refused where the day's limit would be passed.
    """

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([_ref(judge)])
        spent = _of_day(found.data if found else None, now)
        if spent + _nano(usd) > limit * NANO:
            raise Refused(
                f"{judge} spent ${spent / NANO:.6g} of ${limit:g} today, and the next case may"
                f" cost ${usd:.6g}",
                field="maxCostUsdDay",
                mend=f"wait for tomorrow, or raise maxCostUsdDay of {judge} in config/judges",
            )
        tx.set(_ref(judge), _day(now, spent + _nano(usd)))

    store.transact(body)


def settle(store: Store, judge: str, *, reserved: float, usd: float, now: datetime) -> None:
    """Put what was spent in the place of what was set aside; `now` is when it was set aside."""

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([_ref(judge)])
        spent = _of_day(found.data if found else None, now)
        if spent:  # else another day has begun
            tx.set(_ref(judge), _day(now, max(0, spent - _nano(reserved) + _nano(usd))))

    store.transact(body)


def _ref(judge: str) -> Ref:
    return Ref(CHECKPOINTS, join_key("judge-spent", judge))


def _nano(usd: float) -> int:
    return math.ceil(usd * NANO)


def _day(now: datetime, spent: int) -> dict[str, Any]:
    return {"v": 1, "day": f"{now:%Y-%m-%d}", "spentNanoUsd": spent}


def _of_day(data: dict[str, Any] | None, now: datetime) -> int:
    return int(data["spentNanoUsd"]) if data and data["day"] == f"{now:%Y-%m-%d}" else 0

"""Sums that cannot be read: they stay as they are, with an alert, and stop nothing else.

What such a document holds is not known: to begin it anew would tell a part as the whole.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from ratchet.govern.alerts import Alert, alert, counted, find_alert
from ratchet.kernel.document import Document
from ratchet.kernel.errors import InvalidInput, UnknownSchema
from ratchet.store.named import naming
from ratchet.store.port import Ref, Snapshot
from ratchet.store.transact import Transaction

QUIET = timedelta(hours=1)
D = TypeVar("D", bound=Document)


def read_sums(tx: Transaction, kind: type[D], refs: Sequence[Ref]) -> list[D | InvalidInput | None]:
    """Read documents of sums; None where there is none yet, and why where it cannot be read.

    Raises: UnknownSchema: what a newer program wrote is not broken, and this one stops.
    """
    load = naming(lambda stored: kind.from_store(stored.data))

    def loaded(stored: Snapshot | None) -> D | InvalidInput | None:
        try:
            return load(stored) if stored else None
        except InvalidInput as error:
            if isinstance(error.__cause__, UnknownSchema):
                raise error.__cause__ from None
            return error

    return [loaded(stored) for stored in tx.fetch(refs)]


def told(tx: Transaction, broken: Sequence[InvalidInput], now: datetime) -> list[Alert]:
    """Return the alert of sums that cannot be read, for `put`; none within an hour of the last."""
    if not broken:
        return []
    first = broken[0]
    about = alert(
        "sums-unreadable",
        first.message.partition("/")[0],
        "warning",
        f"nothing is added to {len(broken)} documents; one is {first.message}",
        now=now,
        command="mend the field that is named, or restore the document from a backup",
        evidence=first.as_dict(),
    )
    seen = find_alert(tx, about)
    if seen and not seen.is_over and now - seen.last_seen < QUIET:
        return []
    return [counted(seen, about)]

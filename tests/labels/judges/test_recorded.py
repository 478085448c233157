"""Recorded judge: it says nothing here, and how its judgements come."""

from ratchet.kernel.clock import ManualClock
from ratchet.labels.judges import recorded
from ratchet.labels.judges.judge import Seat, Unsaid
from ratchet.labels.judges.recorded import RecordedSettings
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import case
from tests.support.observing import NOON


def test_it_judges_elsewhere_and_says_so(embedded: SqliteStore) -> None:
    seat = Seat(embedded, ManualClock(NOON), "mine", RecordedSettings())
    with recorded.opened(seat) as judge:
        told = "mine judges elsewhere: `ratchet judges record` takes what it says"
        assert judge(case()) == Unsaid(told)

"""Recorded judge: it judges elsewhere, and its judgements arrive."""

from collections.abc import Iterator
from contextlib import contextmanager

from ratchet.kernel.document import Model
from ratchet.labels.judges.judge import Case, Judge, Said, Seat, Unsaid


class RecordedSettings(Model):
    """None: whoever judges elsewhere is configured there."""


@contextmanager
def opened(seat: Seat) -> Iterator[Judge]:
    """Open a judge that says where its judgements come from."""

    def judge(case: Case) -> Said:
        return Unsaid(f"{seat.judge} judges elsewhere: `ratchet judges record` takes what it says")

    yield judge

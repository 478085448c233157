"""Where a reader that follows a growing collection goes on, whatever its clock did meanwhile."""

from datetime import datetime, timedelta

from ratchet.kernel.clock import EPOCH, hour_of
from ratchet.kernel.document import Instant, Model

OVERLAP = timedelta(minutes=5)


class Follower(Model):
    """How far a shard was read: the instant and the id of the last document, and when that was.

    It lies outside of the transactions that it leads, as doing these twice changes nothing.
    """

    v: int = 1
    at: Instant = EPOCH
    id: str = ""
    read_at: Instant = EPOCH

    @property
    def position(self) -> tuple[datetime, str]:
        """What was read last."""
        return self.at, self.id

    def resumed(self, now: datetime) -> "Follower":
        """Return where reading goes on.

        Each hour is read once more when it is over, since a commit may show late; and where the
        clock was set back, as far behind it as the cursor lies ahead.
        """
        if self.at > now:
            return Follower(at=now - (self.at - now) - OVERLAP, read_at=now)
        again = hour_of(self.read_at) - OVERLAP if self.read_at > EPOCH else self.at
        if hour_of(self.read_at) != hour_of(now) and again < self.at:
            return Follower(at=again, read_at=now)
        return self.model_copy(update={"read_at": now})

"""Ledger: every observation, exposure and run stands in exactly one account, and they add up."""

import threading
from collections import deque
from dataclasses import dataclass, replace

from ratchet.client.batch import Batch
from ratchet.client.transport import Rejected, SendResult, rejected_of
from ratchet.kernel.errors import InvalidBatch, RatchetError

KEPT_REASONS = 100
MOST_TOLD = 100  # kinds of what is logged; a process may live for months
_SOURCES = ("recorded", "adopted")


@dataclass(frozen=True)
class RecorderStats:
    """Where every observation and run is; at any instant, and exactly,

    recorded + adopted == accepted + rejected + sampled + dropped + invalid + pending + spooled
    + handed_over.

    Units: observations, exposures and runs, but for `retries`, which are attempts. `adopted` were
    left in the spool by another process; `sampled` is what the service's sampling left out;
    `invalid` has no JSON or lacks a field that every one has; `pending` is in memory or being sent;
    `spooled` waits on disk; `handed_over` was taken from the spool by another process. An exposure
    that is known is not recorded again.
    """

    recorded: int
    adopted: int
    accepted: int
    rejected: int
    sampled: int
    dropped: int
    invalid: int
    pending: int
    spooled: int
    handed_over: int
    retries: int

    @property
    def sent(self) -> int:
        """Return how many observations the service has answered for."""
        return self.accepted + self.rejected + self.sampled


class Ledger:
    """The accounts, the reasons of refusals, and what a person must be told once."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # reentrant: a signal handler may record, too
        self.accounts = dict.fromkeys((*RecorderStats.__dataclass_fields__, "replaying"), 0)
        self.rejections: deque[Rejected] = deque(maxlen=KEPT_REASONS)
        self._told: set[str] = set()
        self._untold: deque[str] = deque()

    def post(self, source: str, target: str, n: int) -> None:
        """Take n observations from one account to another."""
        with self.lock:
            self.accounts[source] += n if source in _SOURCES else -n
            self.accounts[target] += n

    def snapshot(self) -> RecorderStats:
        """Return the accounts of one instant."""
        with self.lock:
            now = dict(self.accounts)
        now["pending"] += now.pop("replaying")
        return RecorderStats(**now)

    def settle(self, batch: Batch, source: str, answer: SendResult | RatchetError) -> None:
        """Book the service's answer for a batch, or its refusal of the whole of it.

        What an answer does not account for counts as rejected, so nothing counts as accepted that
        the service did not say it accepted.
        """
        n = len(batch)
        if isinstance(answer, SendResult):
            accepted = min(max(answer.accepted, 0), n)
            sampled = min(max(answer.sampled, 0), n - accepted)
            reasons = answer.rejected
            if (odd := n - accepted - sampled - len(reasons)) != 0:
                reasons += (Rejected(None, "", f"the answer is {odd} off {n} observations"),)
        else:
            accepted = sampled = 0
            reasons = (Rejected(None, answer.field, f"{answer.code}: {answer}"),)
            if isinstance(answer, InvalidBatch) and answer.rejected:
                reasons = tuple(rejected_of(item) for item in answer.rejected)
        reasons = tuple(
            replace(r, batch=batch.id, run_id=batch.run_id(r.index) or "") for r in reasons
        )
        with self.lock:
            self.post(source, "accepted", accepted)
            self.post(source, "sampled", sampled)
            self.post(source, "rejected", n - accepted - sampled)
            self.rejections.extend(reasons)
        for reason in reasons if batch.kind == "runs" else ():
            self.tell_run("the service refuses", reason.run_id, reason.field, reason.reason)

    def tell_run(self, what: str, run_id: str, field: str, reason: str) -> None:
        """Note that a run is lost, and for which field: the first time of each field."""
        of, where = f"run {run_id!r}" if run_id else "runs", f"{field}: " if field else ""
        self.tell(f"{what} {field}", f"{what} {of}: {where}{reason}")

    def tell(self, kind: str, text: str) -> None:
        """Note what a person should know, the first time only; `told` hands it to the logger."""
        if kind not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(kind)
            self._untold.append(text)

    def told(self) -> list[str]:
        """Return what is to be logged now."""
        return [self._untold.popleft() for _ in range(len(self._untold))]

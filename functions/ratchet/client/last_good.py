"""LastGood: which answer to resolve a component serves now, and when to ask again. It asks nobody.

An answer is good for the time to live. Afterwards the service is asked; where that fails, the last
good answer stays, marked stale, and the pauses between two questions double.
"""

import contextlib
import json
import logging
import os
import random
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ratchet.client.batch import dump
from ratchet.client.pause import pause
from ratchet.client.transport import Resolved
from ratchet.kernel.errors import RatchetError, Throttled, Unavailable

log = logging.getLogger("ratchet.client")

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 60.0


class LastGood:
    """The last good answer for one policy. Units: seconds of any clock that only goes forward."""

    def __init__(
        self,
        policy_id: str,
        *,
        ttl_seconds: float,
        jitter: float,
        rng: random.Random,
        default: Mapping[str, Any] | None,
        cache: Path | None,
    ) -> None:
        self.policy_id = policy_id
        self._ttl = ttl_seconds
        self._jitter = jitter
        self._rng = rng
        self._cache = cache
        self._default = (
            Resolved(policy_id, None, dict(default), stale=True) if default is not None else None
        )
        self._good = self._load()
        self._saved = self._good
        self._error: RatchetError | None = None
        self._failures = 0
        self._ask_at: float | None = None

    @property
    def served(self) -> Resolved | None:
        """Return what to serve while the service is being asked, or None: wait for the answer."""
        return self._good or (self._default if self._failures else None)

    @property
    def etag(self) -> str | None:
        """Return the etag to ask with."""
        return self._good.etag or None if self._good else None

    def fresh(self, now: float) -> Resolved | None:
        """Return the answer that need not be asked for yet, or None: ask.

        Raises: the last failure, while its pause lasts and there is nothing to serve.
        """
        if self._ask_at is None or now >= self._ask_at:
            return None
        if (served := self.served) is None and self._error is not None:
            raise self._error.with_traceback(None)
        return served

    def landed(self, answer: Resolved | None, now: float) -> Resolved:
        """Take the service's answer; None means that what is held is good still."""
        good = answer or self._good
        if good is None or good.policy != self.policy_id:
            return self.failed(Unavailable(f"no answer about {self.policy_id}"), now)
        self._good = replace(good, stale=False)
        self._failures = 0
        self._error = None
        self._ask_at = now + self._ttl * self._rng.uniform(1 - self._jitter, 1 + self._jitter)
        return self._good

    def failed(self, error: Exception, now: float) -> Resolved:
        """Take a failure to ask; return what to serve instead.

        Raises: the failure, where there is nothing.
        """
        if not isinstance(error, RatchetError):
            error = Unavailable(f"asking failed: {error!r}")
        if not self._failures:
            log.warning("%s is not refreshed: %s", self.policy_id, error)
        self._failures += 1
        self._error = error
        seconds = pause(self._failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE, rng=self._rng)
        if isinstance(error, Throttled):
            seconds = max(seconds, min(error.retry_after, LONGEST_PAUSE))
        self._ask_at = now + seconds
        if self._good is not None:
            self._good = replace(self._good, stale=True)
        if (served := self.served) is None:
            raise error
        return served

    @property
    def unsaved(self) -> bool:
        """Say whether the disk has another answer than the one held."""
        if self._cache is None or self._good is None:
            return False
        return self._saved is None or self._saved.to_wire() != self._good.to_wire()

    def save(self) -> None:
        """Write the answer for the next start, atomically; a full disk costs only that."""
        if self._cache is None or (good := self._good) is None:
            return
        part = self._cache.with_name(
            f"{self._cache.name}.{os.getpid()}-{threading.get_ident()}.tmp"
        )
        self._saved = good
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(dump(good.to_wire()), encoding="utf-8")
            part.replace(self._cache)
        except (OSError, TypeError, ValueError) as error:
            log.warning("the answer for %s is not kept on disk: %s", self.policy_id, error)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _load(self) -> Resolved | None:
        if self._cache is None:
            return None
        try:
            found = Resolved.from_wire(json.loads(self._cache.read_text(encoding="utf-8")))
        except (OSError, ValueError, Unavailable):  # none yet, or spoilt: the service is asked
            return None
        return replace(found, stale=True) if found.policy == self.policy_id else None

"""Sinks under test: what they were sent, and a world that answers as a test tells it to."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ratchet.govern.alerts import Alert, alert
from ratchet.govern.alerts.settings import AlertSettings
from ratchet.govern.config import ConfigReader
from ratchet.govern.deliver import DeliveryReport, deliver_alerts
from ratchet.govern.sinks.sink import Outlets, Post
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import RatchetError
from ratchet.store.port import Ref, Store
from tests.support.governed import NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECRETS = {
    "RATCHET_ALERT_URL": "https://hooks.example/T0/B0/s3cret",
    "RATCHET_ALERT_OTHER_URL": "https://other.example/s3cret",
    "RATCHET_ALERT_KEY": "s3cret-routing-key",
}
ONE = {"one": {"kind": "webhook", "settings": {"urlEnv": "RATCHET_ALERT_URL"}}}
TWO = ONE | {"two": {"kind": "webhook", "settings": {"urlEnv": "RATCHET_ALERT_OTHER_URL"}}}


class World:
    """Keeps what was sent and logged; a host answers by its status, or fails with its error."""

    def __init__(self) -> None:
        self.answers: dict[str, int | RatchetError] = {}
        self.secrets = dict(SECRETS)
        self.posts: list[Post] = []
        self.lines: list[tuple[int, str, dict[str, Any]]] = []
        self.before: Callable[[], object] = lambda: None
        self.clock = ManualClock(NOON)

    @property
    def outlets(self) -> Outlets:
        """What sinks are handed."""
        return Outlets(self._post, self._log, self.secrets)

    def heard(self, host: str = "hooks.example") -> list[str]:
        """Return the ids of what a host took, in order."""
        return [
            json.loads(post.body)["id"]
            for post in self.posts
            if host in post.url and self.answers.get(host, 200) == 200
        ]

    def _post(self, post: Post) -> int:
        self.posts.append(post)
        self.before()
        answer = self.answers.get(post.url.split("/")[2], 200)
        if isinstance(answer, RatchetError):
            raise answer
        return answer

    def _log(self, level: int, text: str, **fields: Any) -> None:
        self.lines.append((level, text, fields))


def full(subject: str = "disk", *, minutes: float = 0, severity: Any = "warning") -> Alert:
    """Return an alert of a full disk, seen so many minutes after noon."""
    now = NOON + minutes * MINUTE
    return alert("full", subject, severity, "the disk is full", now=now, command="ratchet doctor")


def told(
    store: Store, world: World, *, minutes: float = 0, sinks: dict[str, Any] | None = None
) -> DeliveryReport:
    """Deliver so many minutes after noon, in a process that starts cold."""
    if sinks is not None:
        settings = AlertSettings.parse({"sinks": sinks})
        store.set(Ref("config", "alerts"), settings.to_map())
    world.clock = ManualClock(NOON + minutes * MINUTE)
    return deliver_alerts(
        store, ConfigReader(store, world.clock), outlets=world.outlets, clock=world.clock
    )

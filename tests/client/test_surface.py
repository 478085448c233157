import inspect

import ratchet.client
from ratchet.client import (
    AsyncHttpTransport,
    AsyncOfflineTransport,
    AsyncTransport,
    HttpTransport,
    OfflineTransport,
    Transport,
)

SURFACE = [
    "Assignment",
    "AsyncHttpTransport",
    "AsyncOfflineTransport",
    "AsyncPolicyClient",
    "AsyncRecorder",
    "AsyncTransport",
    "Batch",
    "Breaker",
    "BreakerRule",
    "Choice",
    "Decision",
    "HttpTransport",
    "OfflineTransport",
    "PolicyClient",
    "Recorder",
    "RecorderStats",
    "Rejected",
    "Resolved",
    "RunScope",
    "SendResult",
    "Transport",
]


def test_the_public_surface_is_pinned() -> None:
    assert ratchet.client.__all__ == SURFACE
    assert all(inspect.isclass(getattr(ratchet.client, name)) for name in SURFACE)


def test_the_transports_keep_their_protocols() -> None:
    sync: list[Transport] = [HttpTransport("http://x"), OfflineTransport()]
    awaited: list[AsyncTransport] = [AsyncHttpTransport("http://x"), AsyncOfflineTransport()]
    for protocol, members in ((Transport, sync), (AsyncTransport, awaited)):
        for name in ("send", "feedback", "resolve"):
            wanted = inspect.signature(getattr(protocol, name))
            for member in members:
                found = getattr(type(member), name)
                assert inspect.signature(found) == wanted
                assert inspect.iscoroutinefunction(found) == (protocol is AsyncTransport)

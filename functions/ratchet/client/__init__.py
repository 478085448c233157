"""What a component imports: ask which policy to run, and record what happened."""

from ratchet.client.async_recorder import AsyncRecorder
from ratchet.client.batch import Batch
from ratchet.client.breaker import Breaker, BreakerRule
from ratchet.client.choice import Choice
from ratchet.client.decide import Decision
from ratchet.client.http import AsyncHttpTransport, HttpTransport
from ratchet.client.ledger import RecorderStats
from ratchet.client.offline import AsyncOfflineTransport, OfflineTransport
from ratchet.client.policy import AsyncPolicyClient, PolicyClient
from ratchet.client.recorder import Recorder
from ratchet.client.run import RunScope
from ratchet.client.transport import AsyncTransport, Rejected, Resolved, SendResult, Transport
from ratchet.rollouts.assign import Assignment

__all__ = [
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

"""A canary manager: it records both arms of a release, with the propensity of each."""

import random

from ratchet.client import Recorder, Transport

SHARE = 0.1


def release(transport: Transport, requests: int) -> int:
    """Send a tenth of the traffic to a new build and record both arms; returns its requests."""
    rng = random.Random(2)
    canaries = 0
    with Recorder(transport) as recorder:
        for i in range(requests):
            canary = rng.random() < SHARE
            canaries += canary
            failed = rng.random() < (0.03 if canary else 0.01)
            recorder.record(
                component="canary:checkout",
                outcome="failure" if failed else "success",
                duration_ms=rng.lognormvariate(4.5, 0.4),
                error_code="http_500" if failed else None,
                policy_version="checkout@2.1.0" if canary else "checkout@2.0.3",
                arm="canary" if canary else "stable",
                propensity=SHARE if canary else 1 - SHARE,
                unit=f"session-{i}",
            )
    return canaries

"""An LLM router: ask which model serves a request, and record how it went."""

import random

from ratchet.client import PolicyClient, Recorder, Transport


def call_model(model: str, rng: random.Random) -> tuple[str, float, float, str | None]:
    """Stand in for your model call: outcome, milliseconds, dollars, error code."""
    if model == "claude" and rng.random() < 0.2:
        return "failure", 120.0, 0.0, "rate_limit"
    return "success", rng.uniform(400, 1500), 0.012, None


def serve(transport: Transport, requests: int) -> dict[str, int]:
    """Route some requests; returns how many each model served."""
    rng = random.Random(1)
    served: dict[str, int] = {}
    policy = PolicyClient(transport, "router-core", rng=rng)
    with Recorder(transport) as recorder:
        for i in range(requests):
            choice = policy.choose()
            outcome, ms, dollars, error = call_model(choice.arm, rng)
            recorder.record(
                choice.as_observation(),
                component=f"router:{choice.arm}",
                outcome=outcome,
                duration_ms=ms,
                cost_usd=dollars,
                error_code=error,
                unit=f"user-{i % 50}",
            )
            policy.report(choice, outcome, error)  # the breaker honours fallbackOn, cooldownMs
            served[choice.arm] = served.get(choice.arm, 0) + 1
    return served

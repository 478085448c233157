"""A triage: a trained heuristic decides which tickets a machine answers, and which a person."""

from typing import Any

from ratchet.client import PolicyClient, Recorder, Transport

# What `config/heuristics` says of it under `agents.triage`; labels say how each ticket went.
CONFIG: dict[str, Any] = {
    "policy": "triage",
    "positive": "machine",
    "negative": "person",
    "costs": {"falsePositive": 5.0, "falseNegative": 1.0},  # a wrong answer is dearer than a wait
    "explore": 0.05,
    "features": {
        "words": {"kind": "hashedWords", "at": "meta.text", "buckets": 64},
        "length": {"kind": "textLength", "at": "meta.text"},
        "vip": {"kind": "boolean", "at": "meta.vip"},
    },
}


def triage(transport: Transport, tickets: list[dict[str, Any]]) -> list[str]:
    """Decide who answers each ticket, and record it with its features; returns the decisions."""
    decisions = []
    policy = PolicyClient(transport, "triage")
    with Recorder(transport) as recorder:
        for ticket in tickets:
            text, vip = ticket["text"], ticket["vip"]
            known = {"words": text, "length": text, "vip": vip}
            found = policy.decide(known, unit=ticket["customer"])
            recorder.record(
                found.as_observation(),
                component="triage",
                outcome="success",
                unit=ticket["customer"],
                meta={"text": text, "vip": vip},
            )
            decisions.append(found.decision)
    return decisions

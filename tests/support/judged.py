"""Verdicts by hand, for what is shown of them."""

from datetime import timedelta
from typing import Any

from ratchet.rollouts.verdict import Judged, Verdict
from tests.support.evidenced import ID, NOON


def term(**fields: Any) -> dict[str, Any]:
    """Return a term of the reward, better by 0.1 to 0.3, and asked to be better at all."""
    seen = {"control": 0.5, "value": 0.7, "delta": 0.2, "interval": {"low": 0.1, "high": 0.3}}
    asked = {"needed": 0.0, "allowed": 0.0, "promoteError": 0.025, "rollbackError": 0.00625}
    said = {"metric": "reward", "better": "higher", "role": "goal", "pValue": 0.0004}
    return {**said, **seen, **asked, "trusted": True, "passed": True} | fields


def judged(*terms: dict[str, Any], hours: int = 2, **fields: Any) -> Judged:
    """Return a look some hours after noon at the one challenger 1.0.1."""
    decision = fields.get("decision", "PROMOTE")
    arm = {
        "arm": "1.0.1",
        "version": "router-core@1.0.1",
        "decision": decision,
        "reasons": (),
        "metric": "reward",
        "recommendation": decision,
        "exposures": 1234,
        "units": 1200.0,
        "terms": terms or (term(),),
    }
    at = NOON + timedelta(hours=hours)
    given = {
        "rollout": ID,
        "policy": "router-core",
        "mode": "canary",
        "purpose": "trial",
        "profile": "significance",
        "decision": decision,
        "scope": "step",
        "reasons": ("reward: better by at least 0.1",),
        "arms": (arm,),
        "start": NOON,
        "until": at - timedelta(hours=1),
        "at": at,
        "asOf": {"step": 0, "opened": (NOON,)},
        "buckets": (f"{ID}~0~control~20260101",),
        "data": "d" * 64,
        "code": "0.1.0",
    }
    return Judged.parse(given | fields)


def verdict(look: Judged, **fields: Any) -> Verdict:
    """Return the verdict of a look, which nothing was done about."""
    given = {"id": f"{ID}~{look.at:%Y%m%dT%H}", "rollout": ID, "policy": "router-core"}
    return Verdict.parse(
        given | {"at": look.at, "decision": look.decision, "judged": look} | fields
    )

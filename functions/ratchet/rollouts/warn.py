"""Warn: what a look shows that decides nothing, and that a person should know."""

from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, raise_alert
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.sample_ratio import THRESHOLD
from ratchet.rollouts.verdict import Verdict
from ratchet.store.port import Store

QUIET = timedelta(days=1)


def warn_of(store: Store, rollout: Rollout, verdict: Verdict, *, now: datetime) -> None:
    """Raise the alerts of a verdict that hold whatever it decided, at most once a day each."""
    if verdict.judged.least_p <= THRESHOLD:
        about = alert(
            "rollout-split-wrong",
            rollout.id,
            "warning",
            f"{rollout.id}: units did not meet the arms in the planned shares, so nothing is"
            " concluded from it",
            now=now,
            command=f"ratchet rollout evidence {rollout.id}",
            evidence={"pValue": verdict.judged.least_p},
        )
        raise_alert(store, about, quiet=QUIET)

"""Warn: what a look shows that decides nothing, and that a person should know."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ratchet.govern.alerts import Alert, alert, raise_alert
from ratchet.rollouts.control_drift import control_drift
from ratchet.rollouts.look import Look
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.sample_ratio import THRESHOLD
from ratchet.store.port import Store

QUIET = timedelta(days=1)


def warn_of(store: Store, rollout: Rollout, seen: Look, *, now: datetime) -> None:
    """Raise the alerts of a look that hold whatever it decided, at most once a day each."""
    for about in _alerts(rollout, seen, now):
        raise_alert(store, about, quiet=QUIET)


def _alerts(rollout: Rollout, seen: Look, now: datetime) -> Iterator[Alert]:
    command = f"ratchet rollout evidence {rollout.id}"
    if seen.judged.least_p <= THRESHOLD:
        yield alert(
            "rollout-split-wrong",
            rollout.id,
            "warning",
            f"{rollout.id}: units did not meet the arms in the planned shares, so nothing is"
            " concluded from it",
            now=now,
            command=command,
            evidence={"pValue": seen.judged.least_p},
        )
    drift = control_drift(rollout, seen.buckets)
    if drift is not None:
        yield alert(
            "control-drifts",
            rollout.id,
            "warning",
            f"{rollout.id}: the control's {drift.metric} was {drift.before:.4g} on"
            f" {drift.first:%Y-%m-%d} and moved by {drift.change:+.4g} until"
            f" {drift.latest:%Y-%m-%d}: what the rollout shows may not hold later",
            now=now,
            command=command,
            evidence=drift.to_map(),
        )

"""What a look warns of, whatever it decides: a split that is wrong, a control that drifts."""

import numpy as np

from ratchet.kernel.clock import HOUR
from ratchet.rollouts.look import Look
from ratchet.rollouts.sample_ratio import THRESHOLD
from ratchet.rollouts.warn import warn_of
from ratchet.store.port import Store
from tests.rollouts.test_control_drift import CYCLE, day_of_control, ramped
from tests.support.carried import decided
from tests.support.evidenced import NOON
from tests.support.governed import alerts

RUNNING = ramped()
FINE = decided(RUNNING, "HOLD")
WRONG = FINE.model_copy(update={"least_p": THRESHOLD / 2})


def test_a_look_that_shows_nothing_odd_is_silent(embedded: Store) -> None:
    warn_of(embedded, RUNNING, Look(FINE, ()), now=NOON)
    assert alerts(embedded) == []


def test_a_split_that_is_wrong_is_told_once_a_day(embedded: Store) -> None:
    for hour in (0, 1, 23, 24):
        warn_of(embedded, RUNNING, Look(WRONG, ()), now=NOON + hour * HOUR)
    (about,) = alerts(embedded)
    assert (about.what, about.subject, about.count) == ("rollout-split-wrong", RUNNING.id, 2)
    assert about.evidence == {"pValue": THRESHOLD / 2}


def test_a_control_that_drifts_is_told_beside(embedded: Store) -> None:
    rng = np.random.default_rng(3)
    days = [day_of_control(i, CYCLE - 0.1 * (i > 0), rng, per_hour=2000) for i in range(3)]
    seen = Look(WRONG, [bucket for day in days for bucket in day])
    warn_of(embedded, RUNNING, seen, now=NOON)
    split, drift = sorted(alerts(embedded), key=lambda about: about.what, reverse=True)
    assert (split.what, drift.what) == ("rollout-split-wrong", "control-drifts")
    assert drift.severity == "warning"
    assert "reward was 0.5" in drift.text
    assert drift.evidence["change"] < -0.05

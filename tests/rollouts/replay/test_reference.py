"""Recorded campaigns: the answers of zr-obp's own estimators, to 1e-6."""

import numpy as np
import pytest

from ratchet.rollouts.replay_log import replay
from tests.support.replays import campaign

NAMES = {
    "ips": "IPS",
    "snips": "SNIPS",
    "dm": "DM",
    "dr": "DR",
    "sndr": "SNDR",
    "switch_dr": "SwitchDR_lambda10",
}
campaigns = pytest.mark.parametrize("name", ["men", "women"])


@campaigns
def test_every_estimator_says_what_zr_obp_says(name: str) -> None:
    rows, reference = campaign(name)
    found = replay([rows])
    assert set(found.estimates) == set(NAMES)
    for estimator, theirs in NAMES.items():
        assert found.estimates[estimator].value == pytest.approx(reference[theirs], abs=1e-6)
    assert found.effective_rows == pytest.approx(reference["ESS"], abs=1e-6)
    assert found.largest_weight == pytest.approx(reference["max_weight"], abs=1e-6)
    assert found.mean_weight == pytest.approx(reference["mean_weight"], abs=1e-6)


@campaigns
def test_the_interval_of_ips_is_near_that_of_another_bootstrap(name: str) -> None:
    rows, reference = campaign(name)
    low, high = np.ravel(reference["IPS_boot95"])
    found = replay([rows]).estimates["ips"]
    width = high - low
    assert found.low == pytest.approx(low, abs=0.1 * width)
    assert found.high == pytest.approx(high, abs=0.1 * width)

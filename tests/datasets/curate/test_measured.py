"""The features that outliers are sought in."""

import numpy as np

from ratchet.datasets.curate.measured import measured
from tests.support.curated import a_prepared


def test_unknown_is_unknown_and_sizes_are_fourth_roots() -> None:
    known = a_prepared(
        "a", tokens=81, facts={"outcome": "success", "durationMs": 10_000.0, "costUsd": 16.0}
    )
    unknown = a_prepared("b", quality=None, confidence=None, tokens=0, facts={})
    found = measured([known, unknown], np.array([0.25, 1.0]))
    assert found.shape == (2, 22)
    assert found[0, 16:].round(9).tolist() == [90.0, 0.9, 10.0, 3.0, 2.0, 0.25]
    assert np.isnan(found[1, 16:]).tolist() == [True, True, True, False, True, False]

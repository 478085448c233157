"""One coin is crowd-kit's; without the extra it says what to install."""

import sys
import warnings

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # it has no types
import pytest
from crowdkit.aggregation import OneCoinDawidSkene

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate import one_coin
from tests.support.raters import voted


def test_chances_are_those_of_crowd_kit() -> None:
    votes, _ = voted((0.95, 0.9, 0.9), items=30)
    data = pd.DataFrame({"task": votes.item, "worker": votes.rater, "label": votes.label})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = OneCoinDawidSkene().fit_predict_proba(data)
    found = one_coin.aggregate(votes)
    np.testing.assert_allclose(found.chances, peer.sort_index().to_numpy(), atol=1e-9)


def test_without_crowd_kit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit.aggregation", None)
    with pytest.raises(InvalidInput, match=r"one_coin wants a package more") as refused:
        one_coin.aggregate(voted((0.9,), items=4)[0])
    assert refused.value.mend == "pip install 'ratchet[train]'"

"""Dawid-Skene is crowd-kit's: the chances are the same, and known items teach."""

import warnings

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # it has no types
from crowdkit.aggregation import DawidSkene

from ratchet.labels.aggregate import dawid_skene
from tests.support.raters import voted


def test_chances_are_those_of_crowd_kit() -> None:
    votes, _ = voted((0.95, 0.9, 0.9), items=30)
    data = pd.DataFrame({"task": votes.item, "worker": votes.rater, "label": votes.label})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = DawidSkene().fit_predict_proba(data)
    found = dawid_skene.aggregate(votes)
    np.testing.assert_allclose(found.chances, peer.sort_index().to_numpy(), atol=1e-9)


def test_known_items_turn_raters_that_say_the_opposite() -> None:
    votes, truth = voted((0.1, 0.15, 0.2), items=200, labels=60)
    found = dawid_skene.aggregate(votes).labels()
    assert (found == truth)[60:].mean() > 0.8
    assert (votes.counts().argmax(1) == truth).mean() < 0.2

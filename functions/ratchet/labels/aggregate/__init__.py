"""Aggregate: what many raters' votes come to, by several rules.

To add one: write its file, add its line here, add its test.
"""

from collections.abc import Mapping

from ratchet.labels.aggregate import dawid_skene, one_coin, prediction_powered, weighted_vote
from ratchet.labels.aggregate.votes import Aggregator

AGGREGATES: Mapping[str, Aggregator] = {
    "dawid_skene": dawid_skene.aggregate,
    "one_coin": one_coin.aggregate,
    "prediction_powered": prediction_powered.aggregate,
    "weighted_vote": weighted_vote.aggregate,
}

"""Tuners: from measured rewards to a better version, inside the envelope.

To add one: write its file, add its line here, add its test.
"""

from collections.abc import Mapping

from ratchet.tune import targets, weights
from ratchet.tune.view import Tuner

TUNERS: Mapping[str, Tuner] = {
    "targets": targets.suggest,
    "weights": weights.suggest,
}

"""The registry of the collector's rule: one file a reason, one line here, one test.

The order counts: an example that fails for several reasons is counted under the first of them.
"""

from collections.abc import Mapping

from ratchet.datasets.filter import (
    low_quality,
    no_output,
    not_successful,
    too_long,
    trivial,
    troubled,
)
from ratchet.datasets.filter.rule import Rule

FILTER = "1"  # another number makes another version of every dataset

FILTERS: Mapping[str, Rule] = {
    "not-successful": not_successful.fails,
    "no-output": no_output.fails,
    "low-quality": low_quality.fails,
    "trivial": trivial.fails,
    "too-long": too_long.fails,
    "troubled": troubled.fails,
}

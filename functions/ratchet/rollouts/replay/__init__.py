"""Replay: what another policy would have earned on a log, by several estimators.

To add one: write its file, add its line here, add its test.
"""

from collections.abc import Mapping

from ratchet.rollouts.replay import dm, dr, ips, sndr, snips, switch_dr
from ratchet.rollouts.replay_rows import Estimator

ESTIMATORS: Mapping[str, Estimator] = {
    "dm": dm.terms,
    "dr": dr.terms,
    "ips": ips.terms,
    "sndr": sndr.terms,
    "snips": snips.terms,
    "switch_dr": switch_dr.terms,
}
# These read the reward model; the others need none.
MODELLED = frozenset({"dm", "dr", "sndr", "switch_dr"})
# What an interval leaves out, so that it may miss far more often than its level says.
LEFT_OUT: Mapping[str, str] = {
    "dm": "the model's own error",
    "switch_dr": f"the model's error at weights over {switch_dr.SWITCH:g}",
}

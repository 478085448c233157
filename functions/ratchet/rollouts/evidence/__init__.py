"""Evidence: ways to compare a challenger with the control.

To add one: write its file, add its line here, add its test.
"""

from collections.abc import Mapping

from ratchet.rollouts.evidence import asymptotic, bayes, mann_whitney, mixture, welch
from ratchet.rollouts.pair import Evidence

EVIDENCE: Mapping[str, Evidence] = {
    "asymptotic": asymptotic.compare,
    "bayes": bayes.compare,
    "mann_whitney": mann_whitney.compare,
    "mixture": mixture.compare,
    "welch": welch.compare,
}

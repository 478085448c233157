"""RunLoss: the composite loss of one run, 0 for a perfect one and at most 1.

L = wq (1 - gatePassRate) + wg contradictions + wr (1 - grounding) + wc costOverBudget
  + wt latencyP95 + ws securityCriticals + wa apiBreakages + wd dbMigrationFail
  + wrag (1 - ragCoverage), each term brought into 0..1 by its rule.
"""

from ratchet.kernel.document import Instant, Model


class TermLoss(Model):
    """One term: what was measured, its loss 0..1, the weight that it got, and their product."""

    value: float
    loss: float
    weight: float
    part: float


class RunLoss(Model):
    """A run's loss and what it is made of.

    `missing` are the terms that nothing was told of: they are left out, and the weights of the
    others grown to sum to 1. Without any term there is no `loss`. `weights` says whose they are:
    `default`, or the phase and tenant that changed them; `settings` is the hash of config/run_loss.
    """

    loss: float | None = None
    terms: dict[str, TermLoss] = {}
    missing: tuple[str, ...] = ()
    weights: str = "default"
    settings: str = ""
    computed_at: Instant

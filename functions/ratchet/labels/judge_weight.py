"""JudgeWeight: how much a judge's word on one agent counts, and the record that earned it."""

from typing import ClassVar, Literal

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Name, Share
from ratchet.store.named import naming
from ratchet.store.port import Snapshot

JUDGE_WEIGHTS = "ops_judge_weights"
# Why a judge earns nothing.
Finding = Literal["majority", "flipped", "random", "few"]


class JudgeWeight(Document):
    """The weight 0..1 of one judge (all its versions of the window) for one agent.

    `agreement` is the share, with exponential decay, of its judgements that the labels bear out;
    `calibrationError` is that of equal-mass bins of its confidence; `plain` is agreement - 0.5 x
    calibrationError, reported alone. `weight` is what is used: chance-corrected agreement, shrunk
    by the effective number of judgements, in 0..1. `weekVariance` is the variance of the nights of
    the last week. `withdrawn` names labels that it rests on and that were withdrawn since.
    """

    collection: ClassVar[str] = JUDGE_WEIGHTS

    judge: Name
    agent: Name
    weight: Share
    plain: float
    agreement: Share
    chance_corrected: float
    calibration_error: Share | None = None
    n: int
    effective_n: float
    finding: Finding | None = None
    reason: str = ""
    versions: tuple[str, ...] = ()
    week_variance: float | None = None
    withdrawn: tuple[str, ...] = ()
    ts: Instant

    def key(self) -> str:
        """Return judge and agent."""
        return join_key(self.judge, self.agent)


class JudgeWeightNight(JudgeWeight):
    """The weight as one night found it."""

    collection: ClassVar[str] = "ops_judge_weight_nights"

    expire_at: Instant

    def key(self) -> str:
        """Return judge, agent and day."""
        return join_key(self.judge, self.agent, f"{self.ts:%Y%m%d}")


def weight_of(stored: Snapshot) -> JudgeWeight:
    """Return the weight that a document holds: the one way to read one.

    Raises: InvalidInput that names the document, where it is broken or does not lie under its own
    key: no night would ever write such a one again.
    """
    return naming(_weight_of)(stored)


def _weight_of(stored: Snapshot) -> JudgeWeight:
    weight = JudgeWeight.from_store(stored.data)
    if stored.ref.id != weight.key():
        raise InvalidInput(
            f"it says that it is {weight.key()}",
            field="judge",
            mend="delete the document; ratchet judges weights --update writes its own",
        )
    return weight

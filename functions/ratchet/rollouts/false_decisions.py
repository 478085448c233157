"""False decisions: how often rollouts of identical versions were decided about, so far."""

from ratchet.kernel.document import Model
from ratchet.kernel.keys import Keys
from ratchet.rollouts.history import list_rollouts
from ratchet.rollouts.verdict import Verdict
from ratchet.rollouts.verdicts import verdicts_of
from ratchet.store.port import Store

_LOOKS = 5_000  # of one rollout: more than an hourly one has by its latest deadline


class FalseDecisions(Model):
    """The A/A rollouts of a policy, and those with a look that promoted or rolled back.

    `alpha` is what the strictest of them promises: the share that is decided about at most.
    """

    rollouts: int
    looks: int
    promoted: int
    rolled_back: int
    decided: int
    alpha: float


def false_decisions(store: Store, keys: Keys, policy_id: str) -> FalseDecisions:
    """Count what was decided about identical versions: all of it is false.

    Raises: NotFound where there is no such policy; BadSignature.
    """
    rollouts = [r for r in list_rollouts(store, policy_id) if r.purpose == "aa"]
    looks = [list(verdicts_of(store, keys, r.id, limit=_LOOKS)) for r in rollouts]
    promoted = [_any(found, "PROMOTE") for found in looks]
    rolled_back = [_any(found, "ROLL_BACK") for found in looks]
    return FalseDecisions(
        rollouts=len(rollouts),
        looks=sum(map(len, looks)),
        promoted=sum(promoted),
        rolled_back=sum(rolled_back),
        decided=sum(a or b for a, b in zip(promoted, rolled_back, strict=True)),
        alpha=min((rollout.alpha for rollout in rollouts), default=0.0),
    )


def _any(looks: list[Verdict], decision: str) -> bool:
    return any(arm.decision == decision for look in looks for arm in look.judged.arms)

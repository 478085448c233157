"""False decisions: how often rollouts of identical versions were decided about, so far."""

from collections.abc import Iterator

from ratchet.kernel.document import Model
from ratchet.kernel.keys import Keys
from ratchet.rollouts.history import list_rollouts
from ratchet.rollouts.verdict import ArmJudged, Verdict
from ratchet.rollouts.verdicts import verdicts_of
from ratchet.store.port import Store

_LOOKS = 5_000  # of one rollout: more than an hourly one has by its latest deadline


class FalseDecisions(Model):
    """The A/A rollouts of a policy, and those with a look that promoted or rolled back falsely.

    `alpha` is what the strictest of them promises: the share that is decided about at most.
    """

    rollouts: int
    looks: int
    promoted: int
    rolled_back: int
    decided: int
    alpha: float


def false_decisions(store: Store, keys: Keys, policy_id: str) -> FalseDecisions:
    """Count what was decided about identical versions that is not true of them.

    Raises: NotFound where there is no such policy; BadSignature.
    """
    rollouts = [r for r in list_rollouts(store, policy_id) if r.purpose == "aa"]
    looks = [list(verdicts_of(store, keys, r.id, limit=_LOOKS)) for r in rollouts]
    promoted = [any(map(_is_promoted, _arms(found))) for found in looks]
    rolled_back = [any(arm.decision == "ROLL_BACK" for arm in _arms(found)) for found in looks]
    return FalseDecisions(
        rollouts=len(rollouts),
        looks=sum(map(len, looks)),
        promoted=sum(promoted),
        rolled_back=sum(rolled_back),
        decided=sum(a or b for a, b in zip(promoted, rolled_back, strict=True)),
        alpha=min((rollout.alpha for rollout in rollouts), default=0.0),
    )


def _arms(looks: list[Verdict]) -> Iterator[ArmJudged]:
    return (arm for look in looks for arm in look.judged.arms)


def _is_promoted(arm: ArmJudged) -> bool:
    """Say whether an arm was found better; where it need only be not worse, that is true of it."""
    wanted = [term.needed for term in arm.terms if term.role != "guardrail"]
    truly = bool(wanted) and all(needed is not None and needed < 0 for needed in wanted)
    return arm.decision == "PROMOTE" and not truly

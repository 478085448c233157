"""Request: what a person asks for who starts a rollout; what is left out, the gates say."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from ratchet.kernel.document import Model
from ratchet.observe.observation import Name
from ratchet.observe.watch import LONGEST_MS
from ratchet.policies.version import PolicyId
from ratchet.rollouts.assign import Mode
from ratchet.rollouts.profile import OutcomeWindow
from ratchet.rollouts.rollout import MAX_CHALLENGERS, Challenger, Shares, check_challengers


class RolloutRequest(Model):
    """Versions to try. Without a mode they enter the first gate of their change class.

    A mode that leaves gates out is an override. `steps` holds the share of each challenger.
    """

    policy: PolicyId
    challengers: Annotated[tuple[Challenger, ...], Field(min_length=1, max_length=MAX_CHALLENGERS)]
    mode: Mode | None = None
    steps: Annotated[tuple[Shares, ...], Field(min_length=1, max_length=100)] | None = None
    profile: Name | None = None
    outcome_window_hours: OutcomeWindow | None = None
    latency_objective_ms: Annotated[float, Field(gt=0, le=LONGEST_MS)] | None = None

    @field_validator("challengers")
    @classmethod
    def _check(
        cls, challengers: tuple[Challenger, ...], info: ValidationInfo
    ) -> tuple[Challenger, ...]:
        check_challengers(challengers, info.data.get("policy"))
        return challengers

"""Rollout: a champion, its challengers, and who meets which of them, step by step."""

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from ratchet.kernel.document import Document, Instant, Model
from ratchet.observe.observation import DocumentId, Name
from ratchet.observe.watch import CONTROL, PAIRED, ROLLOUTS, SHADOW, Watch
from ratchet.policies.version import SEMVER, PolicyId
from ratchet.rollouts.assign import LEAST, Allocation, Mode, Slot, control_share, starts

MAX_CHALLENGERS = 4
MAX_CANARY = 0.5

Share = Annotated[float, Field(ge=LEAST, le=1)]
Shares = dict[Name, Share]
VersionKey = Annotated[
    str, StringConstraints(pattern=rf"^[a-z0-9][a-z0-9-]{{0,62}}@{SEMVER.strip('^')}")
]


class Challenger(Model):
    """A version that a rollout tries, and the arm under which it is counted."""

    arm: Name
    version: VersionKey


class RolloutDraft(Model):
    """What is asked for when a rollout starts.

    `steps` holds the share of each challenger, step by step; shares never fall. In shadow mode a
    share says for how many units the challenger runs beside. A challenger may be the champion's
    own version, under another name: then nothing should be found.
    """

    policy: PolicyId
    challengers: Annotated[tuple[Challenger, ...], Field(min_length=1, max_length=MAX_CHALLENGERS)]
    mode: Mode = "canary"
    steps: Annotated[tuple[Shares, ...], Field(min_length=1, max_length=100)]
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05

    @field_validator("challengers")
    @classmethod
    def _check_challengers(
        cls, challengers: tuple[Challenger, ...], info: ValidationInfo
    ) -> tuple[Challenger, ...]:
        arms = [challenger.arm for challenger in challengers]
        policy = info.data.get("policy")
        for arm, version in ((c.arm, c.version) for c in challengers):
            if arm == CONTROL or arm.startswith((SHADOW, PAIRED)):
                raise ValueError(f"{arm} is no name for a challenger")
            if arms.count(arm) > 1:
                raise ValueError(f"two challengers are called {arm}")
            if policy is not None and version.partition("@")[0] != policy:
                raise ValueError(f"{version} is no version of {policy}")
        return challengers

    @field_validator("steps")
    @classmethod
    def _check_steps(cls, steps: tuple[Shares, ...], info: ValidationInfo) -> tuple[Shares, ...]:
        arms, mode = info.data.get("challengers"), info.data.get("mode")
        if arms is None or mode is None:  # they are refused themselves
            return steps
        before: Shares = {}
        for number, shares in enumerate(steps):
            place = f"step {number + 1} of {len(steps)}"
            if set(shares) != {challenger.arm for challenger in arms}:
                raise ValueError(f"{place} gives no share to each challenger, and them alone")
            if any(share < before.get(arm, 0) for arm, share in shares.items()):
                raise ValueError(f"a share falls in {place}: units would change their arm")
            last = 0 < number == len(steps) - 1
            if mode != "shadow":
                _check_traffic(shares, place, canary=mode == "canary", last=last)
            before = shares
        if mode == "split" and len(steps) > 1:
            raise ValueError("a split has one step: its shares are fixed")
        return steps


def _check_traffic(shares: Shares, place: str, *, canary: bool, last: bool) -> None:
    """Refuse shares that leave no concurrent control, but in a canary's last step."""
    left, whole = control_share(shares), canary and last
    if math.fsum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"the shares of {place} sum to more than 1")
    if left < LEAST and not (whole and left == 0):
        raise ValueError(f"the shares of {place} leave nothing to the control")
    if canary and not whole and max(shares.values()) > MAX_CANARY:
        raise ValueError(f"a canary begins with at most {MAX_CANARY:.0%} for a challenger")


class Rollout(RolloutDraft, Document):
    """One rollout of a policy; `step` is the present one, all else but the state stays.

    `watch` says what the scorer counts, and pins the reward epoch.
    """

    collection: ClassVar[str] = ROLLOUTS

    id: DocumentId
    champion: VersionKey
    step: Annotated[int, Field(ge=0, le=99)] = 0
    salt: Annotated[str, StringConstraints(min_length=16, max_length=64)]
    watch: Watch
    state: Literal["running", "ended"] = "running"
    started_at: Instant
    ended_at: Instant | None = None

    @model_validator(mode="after")
    def _watched(self) -> Self:
        if self.step >= len(self.steps):
            raise ValueError(f"there is no step {self.step}")
        if self.watch.arms != (CONTROL, *self.arms) or self.watch.steps != len(self.steps):
            raise ValueError("watch has other arms or steps than the rollout")
        return self

    def key(self) -> str:
        """Return the id."""
        return self.id

    @property
    def arms(self) -> tuple[str, ...]:
        """The challengers' arms, in order."""
        return tuple(challenger.arm for challenger in self.challengers)

    @property
    def place(self) -> str:
        """The present step as a person counts, like `1 of 2`."""
        return f"{self.step + 1} of {len(self.steps)}"

    def allocation(self, step: int | None = None) -> Allocation:
        """Return who meets which arm in a step, the present one unless another is named."""
        number = self.step if step is None else step
        open_now, last = self.steps[number], self.steps[-1]  # shares never fall: the last are most
        begin = starts({arm: last[arm] for arm in self.arms})
        if self.mode == "shadow":  # a unit may be run by every challenger
            begin = dict.fromkeys(self.arms, 0.0)
        slots = (Slot(c.arm, c.version, begin[c.arm], open_now[c.arm]) for c in self.challengers)
        return Allocation(self.id, number, self.salt, self.mode, self.champion, tuple(slots))

    def shares(self, step: int) -> dict[str, float]:
        """Return the share of the units that each arm serves in a step, the control's first."""
        return self.allocation(step).shares()

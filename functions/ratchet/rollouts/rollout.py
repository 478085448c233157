"""Rollout: a champion, its challengers, who meets which of them, and how they are judged."""

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.seal import Sealed
from ratchet.observe.observation import DocumentId, Name
from ratchet.observe.watch import CONTROL, PAIRED, ROLLOUTS, SHADOW, Watch
from ratchet.policies.version import SEMVER, PolicyId
from ratchet.rollouts.assign import LEAST, Allocation, Mode, Slot, control_share, starts
from ratchet.rollouts.profile import MAX_CANARY, MIN_CANARY, PROFILES, Profile, Share

MAX_CHALLENGERS = 4

Purpose = Literal["trial", "holdback", "aa"]
Outcome = Literal["promoted", "rolled_back", "expired", "aborted", "superseded", "kept"]
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

    `gates` are those still to pass after this rollout, and `skipped` those that whoever started it
    left out. Purposes: `trial`; `holdback` keeps the former version beside the one that was
    promoted, as its challenger; `aa` tries the champion against itself and changes nothing.
    """

    policy: PolicyId
    challengers: Annotated[tuple[Challenger, ...], Field(min_length=1, max_length=MAX_CHALLENGERS)]
    mode: Mode = "canary"
    steps: Annotated[tuple[Shares, ...], Field(min_length=1, max_length=100)]
    profile_name: Name = "significance"
    profile: Profile = PROFILES["significance"]
    purpose: Purpose = "trial"
    gates: tuple[Name, ...] = ()
    skipped: tuple[Name, ...] = ()

    @field_validator("challengers")
    @classmethod
    def _check_challengers(
        cls, challengers: tuple[Challenger, ...], info: ValidationInfo
    ) -> tuple[Challenger, ...]:
        check_challengers(challengers, info.data.get("policy"))
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
            if mode != "shadow":
                _check_traffic(shares, place, canary=mode == "canary")
            before = shares
        if mode == "split" and len(steps) > 1:
            raise ValueError("a split has one step: its shares are fixed")
        return steps


def check_challengers(challengers: tuple[Challenger, ...], policy: str | None) -> None:
    """Refuse names that no challenger can have, and versions of another policy.

    Raises: ValueError.
    """
    arms = [challenger.arm for challenger in challengers]
    for arm, version in ((c.arm, c.version) for c in challengers):
        if arm == CONTROL or arm.startswith((SHADOW, PAIRED)):
            raise ValueError(f"{arm} is no name for a challenger")
        if arms.count(arm) > 1:
            raise ValueError(f"two challengers are called {arm}")
        if policy is not None and version.partition("@")[0] != policy:
            raise ValueError(f"{version} is no version of {policy}")


def _check_traffic(shares: Shares, place: str, *, canary: bool) -> None:
    """Refuse shares that leave no concurrent control."""
    if math.fsum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"the shares of {place} sum to more than 1")
    if control_share(shares) < LEAST:
        raise ValueError(f"the shares of {place} leave nothing to the control")
    if canary and not MIN_CANARY <= min(shares.values()) <= max(shares.values()) <= MAX_CANARY:
        raise ValueError(
            f"a canary gives a challenger {MIN_CANARY:.0%} to {MAX_CANARY:.0%}, {place} does not;"
            " the whole comes by a promotion"
        )


class Plan(Model):
    """What it takes to see `profile.detect`: units of a challenger and hours, as of the start.

    `late`: it takes longer than the deadline leaves. The planned error, in the metric's unit, and
    the planned events say where the bounds of the goal are tightest.
    """

    units: int
    hours: float
    late: bool = False
    planned_error: float | None = None
    planned_events: float = 50.0


class Rollout(RolloutDraft, Sealed):
    """One rollout of a policy; the draft, the salt and what is counted stay as they began.

    `watch` says what the scorer counts, and pins the reward epoch. `opened` is when each step up
    to the present one was. A challenger that is `dropped` was rolled back alone: its units meet the
    champion, under its arm, and no shadow of it runs any more; nor does any that is `paid`: what
    they may cost is spent. `held` by a person, a rollout is not promoted. `promoteAlpha` is what
    the policy's programme leaves it to spend; `approval` waits for a person. `overridden` by name
    and reason, its outcome says nothing of the evidence.
    """

    collection: ClassVar[str] = ROLLOUTS

    id: DocumentId
    champion: VersionKey
    step: Annotated[int, Field(ge=0, le=99)] = 0
    salt: Annotated[str, StringConstraints(min_length=16, max_length=64)]
    watch: Watch
    state: Literal["running", "ended"] = "running"
    outcome: Outcome | None = None
    started_at: Instant
    started_by: str = ""
    opened: tuple[Instant, ...] = ()
    deadline: Instant = EPOCH
    plan: Plan | None = None
    promote_alpha: Annotated[float, Field(gt=0, lt=0.5)] | None = None
    held: bool = False
    paid: bool = False
    overridden: bool = False
    dropped: tuple[Name, ...] = ()
    approval: str | None = None
    ended_at: Instant | None = None

    @model_validator(mode="after")
    def _watched(self) -> Self:
        if self.step >= len(self.steps):
            raise ValueError(f"there is no step {self.step}")
        if self.watch.arms != (CONTROL, *self.arms) or self.watch.steps != len(self.steps):
            raise ValueError("watch has other arms or steps than the rollout")
        if not set(self.dropped) <= set(self.arms):
            raise ValueError("a challenger was dropped that there is not")
        return self

    def key(self) -> str:
        """Return the id."""
        return self.id

    @property
    def arms(self) -> tuple[str, ...]:
        """The challengers' arms, in order."""
        return tuple(challenger.arm for challenger in self.challengers)

    @property
    def standing(self) -> tuple[Challenger, ...]:
        """The challengers that were not dropped."""
        return tuple(c for c in self.challengers if c.arm not in self.dropped)

    @property
    def alpha(self) -> float:
        """How often the rollout may err at all."""
        return self.profile.alpha

    @property
    def is_last_step(self) -> bool:
        """Whether what follows the present step is the whole."""
        return self.step + 1 == len(self.steps)

    @property
    def place(self) -> str:
        """The present step as a person counts, like `1 of 2`."""
        return f"{self.step + 1} of {len(self.steps)}"

    def allocation(self, step: int | None = None) -> Allocation:
        """Return who meets which arm in a step, the present one unless another is named."""
        number = self.step if step is None else step
        open_now, last = self.steps[number], self.steps[-1]  # shares never fall: the last are most
        begin, tried = starts({arm: last[arm] for arm in self.arms}), self.challengers
        if self.mode == "shadow":  # a unit may be run by every challenger that there still is
            begin = dict.fromkeys(self.arms, 0.0)
            tried = () if self.paid else self.standing
        if self.purpose == "holdback":  # the last points: they were the control's before
            left = control_share({arm: last[arm] for arm in self.arms})
            begin = {arm: start + left for arm, start in begin.items()}
        slots = (
            Slot(
                c.arm,
                self.champion if c.arm in self.dropped else c.version,
                begin[c.arm],
                open_now[c.arm],
            )
            for c in tried
        )
        return Allocation(self.id, number, self.salt, self.mode, self.champion, tuple(slots))

    def shares(self, step: int) -> dict[str, float]:
        """Return the share of the units that each arm serves in a step, the control's first."""
        return self.allocation(step).shares()

"""Assign: which arm of a rollout a unit meets, by a hash, the same wherever it is computed.

A unit is a point of 0..1. Each challenger owns a range from a start that never moves; its share
says how much of it is open. So raising a share takes no unit out of any challenger, and whatever
is not open is the control's. It imports no more than the standard library: components assign.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

Mode = Literal["shadow", "canary", "split"]
CONTROL = "control"  # as in observe/watch, which a component need not import
LEAST = 1e-4  # the least share that an arm may have
LONGEST_UNIT = 256  # characters, as in observe/observation
_ROUNDING = 1e-9
_POINTS = 2**53


def is_unit(unit: object) -> TypeGuard[str]:
    """Say whether a service takes it as a unit: text of 1..256 characters that UTF-8 can hold.

    >>> is_unit("user-1"), is_unit(""), is_unit("x" * 257), is_unit("\\ud800"), is_unit(7)
    (True, False, False, False, False)
    """
    if not isinstance(unit, str) or not 1 <= len(unit) <= LONGEST_UNIT:
        return False
    return unit.encode(errors="ignore").decode() == unit  # a lone surrogate would be left out


def point(salt: str, unit: str) -> float:
    """Return where a unit falls in [0, 1); another salt gives a point independent of it.

    >>> round(point("salt", "user-1"), 6)
    0.864781
    """
    digest = hashlib.blake2b(f"{salt}\n{unit}".encode(errors="replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / _POINTS


@dataclass(frozen=True)
class Assignment:
    """The arm that a unit meets, and with which probability; `version` is the one intended.

    `shadows` are the challengers to run beside. Each is recorded with its own `as_observation`, as
    a failure where it did not answer: what was promised as a pair must not go missing.
    `exposed_at` is when the unit met the arm; its outcome window opens then.
    Units: exposed_at in milliseconds since 1970.
    """

    rollout_id: str
    step: int
    arm: str
    propensity: float
    version: str
    unit: str
    params: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    shadow: bool = False
    shadows: tuple["Assignment", ...] = ()
    exposed_at: int | None = field(default=None, compare=False)

    def as_exposure(self) -> dict[str, Any]:
        """Return the fields of the record that the unit met the arm."""
        fields = {
            "rolloutId": self.rollout_id,
            "step": self.step,
            "rolloutArm": self.arm,
            "unit": self.unit,
            "propensity": self.propensity,
            "intendedVersion": self.version,
        }
        return fields if self.exposed_at is None else fields | {"ts": self.exposed_at}

    def as_observation(self) -> dict[str, Any]:
        """Return the fields to record with the outcome."""
        fields: dict[str, Any] = {
            "rolloutId": self.rollout_id,
            "rolloutStep": self.step,
            "rolloutArm": self.arm,
            "intendedVersion": self.version,
            "unit": self.unit,
        }
        if self.exposed_at is not None:
            fields["exposedAt"] = self.exposed_at
        paired = [shadow.arm for shadow in self.shadows]
        extra = {"shadow": True} if self.shadow else {"paired": paired} if paired else {}
        return fields | extra


@dataclass(frozen=True)
class Slot:
    """What one challenger owns: the points from `start`, of which `share` are open."""

    arm: str
    version: str
    start: float
    share: float
    params: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def holds(self, at: float) -> bool:
        """Say whether a point is in the open part."""
        end = self.start + self.share
        return self.start <= at and (at < end or end > 1 - _ROUNDING)


@dataclass(frozen=True)
class Allocation:
    """The present step of a rollout; in shadow mode all meet the control, and slots run beside."""

    rollout_id: str
    step: int
    salt: str
    mode: Mode
    champion: str
    slots: tuple[Slot, ...]

    def shares(self) -> dict[str, float]:
        """Return the share of the units that each arm serves, the control's first."""
        served = {slot.arm: 0.0 if self.mode == "shadow" else slot.share for slot in self.slots}
        return {CONTROL: control_share(served), **served}

    def assign(
        self, unit: str, params: Mapping[str, Any] | None = None, exposed_at: int | None = None
    ) -> Assignment:
        """Return the arm of a unit; `params` are the champion's, where they are at hand.

        Units: exposed_at in milliseconds since 1970, where the unit meets the arm now.
        """
        at = point(self.salt, unit)
        beside = self.mode == "shadow"
        met = tuple(
            self._to(slot, unit, beside, exposed_at) for slot in self.slots if slot.holds(at)
        )
        if met and not beside:
            return met[0]
        share = self.shares()[CONTROL]
        return Assignment(
            self.rollout_id,
            self.step,
            CONTROL,
            share,
            self.champion,
            unit,
            params or {},
            shadows=met,
            exposed_at=exposed_at,
        )

    def _to(self, slot: Slot, unit: str, shadow: bool, exposed_at: int | None) -> Assignment:
        return Assignment(
            self.rollout_id,
            self.step,
            slot.arm,
            slot.share,
            slot.version,
            unit,
            slot.params,
            shadow,
            exposed_at=exposed_at,
        )


def control_share(shares: Mapping[str, float]) -> float:
    """Return what the challengers leave to the control.

    >>> control_share({"1.0.1": 0.1, "1.0.2": 0.2, "1.0.3": 0.7})
    0.0
    """
    left = 1 - math.fsum(shares.values())
    return left if left > _ROUNDING else 0.0


def starts(greatest: Mapping[str, float]) -> dict[str, float]:
    """Return where each challenger's range starts, in order; `greatest` are the shares ever open.

    >>> starts({"1.0.1": 0.25, "1.0.2": 0.5})
    {'1.0.1': 0.0, '1.0.2': 0.25}
    """
    found, end = {}, 0.0
    for arm, share in greatest.items():
        found[arm] = end
        end += share  # the same sum as in Slot.holds, so that ranges touch and never overlap
    return found

"""Exposure: the record that a unit met an arm of a rollout, whether or not an outcome follows."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from ratchet.kernel.document import Instant, Model
from ratchet.observe.observation import Name

KIND: Literal["exposure"] = "exposure"
Step = Annotated[int, Field(ge=0, le=99)]


class Exposure(Model):
    """One assignment that took effect; sent in the same list as observations, told by its `kind`.

    `propensity` is the share of the arm in its step; `intendedVersion` the version assigned.
    """

    model_config = ConfigDict(strict=True)

    kind: Literal["exposure"] = KIND
    ts: Instant
    rollout_id: Name
    step: Step
    rollout_arm: Name
    unit: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    propensity: Annotated[float, Field(gt=0, le=1)]
    intended_version: Name | None = None

    def to_map(self) -> dict[str, Any]:
        """Return the map that is stored; its place says its kind."""
        data = super().to_map()
        del data["kind"]
        return data

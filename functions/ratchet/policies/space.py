"""TuningSpace: the envelope an admin approved; which params may move, and how far."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator

from ratchet.kernel.document import Model, invalid

Share = Annotated[float, Field(ge=0, le=1)]
EPS = 1e-9


def is_number(value: Any) -> TypeGuard[int | float]:
    """Say whether a value is a number; to Python a truth value is one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Simplex(Model):
    """Weights that sum to 1: floor and cap of each arm, and the greatest step of one arm.

    `components` says which component an arm's observations carry; `router:{arm}` where absent.
    `base` are the weights that arms of equal merit share; those of the lineage's root if absent.
    """

    kind: Literal["simplex"]
    floor: Share = 0.01
    cap: Share = 1.0
    max_step: Annotated[float, Field(gt=0, le=1)] = 0.2
    components: dict[str, str] = {}
    base: dict[str, Share] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Simplex":
        if self.floor > self.cap:
            raise ValueError("floor is above cap")
        return self

    def component_of(self, arm: str) -> str:
        """Return the component whose observations are this arm's."""
        return self.components.get(arm, f"router:{arm}")

    def holds(self, value: Any, before: Any) -> bool:
        """Say whether weights lie inside, one step from those before."""
        if not isinstance(value, Mapping) or not isinstance(before, Mapping):
            return False
        if set(value) != set(before) or not all(
            map(is_number, (*value.values(), *before.values()))
        ):
            return False
        return all(
            self.floor - EPS <= w <= self.cap + EPS and abs(w - before[arm]) <= self.max_step + EPS
            for arm, w in value.items()
        )


class Range(Model):
    """A number between bounds, and the greatest step. `component` is whose figures set it."""

    kind: Literal["float", "int"]
    low: float
    high: float
    max_step: Annotated[float, Field(gt=0)] | None = None
    component: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self

    def holds(self, value: Any, before: Any) -> bool:
        """Say whether a number lies inside, one step from the one before."""
        if not is_number(value) or not is_number(before):
            return False
        if self.kind == "int" and value != int(value):
            return False
        near = self.max_step is None or abs(value - before) <= self.max_step + EPS
        return near and self.low - EPS <= value <= self.high + EPS


class Choice(Model):
    """One of some values; choosing another is a change of behaviour."""

    kind: Literal["choice"]
    options: tuple[JsonValue, ...]

    def holds(self, value: Any, before: Any) -> bool:
        """Say whether a value is one of the options."""
        return value in self.options


Span = Annotated[Simplex | Range | Choice, Field(discriminator="kind")]
TuningSpace = dict[str, Span]
_SPACE: TypeAdapter[TuningSpace] = TypeAdapter(TuningSpace)


def parse_space(data: Mapping[str, Any]) -> TuningSpace:
    """Return the envelope of a stored map.

    Raises: InvalidInput that names the field.
    """
    try:
        return _SPACE.validate_python(dict(data))
    except ValidationError as error:
        raise invalid(error, TuningSpace, "tuningSpace") from error


def arm_weights(value: Any) -> dict[str, float]:
    """Return a param's weights by arm; what is no map has none."""
    return {str(k): float(v) for k, v in value.items()} if isinstance(value, Mapping) else {}

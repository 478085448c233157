"""`config/run_loss`: how the loss of a run is made of its terms, and how long runs are kept."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import Field, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name
from ratchet.runs.term_rules import Rules
from ratchet.runs.weights import DEFAULT, Override, Weights, overridden

MAX_PHASES, MAX_TENANTS = 50, 200


class PhaseWeights(Model):
    """What the runs of one phase weigh otherwise."""

    weights: Override = {}


Phases = Annotated[dict[Name, PhaseWeights], Field(max_length=MAX_PHASES)]


class TenantWeights(Model):
    """What the runs of one tenant weigh otherwise, and those of its phases."""

    weights: Override = {}
    phases: Phases = {}


class _Override(NamedTuple):
    """One step of inheritance: whose it is, the field where it stands, and the weights named."""

    whose: str
    field: str
    named: Mapping[str, float]


class RunLossSettings(Config):
    """Settings of the run loss.

    `weights` are of all nine terms. A phase, then a tenant, then a tenant's phase may name some
    anew: these count as they are, and the others keep their proportions. Runs are kept for
    `keepDays` after their `ts`, and may be told as long.
    """

    name: ClassVar[str] = "run_loss"

    weights: Weights = dict(DEFAULT)
    rules: Rules = Rules()
    phases: Phases = {}
    tenants: Annotated[dict[Name, TenantWeights], Field(max_length=MAX_TENANTS)] = {}
    keep_days: Annotated[int, Field(ge=1, le=400)] = 180

    @model_validator(mode="after")
    def _check(self) -> Self:
        for tenant in [None, *self.tenants]:
            own = self.tenants[tenant].phases if tenant is not None else {}
            for phase in [None, *self.phases, *own]:
                self.weights_of(tenant, phase)
        return self

    @cached_property
    def digest(self) -> str:
        """The hash by which a loss names the settings that it was computed with."""
        return content_hash(self.to_map())

    @property
    def retention(self) -> timedelta:
        """How long a run is kept, and how old it may arrive."""
        return timedelta(days=self.keep_days)

    def weights_of(self, tenant: str | None, phase: str | None) -> tuple[dict[str, float], str]:
        """Return the weights of a tenant's runs in a phase, and whose they are.

        Raises: InvalidConfig that names the field where they cannot sum to 1.
        """
        weights, whose = dict(self.weights), []
        for step in self._overrides(tenant, phase):
            if step.named:
                weights = overridden(weights, step.named, field=step.field)
                whose.append(step.whose)
        return weights, ", ".join(whose) or "default"

    def _overrides(self, tenant: str | None, phase: str | None) -> Iterator[_Override]:
        if phase in self.phases:
            yield _Override(f"phase {phase}", f"phases.{phase}.weights", self.phases[phase].weights)
        if tenant in self.tenants:
            own, where = self.tenants[tenant], f"tenants.{tenant}"
            yield _Override(f"tenant {tenant}", f"{where}.weights", own.weights)
            if phase in own.phases:
                named, whose = own.phases[phase].weights, f"tenant {tenant} in phase {phase}"
                yield _Override(whose, f"{where}.phases.{phase}.weights", named)

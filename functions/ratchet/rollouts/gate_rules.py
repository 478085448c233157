"""Gate rules: `config/gates`, the gates of each change class and the profiles that judge."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.document import Listed, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.version import ChangeClass, PolicyId
from ratchet.rollouts.amount import Margin, size_of
from ratchet.rollouts.golden.names import GoldenName
from ratchet.rollouts.profile import PROFILES, Profile

# The registry of gates is in `gates/`, and needs numpy; a contract test holds the two together.
GateName = Literal["replay", "golden", "shadow", "canary", "approval"]


class ClassRules(Model):
    """The gates of one change class in their order, and the profile that judges its rollouts.

    `maxLoss`: a replay must show that a version loses less reward than this, and so must the
    scores on the `golden` set.
    """

    gates: Annotated[tuple[GateName, ...], Listed, Field(max_length=10)]
    profile: str = "significance"
    max_loss: Margin = "2 points"
    golden: GoldenName | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.gates)) < len(self.gates):
            raise ValueError("a gate is named twice")
        if size_of(self.max_loss).unit == "usd":
            raise ValueError("maxLoss takes points or %: rewards are no dollars")
        return self


ALLOCATION = ClassRules(gates=("replay",))
BEHAVIOUR = ClassRules(gates=("shadow", "canary", "approval"))


class PolicyRules(Model):
    """What a policy has of its own; a class that is left out has the rules of all."""

    allocation: ClassRules | None = None
    behaviour: ClassRules | None = None


class Gates(Config):
    """`config/gates`; the default is what ships."""

    name: ClassVar[str] = "gates"

    allocation: ClassRules = ALLOCATION
    behaviour: ClassRules = BEHAVIOUR
    policies: dict[PolicyId, PolicyRules] = {}
    profiles: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")], Profile] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        for rules in self.all_rules():
            if rules.profile not in self.known():
                raise ValueError(f"there is no profile {rules.profile!r}")
        return self

    def all_rules(self) -> list[ClassRules]:
        """Return the rules of both classes, and what policies have of their own."""
        own = [r for p in self.policies.values() for r in (p.allocation, p.behaviour) if r]
        return [self.allocation, self.behaviour, *own]

    def known(self) -> Mapping[str, Profile]:
        """Return every profile there is, by name."""
        return PROFILES | self.profiles

    def rules(self, policy_id: str, change: ChangeClass) -> ClassRules:
        """Return the rules of a policy for a change class."""
        own = self.policies.get(policy_id)
        found = getattr(own, change) if own else None
        usual: ClassRules = getattr(self, change)
        return found or usual

    def profile(self, name: str) -> Profile:
        """Return a profile.

        Raises: InvalidInput that lists those there are.
        """
        if name not in self.known():
            raise InvalidInput(
                f"there is no profile {name!r}",
                field="profile",
                mend=f"one of {', '.join(self.known())}, or add it to config/gates",
            )
        return self.known()[name]

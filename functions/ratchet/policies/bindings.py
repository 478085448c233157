"""`config/bindings`: which policy a component asks for when it names none."""

from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound
from ratchet.policies.version import RESERVED_IDS, PolicyId

Text = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Binding(Model):
    """One line: components by shell-style pattern, perhaps one phase of their work, the policy."""

    component: Text
    phase: Text | None = None
    policy: PolicyId

    @field_validator("policy")
    @classmethod
    def _not_reserved(cls, policy: str) -> str:
        if policy in RESERVED_IDS:
            raise ValueError(f"{policy} is reserved")
        return policy


class Bindings(Config):
    """The lines in order; the first that matches wins."""

    name: ClassVar[str] = "bindings"

    bindings: Annotated[list[Binding], Field(max_length=200)] = []


def bound(bindings: Bindings, component: str, phase: str | None = None) -> str:
    """Return the id of the policy that a component, in a phase of its work, asks for.

    Raises: NotFound.
    """
    for line in bindings.bindings:
        if fnmatchcase(component, line.component) and line.phase in (None, phase):
            return line.policy
    raise NotFound(
        f"no policy is bound to {component[:120]}" + (f" in {phase[:120]}" if phase else ""),
        field="component",
        mend="ratchet config set bindings FILE --reason ...",
    )

"""The rules that watch, by name, and what `config/alerts` may set of each.

A rule's own file says what it looks at, and what it is like where nothing is set.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ratchet.govern.alerts.alert import Severity
from ratchet.kernel.document import Model

RuleName = Literal[
    "below-min-acceptable",
    "below-retrain",
    "floor-or-cap-hit",
    "label-growth-low",
    "loss-degrading",
    "rollout-promoted",
    "rollout-rolled-back",
    "rollout-stuck",
    "scoring-lag",
    "version-proposed",
]
# They tell what the audit chain says happened: none has a level, and none looks twice.
EVENT_RULES: tuple[RuleName, ...] = ("rollout-promoted", "rollout-rolled-back", "version-proposed")
OF_CONDITIONS = ("opens", "closes", "opens_after", "closes_after")
Looks = Annotated[int, Field(ge=1, le=1000)]


class RuleSetting(Model):
    """What is set of one rule; what is absent is as its file says.

    A condition opens after `opensAfter` looks in a row with a level over `opens`, and closes after
    `closesAfter` looks in a row at `closes` or under it. Where only one of both levels is set, the
    other gives way to it. A rule on events has neither levels nor looks. What a verb tells in its
    own transaction, as a verdict does that rolls back, it tells whatever is set here.
    """

    enabled: bool = True
    severity: Severity | None = None
    opens: float | None = None
    closes: float | None = None
    opens_after: Looks | None = None
    closes_after: Looks | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.opens is not None and self.closes is not None and self.closes > self.opens:
            raise ValueError("closes is over opens: one level would be bad and well")
        return self

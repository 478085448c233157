"""`config/studies`: which studies are started by rule, and how long whoever runs one has it."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ratchet.govern.config import Config
from ratchet.runs.studies.study import StudyType

# What a card can name a component weak in: the terms of the loss, `loss` itself, the reward.
Weak = Literal[
    "loss",
    "reward",
    "gatePassRate",
    "contradictions",
    "grounding",
    "costOverBudget",
    "latencyP95",
    "securityCriticals",
    "apiBreakages",
    "dbMigrationFail",
    "ragCoverage",
]
RULES: dict[Weak, StudyType] = {
    "loss": "parameter_tuning",
    "reward": "parameter_tuning",
    "gatePassRate": "prompt_synthesis",
    "contradictions": "prompt_synthesis",
    "grounding": "rag_optimization",
    "costOverBudget": "parameter_tuning",
    "latencyP95": "parameter_tuning",
    "securityCriticals": "prompt_synthesis",
    "apiBreakages": "tool_tuning",
    "dbMigrationFail": "tool_tuning",
    "ragCoverage": "rag_optimization",
}


class StudySettings(Config):
    """`config/studies`: `rules` say which type of study a weakness in a term, or a loss that grows,
    starts; without `enabled` none is started by rule.

    Of a component and type, none is started by rule while what the last one produced is tried, nor
    within `coolDownDays` of its end or of the activation of that; nor where `maxOpen` are open.
    Whoever runs a study has it for `leaseHours`; a job that nobody finishes in `patienceDays` has
    failed. `seeds` is how many a result is tried with.
    """

    name: ClassVar[str] = "studies"

    enabled: bool = True
    rules: dict[Weak, StudyType] = RULES
    cool_down_days: Annotated[float, Field(gt=0, le=90)] = 7.0
    max_open: Annotated[int, Field(ge=1, le=100)] = 5
    lease_hours: Annotated[float, Field(gt=0, le=168)] = 2.0
    patience_days: Annotated[float, Field(gt=0, le=90)] = 14.0
    seeds: Annotated[int, Field(ge=2, le=20)] = 5

    @property
    def cool_down(self) -> timedelta:
        """How long after one study the next of its kind may be started by rule."""
        return timedelta(days=self.cool_down_days)

    @property
    def lease(self) -> timedelta:
        """How long whoever runs a study has it."""
        return timedelta(hours=self.lease_hours)

    @property
    def patience(self) -> timedelta:
        """How long a job may go unfinished."""
        return timedelta(days=self.patience_days)

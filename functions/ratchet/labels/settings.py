"""The configuration of labels, judges and the review queue: `config/labels` and its neighbours."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name

Days = Annotated[float, Field(gt=0, le=400)]


class LabelSettings(Config):
    """`config/labels`: what is loaded as labels.

    `sampleOutcomes` k keeps one graded outcome in k, by the hash of its id. `recentDays` is what
    statistics call recent.
    """

    name: ClassVar[str] = "labels"

    approvals: bool = True
    feedback: bool = True
    gold: bool = True
    outcomes: bool = True
    sample_outcomes: Annotated[int, Field(ge=1, le=100_000)] = 1
    recent_days: Annotated[int, Field(ge=1, le=30)] = 7


class JudgeSpec(Model):
    """One judge: its kind in the registry, and what that kind takes as settings.

    An `agent` of `agents` may end in `*`. `family` is what its model descends from: it does not
    judge its own.
    """

    kind: Literal["recorded", "rules", "llm"] = "recorded"
    version: Name = "1"
    family: Name
    agents: list[str] = ["*"]
    settings: dict[str, JsonValue] = {}


class JudgeSettings(Config):
    """`config/judges`: who judges, and how weights are earned.

    With `grade`, the weighted word of judges on an observation becomes its feedback.
    """

    name: ClassVar[str] = "judges"

    judges: dict[Name, JudgeSpec] = {}
    window_days: Days = 30
    half_life_days: Days = 7
    bins: Annotated[int, Field(ge=2, le=100)] = 10
    keep_days: Days = 90
    grade: bool = True

    @property
    def retention(self) -> timedelta:
        """How long judgements are kept."""
        return timedelta(days=self.keep_days)


class ReviewSettings(Config):
    """`config/review`: whom the queue asks what.

    `nightly` is how many are selected for each agent by the schedule, `top` by a person's command
    at most. `secondShare` is the share of items that two reviewers are asked about, so that their
    agreement is known. `uniformShare` of a selection is drawn uniformly, so that everything can be
    drawn.
    """

    name: ClassVar[str] = "review"

    nightly: Annotated[int, Field(ge=0, le=1000)] = 20
    top: Annotated[int, Field(ge=1, le=1000)] = 50
    lease_minutes: Annotated[float, Field(gt=0, le=1440)] = 30.0
    second_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    uniform_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    window_days: Days = 7
    keep_days: Days = 90

    @property
    def lease(self) -> timedelta:
        """How long an item is kept for whoever claimed it."""
        return timedelta(minutes=self.lease_minutes)

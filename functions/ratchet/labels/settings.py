"""The configuration of labels, judges and the review queue: `config/labels` and its neighbours."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Model
from ratchet.kernel.fault import check_settings
from ratchet.labels.judges import JUDGES
from ratchet.labels.judges.judge import Seat
from ratchet.labels.review_item import LONGEST_LEASE
from ratchet.observe.observation import Name
from ratchet.store.port import Store

Days = Annotated[float, Field(gt=0, le=400)]
JudgeKind = Literal["recorded", "rules", "llm"]
# An agent, or by a `*` behind it all whose names begin so.
Agents = Annotated[
    str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._:@/+-]*\*?)$", max_length=121)
]


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

    An agent of `agents` may end in `*`. `family` is what its model descends from: it does not
    judge its own.
    """

    kind: JudgeKind = "recorded"
    version: Name = "1"
    family: Name
    agents: list[Agents] = ["*"]
    settings: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_settings(JUDGES[self.kind].settings, self.settings)
        return self

    def seat(self, judge: str, store: Store, clock: Clock) -> Seat:
        """Return what the judge is opened with."""
        return Seat(store, clock, judge, JUDGES[self.kind].settings.parse(self.settings))

    def takes(self, agent: str) -> bool:
        """Say whether it judges an agent."""
        return _nearest(self.agents, agent) is not None


class JudgeSettings(Config):
    """`config/judges`: who judges, and how weights are earned.

    `families` says of agents, whose names may end in `*`, what their models descend from; the
    longest name counts. With `grade`, the weighted word of judges on an observation becomes its
    feedback.
    """

    name: ClassVar[str] = "judges"

    judges: dict[Name, JudgeSpec] = {}
    families: dict[Agents, Name] = {}
    window_days: Days = 30
    half_life_days: Days = 7
    bins: Annotated[int, Field(ge=2, le=100)] = 10
    keep_days: Days = 90
    grade: bool = True

    @property
    def retention(self) -> timedelta:
        """How long judgements are kept."""
        return timedelta(days=self.keep_days)

    def family_of(self, agent: str) -> str | None:
        """Return what an agent's model descends from, where that is known."""
        found = _nearest(self.families, agent)
        return None if found is None else self.families[found]

    def may_judge(self, judge: str, family: str, agent: str) -> tuple[str, str] | None:
        """Return (field, reason) where a judge may not judge an agent, and how that is mended."""
        spec = self.judges.get(judge)
        if spec is not None and not spec.takes(agent):
            told = f"{judge} judges {', '.join(spec.agents)}"
            return "agent", f"{told}: add {agent} to its agents in config/judges"
        if family == self.family_of(agent):
            told = f"{agent} is of the family {family}, and none judges its own"
            return "family", f"{told}: ask a judge of another, or mend families in config/judges"
        return None


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
    lease_minutes: Annotated[float, Field(gt=0, le=LONGEST_LEASE.total_seconds() / 60)] = 30.0
    second_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    uniform_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    window_days: Days = 7
    keep_days: Days = 90

    @property
    def lease(self) -> timedelta:
        """How long an item is kept for whoever claimed it."""
        return timedelta(minutes=self.lease_minutes)


def _nearest(patterns: Iterable[str], agent: str) -> str | None:
    """Return the pattern that says most of an agent: its own name, else the longest that holds."""
    found = [p for p in patterns if p == agent or (p[-1] == "*" and agent.startswith(p[:-1]))]
    return max(found, key=lambda p: (p == agent, len(p)), default=None)

"""Study: one attempt to learn something better, from its hypothesis to a draft or to nothing."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, StringConstraints

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Name
from ratchet.policies.version import PolicyId
from ratchet.stats.intervals import Interval
from ratchet.store.port import Ref

STUDIES = "ops_studies"
NUMBERED = "-s"
StudyType = Literal[
    "prompt_synthesis",
    "adapter_training",
    "tool_tuning",
    "rag_optimization",
    "heuristic_training",
    "parameter_tuning",
]
StudyState = Literal["planned", "running", "succeeded", "failed", "abandoned"]
StartedBy = Literal["person", "tuner", "rule"]
OPEN: tuple[StudyState, ...] = ("planned", "running")
Hypothesis = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Configuration = Annotated[dict[Name, JsonValue], Field(max_length=100)]
Because = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Reasons = Annotated[tuple[Because, ...], Field(max_length=50)]
CostUsd = Annotated[float, Field(ge=0, le=10_000_000)]
DurationMs = Annotated[float, Field(ge=0, le=366 * 86_400_000)]


class Stability(Model):
    """How much a result hangs on chance: what several seeds came to.

    `agreeing` is how many of them came to the same; `mean` and `sd` are of the gains they expect.
    """

    seeds: Annotated[int, Field(ge=1, le=1000)]
    agreeing: Annotated[int, Field(ge=0, le=1000)]
    mean: float | None = None
    sd: Annotated[float, Field(ge=0)] | None = None


class LossDifference(Model):
    """The loss of the version produced minus that of the version it came from, on runs.

    Of the `sameDays` on which both ran. Where they are fewer than three, it is after less before: a
    study is begun because the past looked bad, and what did so by chance looks better by itself.
    """

    mean: float
    reference: float
    difference: float
    interval: Interval | None = None
    runs: int
    reference_runs: int
    same_days: int = 0
    as_of: Instant


class Result(Model):
    """What came of a study: a version that is a draft, or why there is none.

    `gain` is what the version is expected to earn more: of tuning, mean reward per observation; of
    training, log loss per label.
    """

    state: Literal["succeeded", "failed"]
    version: str | None = None
    gain: float | None = None
    gain_interval: Interval | None = None
    stability: Stability | None = None
    cost_usd: CostUsd | None = None
    duration_ms: DurationMs | None = None
    reasons: Reasons = ()


class Study(Document):
    """`ops_studies/{id}`: one study; every change of its state is on its policy's audit stream.

    `base` is the version it starts from, `version` the one it produced. `costUsd` is what was paid
    to others for it; `durationMs` what it took. `reasons` say why it ended as it did. Whoever runs
    it has it until `leaseUntil`; `attempts` counts how often it was begun.
    """

    collection: ClassVar[str] = STUDIES

    id: str
    type: StudyType
    component: Name
    policy: PolicyId
    base: str | None = None
    hypothesis: Hypothesis
    configuration: Configuration = {}
    state: StudyState = "planned"
    started_by: StartedBy
    actor: str
    cause: str = ""
    created_at: Instant
    updated_at: Instant
    begun_at: Instant | None = None
    ended_at: Instant | None = None
    lease_until: Instant | None = None
    attempts: int = 0
    cost_usd: float | None = None
    duration_ms: float | None = None
    stability: Stability | None = None
    version: str | None = None
    gain: float | None = None
    gain_interval: Interval | None = None
    loss_difference: LossDifference | None = None
    reasons: tuple[str, ...] = ()

    def key(self) -> str:
        """Return the id."""
        return study_ref(self.id).id

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    def is_free(self, now: datetime) -> bool:
        """Say whether it may be begun: nobody has it, or whoever had it let its lease pass."""
        lost = self.lease_until is None or self.lease_until <= now
        return self.state == "planned" or (self.state == "running" and lost)

    def begun(self, base: str | None, now: datetime, lease: timedelta | None = None) -> "Study":
        """Return it as somebody has it from now on; a job has a lease of its own."""
        return self.model_copy(
            update={
                "state": "running",
                "base": base,
                "begun_at": now,
                "lease_until": now + lease if lease else None,
                "attempts": self.attempts + 1,
                "updated_at": now,
            }
        )

    def ended(self, result: Result, now: datetime) -> "Study":
        """Return it with what came of it; a duration that is not told is that since it began."""
        took = (now - self.begun_at).total_seconds() * 1000 if self.begun_at else None
        told = {name: getattr(result, name) for name in Result.model_fields}
        took = told["duration_ms"] if told["duration_ms"] is not None else took
        return self.model_copy(update=told | {"duration_ms": took} | _closed(now))

    def abandoned(self, why: str, now: datetime) -> "Study":
        """Return it as given up."""
        return self.model_copy(update={"state": "abandoned", "reasons": (why,)} | _closed(now))


def _closed(now: datetime) -> dict[str, datetime | None]:
    return {"ended_at": now, "updated_at": now, "lease_until": None}


def study_ref(study_id: str) -> Ref:
    """Return where a study is."""
    return Ref(STUDIES, join_key(study_id))


def study_note(study_id: str) -> str:
    """Return what the notes of a version say that a study produced: found again, it is its own."""
    return f"of study {study_id}"


class OpenStudy(Model):
    """An open study as the roster has it."""

    id: str
    type: StudyType
    component: str


class Roster(Document):
    """`ops_checkpoints/studies`: the studies that are open, on which all that plan one contend."""

    collection: ClassVar[str] = "ops_checkpoints"

    studies: tuple[OpenStudy, ...] = ()

    def key(self) -> str:
        """Return the name of the one roster."""
        return ROSTER.id

    def find(self, component: str, kind: StudyType) -> str | None:
        """Return the id of the open study of a component and type, if there is one."""
        like = (s.id for s in self.studies if (s.component, s.type) == (component, kind))
        return next(like, None)

    def joined_by(self, study: Study) -> "Roster":
        """Return it with a study more."""
        new = OpenStudy(id=study.id, type=study.type, component=study.component)
        return self.model_copy(update={"studies": (*self.studies, new)})

    def left_by(self, study_id: str) -> "Roster":
        """Return it without a study."""
        return self.model_copy(
            update={"studies": tuple(s for s in self.studies if s.id != study_id)}
        )


ROSTER = Ref(Roster.collection, "studies")

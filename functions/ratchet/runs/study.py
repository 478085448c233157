"""Study: one attempt to learn something better, from its hypothesis to a draft or to nothing."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from ratchet.kernel.document import Document, Instant, Model
from ratchet.stats.intervals import Interval

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


class Stability(Model):
    """How much a result hangs on chance: what several seeds came to."""

    seeds: int
    agreeing: int
    mean: float | None = None
    sd: float | None = None


class LossDifference(Model):
    """The loss of the version produced minus that of the version it came from, on runs."""

    mean: float
    reference: float
    difference: float
    interval: Interval | None = None
    runs: int
    reference_runs: int
    as_of: Instant


class Study(Document):
    """`ops_studies/{id}`: one study; every change of its state is on its policy's audit stream.

    `base` is the version it starts from, `version` the one it produced. `costUsd` and `durationMs`
    are what it took; `reasons` say why it ended as it did.
    """

    collection: ClassVar[str] = "ops_studies"

    id: str
    type: StudyType
    component: str
    policy: str
    base: str | None = None
    hypothesis: str
    configuration: dict[str, JsonValue] = {}
    state: StudyState = "planned"
    started_by: StartedBy
    actor: str
    cause: str = ""
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None = None
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
        return self.id

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

"""Run: one orchestrated piece of work made of many observations, as it is told and as stored."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, Strict, StringConstraints

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Code, Count, Name, Outcome, Share, Step, Unit
from ratchet.observe.run_arm import RunArm
from ratchet.runs.loss import RunLoss
from ratchet.stats.run_sums import RunSums
from ratchet.store.port import Ref

MAX_REVISIONS = 100
DEFAULT_TENANT, DEFAULT_PHASE = "default", "default"
GateResult = Literal["passed", "failed", "skipped"]
Usd = Annotated[float, Field(ge=0, le=10_000_000)]
Millis = Annotated[float, Field(ge=0, le=90 * 86_400_000)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Metric = Annotated[float, Field(ge=-1e12, le=1e12)]
References = Annotated[tuple[Reference, ...], Strict(False), Field(max_length=50)]
Models = Annotated[tuple[Name, ...], Strict(False), Field(max_length=20)]


class Budget(Model):
    """What a run may cost and how long it may take. Units: US dollars, milliseconds."""

    model_config = ConfigDict(strict=True)

    max_cost_usd: Usd | None = None
    max_duration_ms: Millis | None = None


class Qav(Model):
    """One question-and-answer verification of a run's output: what was checked, and how it went.

    `grounding` is the share of the statements that are supported, `contradictions` how many are
    contradicted; either may be absent.
    """

    model_config = ConfigDict(strict=True)

    check: Name
    passed: bool
    grounding: Share | None = None
    contradictions: Count | None = None


class RunReport(Model):
    """A run as it is told. What is unknown is absent, never zero.

    Units: costUsd in US dollars, durationMs in milliseconds. `metrics` are numbers by name: those
    that a term of the loss reads, and any others. `rolloutArm` and its neighbours say which arm of
    a rollout served the run, as in an observation.
    """

    model_config = ConfigDict(strict=True)

    run_id: Name
    ts: Instant
    component: Name
    tenant: Name = DEFAULT_TENANT
    phase: Name = DEFAULT_PHASE
    policy_version: Name | None = None
    models: Models = ()
    budget: Budget = Budget()
    cost_usd: Usd | None = None
    duration_ms: Millis | None = None
    outcome: Outcome | None = None
    error_code: Code | None = None
    metrics: Annotated[dict[Name, Metric], Field(max_length=100)] = {}
    gates: Annotated[dict[Name, GateResult], Field(max_length=100)] = {}
    qav: Annotated[tuple[Qav, ...], Strict(False), Field(max_length=100)] = ()
    input: Reference | None = None
    output: Reference | None = None
    traces: References = ()
    unit: Unit | None = None
    rollout_id: Name | None = None
    rollout_arm: Name | None = None
    rollout_step: Step | None = None
    exposed_at: Instant | None = None


class Revision(Model):
    """One telling of a run: its number, the hash of what was told, when it came, and its loss."""

    number: int
    content_hash: str
    at: Instant
    loss: float | None = None


class Counted(Model):
    """What a run adds to the sums at present: to which buckets, and how much.

    `rollout` is what it adds to a rollout's bucket.
    """

    component: str
    version: str
    day: Instant
    sums: RunSums
    rollout: RunArm | None = None


class Run(Document):
    """`ops_runs/{runId}`: the newest revision of a run, its loss, and what it counts for.

    Other revisions are in `ops_run_revisions`. `component` and `ts` are the report's, for those who
    look for runs; `shard`, which a run keeps, and `changedAt` let the counting find what is new;
    `counted` is absent until it has.
    """

    collection: ClassVar[str] = "ops_runs"

    component: str
    ts: Instant
    report: RunReport
    revision: int
    revisions: tuple[Revision, ...]
    loss: RunLoss
    counted: Counted | None = None
    shard: int
    changed_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return the run's id."""
        return run_ref(self.report.run_id).id


def run_ref(run_id: str) -> Ref:
    """Return where a run is."""
    return Ref(Run.collection, join_key(run_id))


class RunRevision(Document):
    """`ops_run_revisions/{runId~number}`: a telling of a run that is not the newest."""

    collection: ClassVar[str] = "ops_run_revisions"

    number: int
    report: RunReport
    loss: RunLoss
    at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return the run's id and the number."""
        return revision_ref(self.report.run_id, self.number).id


def revision_ref(run_id: str, number: int) -> Ref:
    """Return where a revision of a run is that is not the newest."""
    return Ref(RunRevision.collection, join_key(run_id, number))

"""Events: CloudEvents 1.0 that say an execution or a planning was completed.

`execution.completed` and `planning.completed` have the same data, `Completed`; what is unknown is
absent. A quality is told with its scale. Who graded it vouches for it; a quality that nobody is
named for is the author's own word (`self`). A planning without an output is answered by its plan.
Without a run, `runId`, an event is of its task alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from ratchet.datasets.example import SELF, Content, Facts, Hash, Lineage, SourceId, Step, Writer
from ratchet.datasets.extract.extractor import Extracted, Told, extracted, or_malformed, parsed
from ratchet.datasets.quality import Scale, quality_from
from ratchet.kernel.document import Instant, Listed, Model
from ratchet.observe.observation import Count, Name, Outcome, Share
from ratchet.runs.run import DEFAULT_TENANT, Millis, Usd

SOURCE = "events"
MAX_STEPS = 10_000
PLANNING = "planning.completed"
Grader = Annotated[
    str, StringConstraints(pattern=r"^(person|check|self|(judge|model):\S+)$", max_length=120)
]
Asked = Annotated[str, StringConstraints(min_length=1)]


class TraceStep(Step):
    """A step as it is told: like a stored one, and taken strictly."""

    model_config = ConfigDict(strict=True)


class PlanItem(Model):
    """An item of a plan, and whether it was done, where that is known."""

    model_config = ConfigDict(strict=True)

    text: Asked
    ok: bool | None = None


class Completed(Model):
    """What was asked, done and answered. Units: milliseconds, US dollars."""

    model_config = ConfigDict(strict=True)

    task_id: SourceId
    component: Name
    input: Asked
    output: str = ""
    outcome: Outcome
    trace: Annotated[tuple[TraceStep, ...], Listed, Field(max_length=MAX_STEPS)] = ()
    plan: Annotated[tuple[PlanItem, ...], Listed, Field(max_length=MAX_STEPS)] = ()
    run_id: Name | None = None
    tenant: Name = DEFAULT_TENANT
    policy_version: Name | None = None
    model: Name | None = None
    writer: Writer = "machine"
    duration_ms: Millis | None = None
    errors: Count = 0
    retries: Count = 0
    tokens: Count | None = None
    cost_usd: Usd | None = None
    quality: float | None = None
    quality_scale: Scale | None = None
    confidence: Share | None = None
    graded_by: Grader | None = None
    parents: Annotated[tuple[Hash, ...], Listed, Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _graded(self) -> Self:
        if (self.quality is None) != (self.quality_scale is None):
            raise ValueError("quality and qualityScale go together")
        if self.quality is None and (self.confidence, self.graded_by) != (None, None):
            raise ValueError("confidence and gradedBy are said of a quality")
        return self


def _time(value: object) -> object:
    """Take an instant as CloudEvents write it, RFC 3339, as well as milliseconds."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("wants RFC 3339, like 2026-01-01T00:00:00Z") from error


class Event(Model):
    """One CloudEvent; its extensions are passed over."""

    model_config = ConfigDict(extra="ignore")

    id: Asked
    source: Asked
    type: Literal["execution.completed", "planning.completed"]
    time: Annotated[Instant, BeforeValidator(_time)] | None = None
    data: Completed


def extract(payload: Any, *, source_id: str, at: datetime) -> Extracted:
    """Return the example of one event; without a time it is of its arrival.

    Raises: Malformed, Poisoned.
    """
    event = parsed(Event, payload)
    data, planning = event.data, event.type == PLANNING
    told = Told(
        task_id=data.task_id,
        ts=event.time or at,
        component=data.component,
        tenant=data.tenant,
        quality=_quality_of(data),
        confidence=data.confidence,
        task_type="planning" if planning else None,
        facts=_facts_of(data),
        lineage=_lineage_of(data),
    )
    return extracted(SOURCE, source_id, _content_of(data, planning), told)


def _content_of(data: Completed, planning: bool) -> Content:
    """Return the words; where the plan is the answer, it is no step towards it."""
    trace = tuple(Step(**step.model_dump()) for step in data.trace)
    if planning and not data.output.strip():
        return Content(input=data.input, output=_numbered(data.plan), steps=trace)
    plan = tuple(Step(kind="plan", text=item.text, ok=item.ok) for item in data.plan)
    return Content(input=data.input, output=data.output, steps=plan + trace)


def _numbered(plan: Sequence[PlanItem]) -> str:
    return "\n".join(f"{i}. {item.text}" for i, item in enumerate(plan, 1))


def _quality_of(data: Completed) -> float | None:
    value, scale = data.quality, data.quality_scale
    if value is None or scale is None:
        return None
    return or_malformed(lambda: quality_from(value, scale), inside="data.")


def _facts_of(data: Completed) -> Facts:
    return Facts(
        outcome=data.outcome,
        duration_ms=data.duration_ms,
        errors=data.errors,
        retries=data.retries,
        tokens=data.tokens,
        cost_usd=data.cost_usd,
    )


def _lineage_of(data: Completed) -> Lineage:
    grader = data.graded_by or (None if data.quality is None else SELF)
    return Lineage(
        policy_version=data.policy_version,
        model=data.model,
        writer=data.writer,
        vouched=() if grader is None else (grader,),
        parents=data.parents,
        run_id=data.run_id,
    )

"""Runs: a run whose input can be read is an example of what it was asked and answered.

Its quality is what people said of it, else what judges said, else the share of its verifications
(qav) that passed, else 100 (1 - loss). `vouched` are those who graded it, each verification that
passed as `judge:NAME`, and `check` where gates were passed and none failed. Runs of one input are
repeats of one task. Where several models served it, the lineage names them all, joined by `+`.

The payload is `run` (the report), `input`, `output` and `traces` as text, and where known `loss`,
`observed` (the sums of its observations) and `labels` (those on the run).
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ratchet.datasets.example import CHECK, Content, Facts, Lineage
from ratchet.datasets.extract.extractor import Extracted, Told, extracted, parsed
from ratchet.datasets.extract.graded import graded
from ratchet.datasets.extract.trace_text import steps_of
from ratchet.datasets.quality import quality_from
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Listed, Model
from ratchet.kernel.errors import Malformed
from ratchet.labels.label import Label
from ratchet.observe.run_totals import RunObserved
from ratchet.runs.run import RunReport
from ratchet.stats.moments import SCALES

SOURCE = "runs"
MAX_COUNT, MAX_NAME = 10**9, 120


class RunTold(Model):
    """A run with its references resolved to the texts that they led to."""

    run: RunReport
    input: str
    output: str = ""
    traces: Annotated[tuple[str, ...], Listed] = ()
    loss: Annotated[float, Field(allow_inf_nan=False)] | None = None
    observed: RunObserved | None = None
    labels: Annotated[tuple[Label, ...], Listed] = ()


def extract(payload: Any, *, source_id: str, at: datetime) -> Extracted:
    """Return the example of one run.

    Raises: Malformed, Poisoned.
    """
    one = parsed(RunTold, payload, own=("observed",))
    said = graded(one.labels)
    quality = said.quality if said.quality is not None else _quality_of(one)
    told = Told(
        task_id=f"input:{content_hash(' '.join(one.input.split()))}",
        ts=one.run.ts,
        component=one.run.component,
        tenant=one.run.tenant,
        quality=quality,
        confidence=said.confidence if said.confidence is not None else _sureness_of(one.run),
        facts=_facts_of(one),
        lineage=Lineage(
            policy_version=one.run.policy_version,
            model=_models_of(one.run),
            vouched=tuple(sorted({*said.vouched, *_vouched_by(one.run)})),
            run_id=one.run.run_id,
        ),
        labels=said.grades,
    )
    return extracted(SOURCE, source_id, _content_of(one), told)


def _models_of(run: RunReport) -> str | None:
    """Return all models of a run: with one left out, what it wrote could train it again."""
    joined = "+".join(run.models)
    if len(joined) > MAX_NAME:
        raise Malformed(
            f"their names have over {MAX_NAME} characters together",
            field="run.models",
            mend="tell the run with those that wrote its output",
        )
    return joined or None


def _content_of(one: RunTold) -> Content:
    steps = [steps_of(text, f"traces.{i}") for i, text in enumerate(one.traces)]
    return Content(input=one.input, output=one.output, steps=tuple(s for of in steps for s in of))


def _quality_of(one: RunTold) -> float | None:
    """Return what the run itself says of its quality, 0..100."""
    if one.run.qav:
        return quality_from(sum(qav.passed for qav in one.run.qav) / len(one.run.qav), "0-1")
    return None if one.loss is None else quality_from(min(1.0, max(0.0, 1 - one.loss)), "0-1")


def _sureness_of(run: RunReport) -> float | None:
    """Return how sure the run's own checks are: gates wholly, verifications as they agree."""
    if _gated(run):
        return 1.0
    if not run.qav:
        return None
    passed = sum(qav.passed for qav in run.qav) / len(run.qav)
    return max(passed, 1 - passed)


def _gated(run: RunReport) -> bool:
    return "passed" in run.gates.values() and "failed" not in run.gates.values()


def _vouched_by(run: RunReport) -> set[str]:
    judges = {f"judge:{qav.check}" for qav in run.qav if qav.passed}
    return judges | ({CHECK} if _gated(run) else set())


def _facts_of(one: RunTold) -> Facts:
    """Return how it went, as the run says; what it does not, as its observations add up."""
    run, sums = one.run, one.observed or RunObserved()
    cost = run.cost_usd
    if cost is None and sums.cost.n:
        cost = max(0, sums.cost.wx) / SCALES["cost"]
    tokens = sums.tokens_in + sums.tokens_out
    return Facts(
        outcome=run.outcome,
        duration_ms=run.duration_ms,
        errors=_count(max(sum(sums.errors.values()), run.error_code is not None)),
        retries=_count(sums.retries),
        tokens=_count(tokens) if tokens > 0 else None,
        cost_usd=cost,
    )


def _count(value: int) -> int:
    return min(MAX_COUNT, max(0, value))

"""Callables of datasets: a person builds and withdraws, a service records on a golden set."""

from typing import Annotated

from pydantic import Field

from ratchet.entry.callables.protocol import admins_call, services_call
from ratchet.entry.http.v1.route import Why
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Listed, Model
from ratchet.observe.observation import Name
from ratchet.rollouts.golden.names import MAX_EXAMPLES, Address, ExampleId, GoldenName, Purpose

MOST = 200  # as many as are withdrawn in one transaction
Version = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}@\d+\.\d+\.\d+$", max_length=120)]
Scores = Annotated[
    dict[ExampleId, Annotated[float, Field(ge=0, le=1)]], Field(max_length=MAX_EXAMPLES)
]


class BuildDataset(Model):
    """What `build_dataset` takes."""

    dataset: Name
    reason: Reason | None = None


class WithdrawExamples(Model):
    """What `withdraw_examples` takes."""

    ids: Annotated[tuple[Address, ...], Listed, Field(min_length=1, max_length=MOST)]
    reason: Why


class RecordGolden(Model):
    """What `record_golden` takes: a score 0..1 of every example, and the champion's if sent."""

    set: GoldenName
    version: Version
    scores: Scores
    champion: Version | None = None
    champion_scores: Scores | None = None
    purpose: Purpose = "promotion"


@admins_call(BuildDataset)
def build_dataset(app: App, actor: Actor, asked: BuildDataset) -> Model:
    """Build the next version; one over its time is gone on with by the next call."""
    from ratchet.datasets.versions import build

    return build.build_dataset(
        app.store,
        app.blobs,
        app.keys,
        app.reader,
        actor,
        asked.dataset,
        now=app.clock(),
        reason=asked.reason,
    )


@admins_call(WithdrawExamples)
def withdraw_examples(app: App, actor: Actor, asked: WithdrawExamples) -> Model:
    """Take examples out of every version to come; those that hold them already are named."""
    from ratchet.datasets.versions import withdraw

    return withdraw.withdraw_examples(
        app.store, app.blobs, app.keys, actor, asked.ids, reason=asked.reason, now=app.clock()
    )


@services_call(RecordGolden)
def record_golden(app: App, actor: Actor, asked: RecordGolden) -> Model:
    """Record a version's scores on a golden set: one look; the same again is no second one."""
    from ratchet.rollouts.golden import record

    found = record.record_golden(
        app.store,
        app.blobs,
        app.keys,
        actor,
        asked.set,
        asked.version,
        asked.scores,
        now=app.clock(),
        champion=asked.champion,
        champion_scores=asked.champion_scores,
        purpose=asked.purpose,
    )
    return found.shown()

"""The scheduled verbs as `ticks` calls them; each is imported where it runs, at no cold start."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from ratchet.entry.wiring import App
from ratchet.kernel.ids import random_id
from ratchet.observe.settings import Ingest
from ratchet.store.no_blobs import NoBlobs

Report = Mapping[str, Any]
# A deployment that named no blobs has no datasets; `ratchet doctor` says so.
WITHOUT_BLOBS: Report = {"skipped": "RATCHET_BLOBS is not set"}


def score(app: App, now: datetime) -> Report:
    """Score what is new, fold in late grades, and count the runs that they belong to."""
    from ratchet.observe.fold import fold_feedback
    from ratchet.observe.read_until import keep_read_until
    from ratchet.observe.score import score_observations
    from ratchet.observe.settings import shards_ever
    from ratchet.runs.count import count_runs

    ingest = app.reader.read(Ingest)
    shards = max(ingest.shards, shards_ever(app.store))
    scored = score_observations(app.store, app.reader, clock=app.clock, shards=shards)
    folded = fold_feedback(app.store, ingest=ingest, now=now, shards=shards)
    counted = count_runs(app.store, app.reader, ingest=ingest, now=now, shards=shards)
    if scored.read_until is not None and not folded.behind and not counted.behind:
        keep_read_until(app.store, min(scored.read_until, now - ingest.lag))
    return scored.to_map() | {"feedback": folded.to_map(), "runs": counted.to_map()}


def roll(app: App, now: datetime) -> Report:
    """Merge buckets and write the short windows."""
    from ratchet.observe.roll_up import roll_stats

    return roll_stats(app.store, app.reader, now=now).to_map()


def roll_long(app: App, now: datetime) -> Report:
    """Write the long windows."""
    from ratchet.observe.roll_up import roll_long_windows

    return roll_long_windows(app.store, app.reader, now=now).to_map()


def evaluate(app: App, now: datetime) -> Report:
    """Judge running rollouts."""
    from ratchet.rollouts.approve import expire_approvals
    from ratchet.rollouts.evaluate import evaluate_rollouts

    closed = expire_approvals(app.store, app.keys, now=now)  # first: who lapsed is asked again
    looked = evaluate_rollouts(app.store, app.keys, app.reader, now=now)
    return {
        "rollouts": [look.to_map() for look in looked],
        "approvals": [{"id": approval.id, "state": approval.state} for approval in closed],
    }


def tune(app: App, now: datetime) -> Report:
    """Let the tuners look at every policy."""
    from ratchet.rollouts.carry_draft import carry_draft
    from ratchet.runs.studies.record_study import record_tuner_studies
    from ratchet.tune.auto_tune import auto_tune_policies

    carry = partial(carry_draft, app.store, app.keys, app.reader, salt=random_id, now=now)
    outcomes = auto_tune_policies(app.store, app.keys, app.reader, carry=carry, now=now)
    record_tuner_studies(app.store, app.keys, outcomes, now=now)
    return {"policies": [outcome.to_map() for outcome in outcomes]}


def load_labels(app: App, now: datetime) -> Report:
    """Turn what the feeds hold into labels."""
    from ratchet.labels.load import load_labels

    return load_labels(app.store, app.keys, app.reader, now=now).to_map()


def weigh(app: App, now: datetime) -> Report:
    """Weigh the judges."""
    from ratchet.labels.weigh_and_grade import weigh_and_grade

    return weigh_and_grade(app.store, app.reader, now=now).to_map()


def fill(app: App, now: datetime) -> Report:
    """Fill the review queue."""
    from ratchet.labels.select.fill import fill_review_queue

    return fill_review_queue(app.store, app.reader, now=now, known=True).to_map()


def collect(app: App, now: datetime) -> Report:
    """Make examples of what was done since the last time."""
    from ratchet.datasets.collecting.collect import collect_examples

    if isinstance(app.blobs, NoBlobs):
        return WITHOUT_BLOBS
    return collect_examples(app.store, app.blobs, app.keys, app.reader, now=now).to_map()


def build(app: App, now: datetime) -> Report:
    """Build a version of every dataset that is scheduled."""
    from ratchet.datasets.versions.build_scheduled import build_datasets

    return build_datasets(app.store, app.blobs, app.keys, app.reader, now=now).to_map()


def report(app: App, now: datetime) -> Report:
    """Count what every dataset has and wants."""
    from ratchet.datasets.status import report_datasets

    return report_datasets(app.store, app.reader, now=now).to_map()


def retain(app: App, now: datetime) -> Report:
    """Keep observations and rewards as Parquet before they expire."""
    from ratchet.datasets.retain.retain import retain_days

    if isinstance(app.blobs, NoBlobs):
        return WITHOUT_BLOBS
    return retain_days(app.store, app.blobs, app.reader, now=now).to_map()


def sweep_blobs(app: App, now: datetime) -> Report:
    """Remove blobs that nothing names any more."""
    from ratchet.datasets.sweep_blobs import sweep_blobs

    return sweep_blobs(app.store, app.blobs, now=now).to_map()


def sweep(app: App, now: datetime) -> Report:
    """Score what the cursors passed by."""
    from ratchet.observe.sweep import sweep

    return sweep(app.store, app.reader, now=now).to_map()


def verify(app: App, now: datetime) -> Report:
    """Verify the chains and the versions."""
    from ratchet.govern.verify import verify_all
    from ratchet.policies.verify import verify_versions

    streams = verify_all(app.store, app.keys, now=now)
    versions = verify_versions(app.store, app.keys, now=now)
    return {
        "streams": [r.to_map() for r in streams],
        "versions": [r.to_map() for r in versions],
    }


def refresh(app: App, now: datetime) -> Report:
    """Bring the cards of components with new runs up to date."""
    from ratchet.runs.cards.refresh_cards import refresh_cards

    return refresh_cards(app.store, app.reader, now=now).to_map()


def compare(app: App, now: datetime) -> Report:
    """Compare every component with its fleet and its past, by the days that are over."""
    from ratchet.runs.cards.compare_fleet import compare_fleet

    return compare_fleet(app.store, app.reader, now=now).to_map()


def study(app: App, now: datetime) -> Report:
    """Plan, run and measure studies."""
    from ratchet.runs.studies.run_studies import run_studies

    return run_studies(app.store, app.keys, app.reader, clock=app.clock).to_map()


def watch(app: App, now: datetime) -> Report:
    """Let every rule of alerts look."""
    from ratchet.insight.watch import watch_alerts

    return watch_alerts(app.store, app.keys, app.reader, now=now).to_map()


def deliver(app: App, now: datetime) -> Report:
    """Tell the sinks what became of alerts."""
    from ratchet.entry.outlets import outlets
    from ratchet.govern.deliver import deliver_alerts

    return deliver_alerts(app.store, app.reader, outlets=outlets(), clock=app.clock).to_map()

"""`heuristic_training`: an agent's model is trained on its labels, and drafted."""

from statistics import fmean, stdev
from typing import NamedTuple

from ratchet.kernel.errors import Refused
from ratchet.labels.heuristics.draft import Drafted, draft_heuristic, reasons_of
from ratchet.labels.heuristics.train import Trained, gather, train_on, wanted_of
from ratchet.labels.uses import record_use
from ratchet.runs.studies.own_draft import own_draft
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Stability, Study, study_note


class Learned(NamedTuple):
    """A model, its draft where there is one, and what came of the study."""

    trained: Trained
    drafted: Drafted | None
    result: Result


def run(desk: Desk, study: Study) -> Result:
    """Train the model of the study's component under several seeds of its folds, and draft it.

    What its features gain is measured on labels left out: log loss per label, beside that of the
    share of a yes alone. A machine drafts nothing that most seeds do not gain by.
    """
    return learn(desk, study).result


def learn(desk: Desk, study: Study) -> Learned:
    """Return the model of the first seed with what came of the study.

    Raises: as a runner.
    """
    agent = study.component
    wanted = wanted_of(desk.reader, agent)
    if wanted.policy != study.policy:
        raise Refused(
            f"the model of {agent} is carried by {wanted.policy}, not by {study.policy}",
            field="policy",
            mend=f"start it for {wanted.policy}, or mend config/heuristics",
        )
    lesson = gather(desk.store, desk.reader, agent, now=desk.now)
    tried = [train_on(lesson, seed=seed) for seed in range(desk.settings.seeds)]
    gains = [_gain(one) for one in tried]
    trained, stability = tried[0], _stability(gains)
    reasons = tuple(reason[:1000] for reason in reasons_of(trained))
    told = {"gain": gains[0], "stability": stability, "cost_usd": 0.0}
    if desk.actor.kind == "machine" and 2 * stability.agreeing <= stability.seeds:
        few = f"under {stability.agreeing} of {stability.seeds} seeds its features tell anything"
        return Learned(trained, None, Result(state="failed", reasons=(few, *reasons), **told))
    drafted = _drafted(desk, study, trained)
    if not drafted.new:
        same = f"{drafted.version} says the same"
        return Learned(trained, drafted, Result(state="failed", reasons=(same, *reasons), **told))
    result = Result(state="succeeded", version=drafted.version, reasons=reasons, **told)
    return Learned(trained, drafted, result)


def _drafted(desk: Desk, study: Study, trained: Trained) -> Drafted:
    own = own_draft(desk.store, desk.keys, study.policy, study.id)
    if own is not None:  # of an attempt that died, perhaps before it said what it learned from
        for agent, labels in trained.labels.items():
            record_use(desk.store, f"version:{own.key()}", agent, labels, desk.now)
        return Drafted(version=own.key(), new=True, reasons=reasons_of(trained))
    return draft_heuristic(
        desk.store,
        desk.keys,
        trained,
        now=desk.now,
        actor=desk.actor,
        reason=desk.reason,
        notes=study_note(study.id),
    )


def _gain(trained: Trained) -> float:
    """Return the log loss per label that a model saves, as the mean of its scorers."""
    return fmean(r.baseline_log_loss - r.log_loss for r in trained.reports.values())


def _stability(gains: list[float]) -> Stability:
    agreeing = sum(gain > 0 for gain in gains)
    return Stability(seeds=len(gains), agreeing=agreeing, mean=fmean(gains), sd=stdev(gains))

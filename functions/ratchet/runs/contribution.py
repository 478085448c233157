"""Contribution: what one run adds to the sums of its component, version and day; pure."""

from ratchet.kernel.clock import day_of
from ratchet.observe.run_totals import RunObserved
from ratchet.observe.tally import UNVERSIONED
from ratchet.runs.loss import RunLoss
from ratchet.runs.run import Counted, RunReport
from ratchet.runs.terms.facts import Facts
from ratchet.stats.bucket import OTHER
from ratchet.stats.moments import SCALES, Moments
from ratchet.stats.run_sums import ModelSums, RunSums


def counted(report: RunReport, loss: RunLoss, observed: RunObserved) -> Counted:
    """Return what a run counts, and where: in the bucket of its component, version and day."""
    return Counted(
        component=report.component,
        version=report.policy_version or UNVERSIONED,
        day=day_of(report.ts),
        sums=contribution(report, loss, observed),
    )


def contribution(report: RunReport, loss: RunLoss, observed: RunObserved) -> RunSums:
    """Return the sums of one run.

    Its reward is the mean of its observations; each model's that of what the model's arm served,
    where that is known. Models are those that it tells, else the arms of its observations.
    """
    whole, failed = one(loss.loss, "loss"), _failed(report)
    return RunSums(
        runs=1,
        loss=whole,
        terms={name: one(term.loss, "loss") for name, term in loss.terms.items()},
        reward=one(_reward(observed.reward), "reward"),
        cost=one(Facts(report, observed).cost_usd, "cost"),
        duration=one(report.duration_ms, "latency"),
        models={name: _model(name, whole, observed) for name in _models(report, observed)},
        outcomes={report.outcome: 1} if report.outcome else {},
        errors={report.error_code: 1} if report.error_code else {},
        gates=dict.fromkeys(failed, 1),
        gates_seen=int(any(result != "skipped" for result in report.gates.values())),
    )


def one(value: float | None, scale: str) -> Moments:
    """Return the moments of one value, in whole units of a scale; nothing of None.

    >>> found = one(0.5, "loss")
    >>> found.n, found.wx, found.wxx
    (1, 500000, 250000000000)
    """
    if value is None:
        return Moments()
    x = round(value * SCALES[scale])
    return Moments.model_construct(n=1, w=1, wx=x, wxx=x * x, w2=1, w2x=x, w2xx=x * x)


def _failed(report: RunReport) -> list[str]:
    return sorted(gate for gate, result in report.gates.items() if result == "failed")


def _models(report: RunReport, observed: RunObserved) -> list[str]:
    return sorted({*report.models} or {*observed.by_arm} - {OTHER})


def _model(name: str, loss: Moments, observed: RunObserved) -> ModelSums:
    of_arm = observed.by_arm.get(name, observed.reward)
    return ModelSums(reward=one(_reward(of_arm), "reward"), loss=loss)


def _reward(rewards: Moments) -> float | None:
    return rewards.mean(SCALES["reward"])

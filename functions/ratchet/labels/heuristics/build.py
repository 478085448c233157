"""Build a heuristic from labelled rows: a model for `positive`, or one for each arm."""

from collections.abc import Mapping
from typing import NamedTuple

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.fit import fit
from ratchet.labels.heuristics.fit_report import FitReport
from ratchet.labels.heuristics.samples import Samples
from ratchet.labels.heuristics.settings import AgentHeuristic
from ratchet.policies.heuristic import Heuristic


class Built(NamedTuple):
    """A heuristic, and what each of its models promises."""

    heuristic: Heuristic
    reports: dict[str, FitReport]


def build(
    agent: str, wanted: AgentHeuristic, samples: Mapping[str, Samples], *, seed: int
) -> Built:
    """Train what an agent's configuration wants; `samples` are by arm, or under `positive` alone.

    Raises: InvalidInput with too few labels, of either class or at all, or without scikit-learn.
    """
    specs = wanted.specs
    agents = wanted.agents(agent)
    for name, whose in agents.items():
        require_labels(whose, len(samples[name]), wanted.min_labels)
    fitted = {
        name: fit(samples[name], specs, wanted.costs, kind=wanted.model, seed=seed)
        for name in agents
    }
    reports = {name: one.report for name, one in fitted.items()}
    heuristic = Heuristic(
        agent=agent,
        features={name: spec.model_copy(update={"about": ""}) for name, spec in specs.items()},
        scorers={name: one.scorer for name, one in fitted.items()},
        positive=wanted.positive,
        negative=wanted.negative,
        threshold=0.5 if wanted.arms else reports[wanted.positive].threshold,
        costs=wanted.costs,
        arms=wanted.arms,
        cost_weight=wanted.cost_weight,
        explore=wanted.explore,
    )
    return Built(heuristic, reports)


def require_labels(agent: str, found: int, wanted: int) -> None:
    """Refuse to train on too few labels.

    Raises: InvalidInput with the count.
    """
    if found < wanted:
        raise InvalidInput(
            f"{agent} has {found} labels with features, {wanted} are wanted",
            field="labels",
            mend="ratchet labels load, or answer what ratchet review next asks",
        )

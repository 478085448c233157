"""The demo's chart: reward over time, and the weights that made it."""

from ratchet.entry.demo.run import Run
from ratchet.entry.plot import HEIGHT, Points, panel, svg
from ratchet.policies.space import arm_weights

STEPS = 100


def demo_chart(run: Run) -> str:
    """Return an SVG of the moving mean reward above the weights by version."""
    marks = [(float(r.at), r.version) for r in run.releases]
    upper = panel(
        {"mean reward": _moving(run), "best arm": _flat(run)},
        "reward per request",
        "requests",
        marks=marks,
    )
    lower = panel(_weights(run), "weights", "requests", marks=marks, top=HEIGHT)
    return svg([upper, lower], 2 * HEIGHT)


def _moving(run: Run) -> Points:
    n = len(run.rewards)
    width = max(1, n // STEPS)
    cuts = [run.rewards[i : i + width] for i in range(0, n - width + 1, width)]
    return [((i + 0.5) * width, sum(cut) / len(cut)) for i, cut in enumerate(cuts)]


def _flat(run: Run) -> Points:
    best = run.summary.reward_best_arm
    return [(0.0, best), (float(len(run.rewards)), best)]


def _weights(run: Run) -> dict[str, Points]:
    by_version = {v.version: arm_weights(v.params["modelWeights"]) for v in run.versions}
    edges = [(0, run.versions[0].version), *((r.at, r.version) for r in run.releases)]
    lines: dict[str, list[tuple[float, float]]] = {arm: [] for arm in run.arms}
    for i, (at, version) in enumerate(edges):
        until = edges[i + 1][0] if i + 1 < len(edges) else len(run.rewards)
        weights = by_version[version]
        for arm in run.arms:
            lines[arm] += [(float(at), weights[arm]), (float(until), weights[arm])]
    return dict(lines)

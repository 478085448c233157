"""Findings: what the frozen buckets of a rollout show, in full; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations, permutations

from ratchet.observe.watch import CONTROL, PAIRED, SHADOW
from ratchet.rollouts.arms import by_arm, difference, exposed, is_shadow, known, means, split
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.evidence.bayes import posterior
from ratchet.rollouts.metric import ERROR, METRICS, OF_LOSS, Metric, metric_named
from ratchet.rollouts.metrics import Arms, arms_of, pair_of
from ratchet.rollouts.pair import Bounds, Pair, Question
from ratchet.rollouts.report import (
    ArmSeen,
    Compared,
    Exposed,
    MetBoth,
    Reading,
    RolloutEvidence,
    Says,
    UnknownShare,
)
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.terms import GRADES
from ratchet.rollouts.unknown import UNKNOWN, compare_unknown, holds, unknown_pairs
from ratchet.rollouts.weigh import BY_KIND, better
from ratchet.stats.bucket import OTHER
from ratchet.stats.intervals import Interval
from ratchet.stats.loss_terms import LOSS, TERMS
from ratchet.stats.quantiles import sum_histograms
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.stats.units import met_by_both, sum_units

QUANTILES = (0.5, 0.95, 0.99)


def findings(
    rollout: Rollout, buckets: Iterable[RolloutBucket], until: datetime | None
) -> RolloutEvidence:
    """Return the evidence of a rollout's frozen buckets: of what was exposed before an hour."""
    arms = arms_of(buckets)
    exposures = _exposures(rollout, arms)
    mismatch = exposures is not None and exposures.mismatch
    error = rollout.alpha / 2 / len(rollout.arms)
    compared, unknown = [], []
    for arm in rollout.arms:
        shares = list(_unknown(rollout, arms, arm))
        unknown += shares
        for metric in _metrics(rollout, arms):
            pair = pair_of(arms, metric, arm, split(rollout, arm), shadow=is_shadow(rollout))
            held = _why_held(metric, shares, mismatch=mismatch)
            compared.append(_compared(arm, metric, pair, error, held))
    return RolloutEvidence(
        rollout=rollout.id,
        policy=rollout.policy,
        mode=rollout.mode,
        state=rollout.state,
        step=rollout.step,
        champion=rollout.champion,
        started_at=rollout.started_at,
        ended_at=rollout.ended_at,
        closed=until is not None,
        until=until,
        outcome_window_hours=rollout.watch.outcome_window_hours,
        error=error,
        exposures=exposures,
        arms=tuple(_arms(rollout, arms)),
        compared=tuple(compared),
        unknown=tuple(unknown),
        met_both=tuple(_met_both(rollout, arms)),
    )


def _exposures(rollout: Rollout, arms: Arms) -> Exposed | None:
    found = exposed(rollout, arms)
    if found is None:
        return None
    return Exposed(
        p_value=float(found.p_value),
        mismatch=bool(found.mismatch),
        units=float(found.units),
        observed=by_arm(rollout, found.observed),
        expected=by_arm(rollout, found.expected),
    )


def _metrics(rollout: Rollout, arms: Arms) -> Iterator[Metric]:
    """Yield every metric that can be told, and each error code that was seen."""
    untold = set() if rollout.watch.latency_objective_ms is not None else {"slow"}
    if not _any(arms, "judged_w"):
        untold.add("corrected")
    if not _any(arms, "runs"):
        untold.add(LOSS)
    yield from (metric for metric in METRICS.values() if metric.name not in untold)
    yield from (metric_named(OF_LOSS + term) for term in _terms(arms))
    codes = {field for arm in arms.values() for field in arm.sums if field.startswith(ERROR)}
    yield from (metric_named(code) for code in sorted(codes - {ERROR + OTHER}))


def _any(arms: Arms, field: str) -> bool:
    """Say whether any arm counts something: a grade by judges, or a run."""
    return any(arm.total(field) for arm in arms.values())


def _terms(arms: Arms) -> list[str]:
    """Return the terms of the run loss that some run knows."""
    return [term for term in TERMS if _any(arms, f"run_w:{term}")]


def _untold(arms: Arms) -> list[str]:
    """Return what may be unknown: of judges' grades and of runs only where there are some."""
    told = {OF_LOSS + term for term in _terms(arms)}
    told |= {name for name, field in GRADES.items() if name == "quality" or _any(arms, field)}
    of_some = {*GRADES, *(OF_LOSS + term for term in TERMS)}
    return [name for name in UNKNOWN if name not in of_some or name in told]


def _arms(rollout: Rollout, arms: Arms) -> Iterator[ArmSeen]:
    """Yield what each arm did over all steps."""
    served = {CONTROL: rollout.champion}
    for challenger in rollout.challengers:
        if is_shadow(rollout):
            served[PAIRED + challenger.arm] = rollout.champion
            served[SHADOW + challenger.arm] = challenger.version
        else:
            served[challenger.arm] = challenger.version
    for name, version in served.items():
        steps = [arm for (_, of), arm in arms.items() if of == name]
        latencies = sum_histograms(arm.latency for arm in steps).quantiles(QUANTILES)
        shown = dict(
            zip(("p50_latency", "p95_latency", "p99_latency"), latencies or (), strict=False)
        )
        yield ArmSeen(
            arm=name,
            version=version,
            exposures=round(sum(arm.total("exposures") for arm in steps)),
            n=round(sum(arm.total("n") for arm in steps)),
            units=sum_units(arm.units for arm in steps).count(),
            **shown,
        )


def _unknown(rollout: Rollout, arms: Arms, arm: str) -> Iterator[UnknownShare]:
    names, shadow = _untold(arms), is_shadow(rollout)
    pairs = unknown_pairs(arms, arm, split(rollout, arm), names=names, shadow=shadow)
    for name in names:
        bounds, (control, value) = compare_unknown(pairs[name]), means(pairs[name])
        yield UnknownShare(
            challenger=arm,
            of=name,
            control=control,
            value=value,
            low=known(bounds.low),
            high=known(bounds.high),
            differs=bool(holds(name, pairs[name], bounds)),
        )


def _why_held(metric: Metric, shares: Sequence[UnknownShare], *, mismatch: bool) -> str:
    if mismatch:
        return "exposures are not split as planned"
    of = [share.of for share in shares if share.differs and share.of in metric.rests_on]
    if of == ["code"]:
        return "not every code is named"
    return f"unknown {', '.join(of)} differs" if of else ""


def _compared(arm: str, metric: Metric, pair: Pair, error: float, held: str) -> Compared:
    question = Question(low_error=error, high_error=error)
    bounds = EVIDENCE[BY_KIND[metric.kind]](pair, question)
    control, value = means(pair)
    return Compared(
        challenger=arm,
        metric=metric.name,
        better=metric.better,
        control=control,
        value=value,
        difference=difference(bounds, control, value),
        low=known(bounds.low),
        high=known(bounds.high),
        says="held" if held else _says(bounds, metric),
        because=held,
        reading=None if control is None or value is None else _reading(pair, metric),
    )


def _says(bounds: Bounds, metric: Metric) -> Says:
    if not bounds.trusted:
        return "too few"
    low, high = better(bounds, metric)
    return "better" if low > 0 else "worse" if high < 0 else "open"


def _reading(pair: Pair, metric: Metric) -> Reading:
    welch, belief = EVIDENCE["welch"](pair, Question()), posterior(pair)
    above, more = float(belief.above), metric.sign > 0
    return Reading(
        fixed_horizon=Interval(low=float(welch.low), high=float(welch.high))
        if welch.trusted
        else None,
        chance_better=above if more else 1 - above,
        expected_loss=float(belief.drop if more else belief.rise),
    )


def _met_both(rollout: Rollout, arms: Arms) -> Iterator[MetBoth]:
    """Yield the units that met two arms in one step, or left a challenger in a later one.

    From the control to a challenger a ramp takes some along; nothing takes a unit back.
    """
    names = (CONTROL, *rollout.arms)
    for step in range(len(rollout.steps)):
        for pair in combinations(names, 2):
            yield from _met(arms, (step, step), pair)
    for before, after in combinations(range(len(rollout.steps)), 2):
        for pair in permutations(names, 2):
            if pair[0] != CONTROL:
                yield from _met(arms, (before, after), pair)


def _met(arms: Arms, steps: tuple[int, int], names: tuple[str, str]) -> Iterator[MetBoth]:
    a, b = (arms.get(place) for place in zip(steps, names, strict=True))
    if a is None or b is None:
        return
    sampled, share = met_by_both(a.units, b.units)
    if sampled:
        left = steps[1] if steps[1] > steps[0] else None
        yield MetBoth(step=steps[0], later=left, arms=names, sampled=sampled, share=share)

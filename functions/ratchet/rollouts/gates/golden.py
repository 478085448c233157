"""Golden gate: what the versions do on a golden set, held against the champion there."""

from typing import Any

from ratchet.kernel.errors import BadSignature, NotFound
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.amount import size_of
from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.golden.exposure import Against, GoldenExposure
from ratchet.rollouts.golden.golden_set import GoldenSet
from ratchet.rollouts.golden.read import get_golden, latest_exposure
from ratchet.rollouts.golden.show import golden_head

_WORST = ("stopped", "waits", "passed")


def enter(road: Road) -> Entered:
    """Hold the last look at each version on the set of the rules against its champion's scores.

    It passes where the interval of the gain lies above -maxLoss, and is stopped where all of it
    lies below. It waits where that is open, where nothing is recorded against this champion, and
    where the look came past the set's budget.
    """
    name = road.rules.golden
    if name is None:
        return Entered("not_asked", ("config/gates names no golden set",))
    try:
        golden = get_golden(road.store, road.keys, name)
        found = [_held(road, golden, version) for version in road.versions]
    except (NotFound, BadSignature) as error:  # a person's to mend; the versions are not at fault
        return Entered("waits", (str(error),))
    worst = min(found, key=lambda one: _WORST.index(one.result))
    reasons = tuple(reason for one in found for reason in one.reasons)
    return Entered(worst.result, reasons, {"set": name, **_evidence(road, found)})


def _evidence(road: Road, found: list[Entered]) -> dict[str, Any]:
    told = {v.key(): dict(e.evidence) for v, e in zip(road.versions, found, strict=True)}
    return {"versions": {key: evidence for key, evidence in told.items() if evidence}}


def _held(road: Road, golden: GoldenSet, version: PolicyVersion) -> Entered:
    """Return what the last look at one version says."""
    name, key, champion = golden.name, version.key(), road.champion.key()
    look = latest_exposure(road.store, road.keys, name, key)
    against = look.result.against if look and look.champion == champion else None
    if look is None or against is None:
        told = f"{key} has no result on {name} beside {champion}"
        return Entered("waits", (f"{told}: {_next(road, golden, key, champion)}",))
    if not look.justifies:
        told = f"{look.key()} came past the budget of {look.budget} looks"
        return Entered("waits", (f"{told}: {name} cannot justify {key}, freeze a new set",))
    return judged(look, against, road.rules.max_loss)


def _next(road: Road, golden: GoldenSet, key: str, champion: str) -> str:
    """Return what brings a result, if the set's budget has a look left."""
    name, budget = golden.name, golden.terms.budget
    if golden_head(road.store, name).exposures >= budget:
        return f"the budget of {budget} looks is spent, freeze a new set"
    scores = "--scores FILE --champion-scores FILE"
    return f"ratchet golden record {name} {key} --champion {champion} {scores}"


def judged(look: GoldenExposure, against: Against, max_loss: str) -> Entered:
    """Return what a look says of a loss that is allowed; `%` is of the champion's mean."""
    size, gain = size_of(max_loss), against.gain
    allowed = size.value * (against.champion.mean if size.relative else 1.0)
    span = f"better by {gain.low:.3g} to {gain.high:.3g}"
    told = f"{look.version}: {span} over {look.result.scores.n} examples ({look.key()})"
    evidence = {"exposure": look.key(), "gain": gain.to_map(), "maxLoss": allowed}
    if gain.low > -allowed:
        return Entered("passed", (told,), evidence)
    if gain.high < -allowed:
        return Entered("stopped", (f"{told}: it loses more than {max_loss}",), evidence)
    return Entered("waits", (f"{told}: not shown above -{allowed:.3g}",), evidence)

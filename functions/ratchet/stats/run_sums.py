"""RunSums: mergeable sums over the runs of one component, version and day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from ratchet.kernel.document import Document, ExactInt, Instant, Model
from ratchet.kernel.ids import SEPARATOR, join_key
from ratchet.stats.bucket import OTHER, cap_counts, cap_named, counts, totals
from ratchet.stats.loss_terms import LOSS as LOSS
from ratchet.stats.loss_terms import TERMS as TERMS
from ratchet.stats.moments import Moments, sum_moments

MAX_NAMED = 20  # models, error codes, failed gates that are counted by name; the rest is `other`
DAY_FORM = "%Y%m%d"


class ModelSums(Model):
    """What the runs that used one model came to."""

    reward: Moments = Moments()
    loss: Moments = Moments()

    def __add__(self, other: "ModelSums") -> "ModelSums":
        return ModelSums(reward=self.reward + other.reward, loss=self.loss + other.loss)

    def __sub__(self, other: "ModelSums") -> "ModelSums":
        return ModelSums(reward=self.reward - other.reward, loss=self.loss - other.loss)


class RunSums(Model):
    """What runs add up to; `a + b` is the sum over the runs of both, `a - b` takes runs back.

    `loss` and `terms` (0..1, 0 is perfect) are of the runs in which they are known, `reward` of
    those with observations, `cost` and `duration` of those whose cost and time are known. Integer
    units as in SCALES. `outcomes`, `errors` and `gates` (failed ones) count runs; `gates_seen`
    counts the runs that ran any gate.
    """

    runs: int = 0
    loss: Moments = Moments()
    terms: dict[str, Moments] = {}
    reward: Moments = Moments()
    cost: Moments = Moments()
    duration: Moments = Moments()
    models: dict[str, ModelSums] = {}
    outcomes: dict[str, ExactInt] = {}
    errors: dict[str, ExactInt] = {}
    gates: dict[str, ExactInt] = {}
    gates_seen: int = 0

    def __add__(self, other: "RunSums") -> "RunSums":
        return _combine(self, other, 1)

    def __sub__(self, other: "RunSums") -> "RunSums":
        return _combine(self, other, -1)

    def term(self, name: str) -> Moments:
        """Return the moments of a term, or of `loss`."""
        return self.loss if name == LOSS else self.terms.get(name, Moments())


_MOMENTS = ("loss", "reward", "cost", "duration")
_COUNTERS = ("outcomes", "errors", "gates")


def _combine(a: RunSums, b: RunSums, sign: int) -> RunSums:
    def both(x: Any, y: Any) -> Any:
        return x + y if sign > 0 else x - y

    moments = {name: both(getattr(a, name), getattr(b, name)) for name in _MOMENTS}
    terms = {name: both(a.term(name), b.term(name)) for name in TERMS if name in a.terms | b.terms}
    return RunSums(
        runs=a.runs + sign * b.runs,
        terms={name: found for name, found in terms.items() if found != Moments()},
        models=_models(a.models, b.models, sign),
        gates_seen=a.gates_seen + sign * b.gates_seen,
        **moments,
        **{name: counts(getattr(a, name), getattr(b, name), sign) for name in _COUNTERS},
    )


def _models(
    a: Mapping[str, ModelSums], b: Mapping[str, ModelSums], sign: int
) -> dict[str, ModelSums]:
    """Merge models; what was folded into `other` is taken back from there."""
    merged = dict(a)
    for name, sums in b.items():
        at = name if sign > 0 or name in a else OTHER
        before = merged.get(at, ModelSums())
        merged[at] = before + sums if sign > 0 else before - sums
    return {name: sums for name, sums in sorted(merged.items()) if sums != ModelSums()}


def cap_runs(sums: RunSums, most: int = MAX_NAMED) -> RunSums:
    """Keep the most frequent models, error codes and gates; the rest counts as `other`."""
    models = cap_named(sums.models, most, count=lambda m: m.loss.n, total=sum_models)
    named = {name: cap_counts(getattr(sums, name), most) for name in ("errors", "gates")}
    return sums.model_copy(update={"models": models} | named)


def sum_models(parts: Iterable[ModelSums]) -> ModelSums:
    """Return the sum of many."""
    found = list(parts)
    reward = sum_moments(part.reward for part in found)
    return ModelSums(reward=reward, loss=sum_moments(part.loss for part in found))


def sum_runs(parts: Iterable[RunSums]) -> RunSums:
    """Return the sum of many, each field added up once."""
    found = list(parts)
    terms = {name for part in found for name in part.terms}
    models = sorted({name for part in found for name in part.models})
    merged: dict[str, Any] = {
        name: sum_moments(getattr(part, name) for part in found) for name in _MOMENTS
    }
    merged |= {name: totals(getattr(part, name) for part in found) for name in _COUNTERS}
    return RunSums.model_construct(
        runs=sum(part.runs for part in found),
        gates_seen=sum(part.gates_seen for part in found),
        terms={t: sum_moments(p.term(t) for p in found) for t in TERMS if t in terms},
        models={m: sum_models(p.models[m] for p in found if m in p.models) for m in models},
        **merged,
    )


class RunBucket(Document):
    """The sums of the runs of one component and policy version on one day, UTC.

    `shard` is the component's, for those who look for what changed. A version over the day's cap
    counts as `other`.
    """

    collection: ClassVar[str] = "ops_run_buckets"

    component: str
    version: str
    day: Instant
    shard: int
    sums: RunSums = RunSums()
    updated_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return component, version and day."""
        return run_bucket_key(self.component, self.version, self.day)

    def changed(self, plus: RunSums, minus: RunSums, now: datetime) -> "RunBucket":
        """Return the bucket with runs taken back and others added."""
        # Taken back first: what was counted under `other` must not be taken from a name just added.
        sums = cap_runs(self.sums - minus + plus)
        return self.model_copy(update={"sums": sums, "updated_at": max(now, self.updated_at)})


def run_bucket_key(component: str, version: str, day: datetime) -> str:
    """Return the id of a bucket of runs."""
    return join_key(component, version, f"{day:{DAY_FORM}}")


def day_of_key(key: str) -> datetime:
    """Return the day of a bucket of runs from its id.

    >>> f"{day_of_key('planner~p@1.0.0~20260102'):%d %B %Y}"
    '02 January 2026'
    """
    return datetime.strptime(key.rpartition(SEPARATOR)[2], DAY_FORM).replace(tzinfo=UTC)

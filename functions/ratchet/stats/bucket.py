"""Bucket: mergeable sums of one component, version, epoch and hour."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from ratchet.kernel.clock import hour_label
from ratchet.kernel.document import Document, ExactInt, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.moments import Moments, sum_moments
from ratchet.stats.quantiles import Histogram, sum_histograms

T = TypeVar("T")
Level = Literal["shard", "hour", "day"]
MAX_ERROR_CODES = 50
OTHER = "other"


class Tally(Model):
    """How many: raw, weighted, and by squared weight."""

    n: int = 0
    w: ExactInt = 0
    w2: ExactInt = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(n=self.n + other.n, w=self.w + other.w, w2=self.w2 + other.w2)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(n=self.n - other.n, w=self.w - other.w, w2=self.w2 - other.w2)


class Sums(Model):
    """What a bucket adds up; `a + b` is the bucket of all the observations of a and b.

    `drawn` is the reward of randomised draws alone (no fallbacks): what a tuner may learn from.
    `known_success` counts successes whose latency, cost or quality is known.
    """

    outcomes: dict[str, Tally] = {}
    errors: dict[str, ExactInt] = {}
    known_success: dict[str, ExactInt] = {}
    reward: Moments = Moments()
    drawn: Moments = Moments()
    quality: Moments = Moments()
    latency: Moments = Moments()
    cost: Moments = Moments()
    latency_bins: Histogram = Histogram()
    cost_bins: Histogram = Histogram()
    reward_bins: Histogram = Histogram()
    tokens_in: ExactInt = 0
    tokens_out: ExactInt = 0
    retries: ExactInt = 0

    def __add__(self, other: "Sums") -> "Sums":
        return _combine(self, other, 1)

    def __sub__(self, other: "Sums") -> "Sums":
        return _combine(self, other, -1)

    @property
    def total(self) -> Tally:
        """All observations, whatever their outcome."""
        return sum(self.outcomes.values(), Tally())

    def without_reward(self) -> "Sums":
        """Return the sums without rewards: those of another epoch do not compare."""
        none = Moments()
        return self.model_copy(update={"reward": none, "drawn": none, "reward_bins": Histogram()})


def sum_sums(parts: Iterable[Sums]) -> Sums:
    """Return the sum of many, each histogram unpacked once."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    merged: dict[str, Any] = {}
    for name, zero in _PLAIN.items():
        values = [getattr(part, name) for part in found]
        merged[name] = (
            sum_moments(values)
            if isinstance(zero, Moments)
            else (sum_histograms(values) if isinstance(zero, Histogram) else sum(values))
        )
    keys = sorted({key for part in found for key in part.outcomes})
    outcomes = {
        key: sum((part.outcomes[key] for part in found if key in part.outcomes), Tally())
        for key in keys
    }
    return Sums.model_construct(
        outcomes={key: tally for key, tally in outcomes.items() if tally.n},
        errors=totals(part.errors for part in found),
        known_success=totals(part.known_success for part in found),
        **merged,
    )


def totals(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counters up."""
    merged: Counter[str] = Counter()
    for part in parts:
        merged.update(part)
    return {key: n for key, n in sorted(merged.items()) if n}


def _combine(a: Sums, b: Sums, sign: int) -> Sums:
    def both(name: str) -> Any:
        x, y = getattr(a, name), getattr(b, name)
        return x + y if sign > 0 else x - y

    merged: dict[str, Any] = {name: both(name) for name in _PLAIN}
    outcomes = {
        key: a.outcomes.get(key, Tally()) + b.outcomes.get(key, Tally())
        if sign > 0
        else a.outcomes.get(key, Tally()) - b.outcomes.get(key, Tally())
        for key in sorted({*a.outcomes, *b.outcomes})
    }
    return Sums.model_construct(
        outcomes={key: tally for key, tally in outcomes.items() if tally.n},
        errors=counts(a.errors, b.errors, sign),
        known_success=counts(a.known_success, b.known_success, sign),
        **merged,
    )


_COUNTERS = ("outcomes", "errors", "known_success")
# What else Sums hold: each with its nought.
_PLAIN: Mapping[str, Any] = {
    name: getattr(Sums(), name) for name in Sums.model_fields if name not in _COUNTERS
}


def counts(a: Mapping[str, int], b: Mapping[str, int], sign: int) -> dict[str, int]:
    """Merge counters; what was folded into `other` is taken back from there."""
    merged = {key: a.get(key, 0) + sign * b.get(key, 0) for key in sorted({*a, *b})}
    short = sum(n for n in merged.values() if n < 0)
    if short and merged.get(OTHER, 0) >= -short:
        merged = {key: max(0, n) for key, n in merged.items()}
        merged[OTHER] += short
    return {key: n for key, n in merged.items() if n}


def cap_errors(sums: Sums) -> Sums:
    """Keep the 50 most frequent error codes; the rest count as `other`."""
    if len(sums.errors) <= MAX_ERROR_CODES:
        return sums
    return sums.model_copy(update={"errors": cap_counts(sums.errors, MAX_ERROR_CODES)})


def cap_counts(found: Mapping[str, int], most: int) -> dict[str, int]:
    """Keep the highest of some counts, at most so many names; the rest count as `other`."""
    return cap_named(found, most, count=lambda n: n, total=sum)


def cap_named(
    found: Mapping[str, T],
    most: int,
    *,
    count: Callable[[T], int],
    total: Callable[[Iterable[T]], T],
) -> dict[str, T]:
    """Keep what counts most, at most so many names; the rest is summed up as `other`."""
    if len(found) <= most:
        return dict(found)
    ranked = sorted((n for n in found if n != OTHER), key=lambda n: (-count(found[n]), n))
    kept = ranked[: most - 1]
    rest = total(value for name, value in found.items() if name not in kept)
    return dict(sorted(({name: found[name] for name in kept} | {OTHER: rest}).items()))


class Bucket(Document):
    """The sums of one component, version, epoch and span of time.

    Level `shard`: an hour of one shard, written by the scorer. `hour`: a closed hour over all
    shards. `day`: a closed day.
    """

    collection: ClassVar[str] = "ops_buckets"

    component: str
    version: str
    epoch: int
    hour: Instant
    shard: int = 0
    level: Level = "shard"
    sums: Sums = Sums()
    updated_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return component, version, epoch, hour and shard (or the level, once merged)."""
        last: str | int = self.shard if self.level == "shard" else self.level
        return bucket_key(self.component, self.version, self.epoch, self.hour, last)

    def changed(self, plus: Sums, minus: Sums, now: datetime) -> "Bucket":
        """Return the bucket with sums added, and then taken back."""
        sums = cap_errors(self.sums + plus - minus)
        return self.model_copy(update={"sums": sums, "updated_at": max(now, self.updated_at)})


def bucket_key(component: str, version: str, epoch: int, hour: datetime, last: str | int) -> str:
    """Return the id of a bucket."""
    return join_key(component, version, epoch, hour_label(hour), last)

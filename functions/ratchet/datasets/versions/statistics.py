"""Statistics of a version: what it holds, counted."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.version import SPLITS, Entry, Statistics

PLACES = 6


def statistics_of(
    entries: Sequence[Entry],
    chosen: Iterable[Prepared],
    *,
    diversity: float,
    machine_share: float,
) -> Statistics:
    """Return what entries hold, and what was taken out of their words."""
    strata: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        strata[stratum_of(entry.domain, entry.band)][entry.split] += 1
    redactions: Counter[str] = Counter()
    for one in chosen:
        redactions.update(one.redactions)
    splits = Counter(entry.split for entry in entries)
    return Statistics(
        examples=len(entries),
        tokens=sum(entry.tokens for entry in entries),
        splits={split: splits[split] for split in SPLITS},
        domains=_counted(entry.domain for entry in entries),
        task_types=_counted(entry.task_type for entry in entries),
        bands=_counted(entry.band for entry in entries),
        strata={name: {s: strata[name][s] for s in SPLITS} for name in sorted(strata)},
        sources=_counted(entry.source for entry in entries),
        quality=spread([e.quality for e in entries if e.quality is not None]),
        redactions=dict(sorted(redactions.items())),
        diversity=round(diversity, PLACES),
        machine_share=round(machine_share, PLACES),
    )


def stratum_of(domain: str, band: str) -> str:
    """Return the name of a stratum, like `qa/easy`."""
    return f"{domain}/{band}"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean and quartiles, interpolated between neighbours; nothing of no values.

    >>> spread([80.0, 90.0, 100.0, 70.0])
    {'mean': 85.0, 'p25': 77.5, 'p50': 85.0, 'p75': 92.5}
    """
    if not values:
        return {}
    ordered = sorted(values)
    found = {"mean": math.fsum(ordered) / len(ordered)}
    for percent in (25, 50, 75):
        at = (len(ordered) - 1) * percent / 100
        low = math.floor(at)
        high = min(low + 1, len(ordered) - 1)
        found[f"p{percent}"] = ordered[low] + (ordered[high] - ordered[low]) * (at - low)
    return {name: round(value, PLACES) for name, value in found.items()}


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))

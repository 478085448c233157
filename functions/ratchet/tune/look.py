"""Look: what the tuners see of a version, read from the store."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.canonical import canonical
from ratchet.kernel.keys import Keys
from ratchet.observe.epochs import current_epoch
from ratchet.observe.roll_up import buckets_since
from ratchet.policies.history import get_version
from ratchet.policies.space import Range, Simplex
from ratchet.policies.version import PolicyVersion, key_parts
from ratchet.stats.bucket import Bucket, Sums
from ratchet.store.port import Store
from ratchet.tune.alike import same_behaviour
from ratchet.tune.view import View

WINDOW_HOURS = 24


def look(
    store: Store, keys: Keys, reader: ConfigReader, version: PolicyVersion, *, now: datetime
) -> tuple[View, list[str]]:
    """Return what the tuners see of a version, and the ids of the buckets it came from."""
    epoch = current_epoch(store, reader, now=now)
    components = _components(version)
    found = {
        component: [
            bucket
            for bucket in buckets_since(store, component, now - timedelta(hours=WINDOW_HOURS), now)
            if bucket.epoch == epoch.epoch
        ]
        for component in components
    }
    seen = {bucket.version for buckets in found.values() for bucket in buckets}
    alike = same_behaviour(store, keys, version, seen)
    hours: dict[str, dict[datetime, Sums]] = {}
    used: list[Bucket] = []
    for component, buckets in found.items():
        by_hour: dict[datetime, Sums] = defaultdict(Sums)
        for bucket in buckets:
            if bucket.version in alike:
                by_hour[bucket.hour] = by_hour[bucket.hour] + bucket.sums
                used.append(bucket)
        hours[component] = dict(by_hour)
    root = _root(store, keys, version)
    view = View(
        version=version,
        base=root.params,
        hours=hours,
        seed=_seed(version, hours),
    )
    return view, sorted({bucket.key() for bucket in used})


def _components(version: PolicyVersion) -> list[str]:
    names: set[str] = set()
    for name, span in version.space().items():
        if isinstance(span, Simplex):
            weights = version.params[name]
            names |= {span.component_of(a) for a in weights} if isinstance(weights, dict) else set()
        elif isinstance(span, Range) and span.component:
            names.add(span.component)
    return sorted(names)


def _root(store: Store, keys: Keys, version: PolicyVersion) -> PolicyVersion:
    if version.root == version.key():
        return version
    return get_version(store, keys, *key_parts(version.root))


def _seed(version: PolicyVersion, hours: Mapping[str, Mapping[datetime, Sums]]) -> int:
    """Return a seed that the inputs alone decide: same inputs, same proposal."""
    inputs: dict[str, Any] = {"version": version.key(), "params": version.params}
    for component, sums in hours.items():
        for hour, s in sums.items():
            inputs[f"{component}~{hour.isoformat()}"] = [str(s.drawn.n), str(s.drawn.wx)]
    return int.from_bytes(hashlib.sha256(canonical(inputs)).digest()[:8], "big")

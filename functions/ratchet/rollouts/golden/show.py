"""Show golden sets: what each measures, how much of its budget is left, and what was looked at."""

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.each import Tell
from ratchet.kernel.keys import Keys
from ratchet.rollouts.golden.exposure import GoldenExposure, GoldenResult
from ratchet.rollouts.golden.golden_set import (
    Direction,
    GoldenHead,
    GoldenSet,
    golden_stream,
)
from ratchet.rollouts.golden.names import Purpose
from ratchet.rollouts.golden.read import exposures_of, get_golden, golden_sets
from ratchet.store.port import Ref, Snapshot, Store


class GoldenShown(Model):
    """A golden set, and how many of the `budget` exposures it has had; `left` justify something."""

    name: str
    metric: str
    direction: Direction
    budget: int
    exposures: int
    left: int
    examples: int
    source: str
    reason: str
    created_at: Instant
    created_by: str


class LookShown(Model):
    """One exposure, without where its scores are; `justifies` says whether it was in the budget."""

    sequence: int
    version: str
    champion: str | None = None
    purpose: Purpose
    result: GoldenResult
    justifies: bool
    at: Instant
    by: str


class LookRecorded(LookShown):
    """A look that was recorded; `duplicate` is one that was known, `left` what the budget has."""

    set: str
    duplicate: bool
    left: int


class GoldenHistory(Model):
    """A golden set and every look at it, oldest first; `broken` names what cannot be read."""

    golden: GoldenShown
    looks: tuple[LookShown, ...]
    broken: tuple[str, ...] = ()


def golden_head(store: Store, name: str) -> GoldenHead:
    """Return how often a set was looked at."""
    return _head(name, store.get(Ref(GoldenHead.collection, golden_stream(name))))


def _head(name: str, found: Snapshot | None) -> GoldenHead:
    return GoldenHead.from_store(found.data) if found else GoldenHead(id=golden_stream(name))


def list_golden(store: Store, keys: Keys, *, tell: Tell | None = None) -> list[GoldenShown]:
    """Return every golden set in order of name, and what is left of its budget.

    Raises: BadSignature, where nobody is told.
    """
    found = golden_sets(store, keys, tell)
    refs = [Ref(GoldenHead.collection, golden_stream(golden.name)) for golden in found]
    heads = store.get_many(refs)
    return [shown(g, _head(g.name, head)) for g, head in zip(found, heads, strict=True)]


def show_golden(store: Store, keys: Keys, name: str) -> GoldenHistory:
    """Return a golden set with every look at it.

    Raises: NotFound, BadSignature.
    """
    golden, broken = get_golden(store, keys, name), list[str]()
    looks = exposures_of(store, keys, name, lambda error: broken.append(str(error)))
    return GoldenHistory(
        golden=shown(golden, golden_head(store, name)),
        looks=tuple(look_shown(look) for look in looks),
        broken=tuple(broken),
    )


def shown(golden: GoldenSet, head: GoldenHead) -> GoldenShown:
    """Return a set with what is left of its budget."""
    return GoldenShown(
        name=golden.name,
        metric=golden.terms.metric,
        direction=golden.terms.direction,
        budget=golden.terms.budget,
        exposures=head.exposures,
        left=max(0, golden.terms.budget - head.exposures),
        examples=golden.examples,
        source=golden.source,
        reason=golden.reason,
        created_at=golden.created_at,
        created_by=golden.created_by,
    )


def look_shown(look: GoldenExposure) -> LookShown:
    """Return what a person is shown of an exposure."""
    return LookShown(
        sequence=look.sequence,
        version=look.version,
        champion=look.champion,
        purpose=look.purpose,
        result=look.result,
        justifies=look.justifies,
        at=look.at,
        by=look.by,
    )

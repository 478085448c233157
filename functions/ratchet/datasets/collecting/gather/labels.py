"""Labels: one on features is an example; one on a run or an example has that extracted anew.

A withdrawn label withdraws its example, and what it graded is extracted without it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ratchet.datasets.collecting.gather import runs, traces
from ratchet.datasets.collecting.gather.gatherer import SHOWN, Gathered, Gatherer, Look, unreadable
from ratchet.datasets.example import EXAMPLES
from ratchet.datasets.extract.labels import SOURCE
from ratchet.datasets.extract.runs import SOURCE as RUNS
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import on_wire
from ratchet.kernel.errors import InvalidInput, Malformed, Unreachable
from ratchet.labels.feeds.feed import Stream
from ratchet.labels.label import LABELS, Label
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.policies.version import PolicyVersion
from ratchet.runs.run import Run, run_ref
from ratchet.store.limits import check_id
from ratchet.store.port import Ref, Snapshot

_EXAMPLE = re.compile(r"[0-9a-f]{64}")
# What is known of an observation before it acts; what comes of it would give the label away.
BEFORE = ("component", "policyVersion", "arm", "tokensIn", "meta")


# Of what Ratchet keeps, these tell what a component met; who may call, say, is nothing to learn.
_FEATURES = (COLLECTION, Run.collection, PolicyVersion.collection)
_KEPT = re.compile(r"ops_|config$")


def _streams(shards: int) -> list[Stream]:
    """Return labels as they came, and as they were withdrawn."""
    return [Stream("loaded", LABELS, "loadedAt"), Stream("withdrawn", LABELS, "withdrawnAt")]


def _read(look: Look, page: Sequence[Snapshot]) -> Iterator[Gathered]:
    """Yield the examples that labels are, and those that they grade."""
    labels, broken = _parsed(page)
    yield from broken
    graded = _graded(look, labels)
    for source, source_ids in _by_source(graded).items():
        yield from _AGAIN[source](look, source_ids)
    yield from _own(look, [label for label in labels if label.subject not in graded])


def _parsed(page: Sequence[Snapshot]) -> tuple[list[Label], list[Gathered]]:
    """Return the labels of a page, and what is told of those that cannot be read."""
    labels: list[Label] = []
    broken: list[Gathered] = []
    for stored in {stored.ref: stored for stored in page}.values():
        try:
            labels.append(Label.from_store(stored.data))
        except InvalidInput as error:
            broken.append(unreadable(SOURCE, stored.ref.id, stored, error))
    return labels, broken


def _graded(look: Look, labels: Sequence[Label]) -> dict[str, tuple[str, str]]:
    """Return source and source id of the subjects that are examples, or runs."""
    subjects = list(dict.fromkeys(label.subject for label in labels))
    refs = [_ref_of(subject) for subject in subjects]
    found: dict[str, tuple[str, str]] = {}
    for subject, stored in zip(subjects, look.store.get_many(refs), strict=True):
        if stored is None:
            continue
        if stored.ref.collection == Run.collection:
            found[subject] = (RUNS, subject)
        elif stored.data.get("source") in _AGAIN:
            found[subject] = (stored.data["source"], str(stored.data.get("sourceId")))
    return found


def _ref_of(subject: str) -> Ref:
    return Ref(EXAMPLES, subject) if _EXAMPLE.fullmatch(subject) else run_ref(subject)


def _by_source(graded: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source, source_id in sorted(set(graded.values())):
        found[source].append(source_id)
    return dict(found)


def _own(look: Look, given: Sequence[Label]) -> Iterator[Gathered]:
    """Yield the labels that are examples of their own: those that name their features."""
    labels = [label for label in given if label.features_ref]
    refs = {label.key(): _features_ref(label) for label in labels if label.stands}
    wanted = list(dict.fromkeys(ref for ref in refs.values() if ref is not None))
    found = dict(zip(wanted, look.store.get_many(wanted), strict=True))
    for label in labels:
        empty = Gathered(SOURCE, source_id_of(label), label.loaded_at)
        if not label.stands:
            yield empty._replace(withdrawn=label)
            continue
        ref = refs[label.key()]
        try:
            features = _features_of(label, found[ref] if ref is not None else None)
        except Malformed as error:
            yield empty._replace(error=error)
        else:
            yield empty._replace(payload={"label": label.to_map(), "features": features})


def source_id_of(label: Label) -> str:
    """Return what its example is called: the label's key, or a hash of one that is too long."""
    return label.key() if len(label.key()) <= SHOWN else content_hash(label.key())


def _features_ref(label: Label) -> Ref | None:
    """Return the document that a label's features are in; what it names is a caller's word."""
    collection, _, name = (label.features_ref or "").partition("/")
    if collection not in _FEATURES and _KEPT.match(collection):
        return None
    if collection == COLLECTION:
        name, _ = split_id(name)
    try:
        check_id(collection, name)
    except InvalidInput:
        return None
    return Ref(collection, name)


def _features_of(label: Label, stored: Snapshot | None) -> dict[str, Any]:
    """Return what was known where a label was given.

    Raises: Unreachable.
    """
    named = str(label.features_ref)
    if stored is None:
        raise Unreachable(
            f"{named} is not there, or holds no features",
            field="featuresRef",
            mend="label what is still kept",
        )
    if stored.ref.collection != COLLECTION:
        return dict(on_wire(stored.data))
    try:
        item = items_by_id(stored).get(named.removeprefix(f"{COLLECTION}/"))
    except InvalidInput as error:
        raise Unreachable(error.message, field=error.field, mend=error.mend) from error
    if item is None:
        raise Unreachable(
            f"{named} is not in its batch", field="featuresRef", mend="label what is still kept"
        )
    return {name: on_wire(item[name]) for name in BEFORE if item.get(name) is not None}


def _again(look: Look, source_ids: Sequence[str]) -> Iterator[Gathered]:
    """Yield the examples that labels are; what they grade is another source's."""
    refs = [Ref(LABELS, source_id) for source_id in source_ids]
    found = [stored for stored in look.store.get_many(refs) if stored is not None]
    labels, broken = _parsed(found)
    yield from broken
    yield from _own(look, labels)


_AGAIN = {
    SOURCE: _again,
    RUNS: runs.GATHERER.again,
    **{source: traces.gatherer(source).again for source in traces.SOURCES},
}
GATHERER = Gatherer(_streams, _read, _again)

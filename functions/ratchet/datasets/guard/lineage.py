"""Own lineage and own judge: what a model wrote, or graded, may not teach that model.

A policy version was trained on a dataset where it, or a version that it descends from, has an
artifact of the kind `dataset` (its name `DATASET@VERSION`, or its sha256 the version's hash), or
came of a study whose configuration names the dataset. Example parents are followed through silver,
those that were not kept too; of one that is gone nothing is known or held against it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ratchet.datasets.example import EXAMPLES, SELF, Example, Lineage
from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.version import DATASETS
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.labels.settings import JudgeSettings
from ratchet.policies.version import COLLECTION, key_parts
from ratchet.runs.studies.study import STUDIES
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

KIND = "dataset"
PAGE = 300
Refusal = Literal["own-lineage", "own-judge", ""]
_FINE_TUNED = re.compile(r"ft:([^:]+)(:.*)?")
_PROVIDER = re.compile(r"^[^:]*/")
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


@dataclass(frozen=True)
class Descent:
    """What descends from a dataset: policy versions, and examples made from what those wrote.

    `judges` say who judges, and what family a model is of.
    """

    versions: frozenset[str] = frozenset()
    examples: frozenset[str] = frozenset()
    judges: JudgeSettings = field(default_factory=JudgeSettings)

    def over(self, examples: Iterable[Example], spec: DatasetSpec) -> "Descent":
        """Return it with those of silver's examples that were made, at any remove, from its own."""
        children: dict[str, list[str]] = {}
        own: list[str] = []
        for example in examples:
            for parent in example.lineage.parents:
                children.setdefault(parent, []).append(example.id)
            if is_own(example.lineage, spec, self):
                own.append(example.id)
        return replace(self, examples=_reached(own, lambda name: children.get(name, [])))


def forebears(
    store: Store, examples: Iterable[Example], unreadable: dict[str, RatchetError]
) -> list[Example]:
    """Return what examples were made from, at any remove, and is not among them.

    Reads those documents alone; one that does not parse goes to `unreadable`.
    """
    seen, wanted = set[str](), set[str]()
    for example in examples:
        seen.add(example.id)
        wanted.update(example.lineage.parents)
    found: list[Example] = []
    while todo := sorted(wanted - seen):
        seen.update(todo)
        wanted = set()
        for snapshot in _fetched(store, todo):
            try:
                above = Example.from_store(snapshot.data)
            except InvalidInput as error:
                unreadable[snapshot.ref.id] = error
                continue
            found.append(above)
            wanted.update(above.lineage.parents)
    return found


def _fetched(store: Store, ids: Sequence[str]) -> Iterator[Snapshot]:
    for start in range(0, len(ids), PAGE):
        refs = [Ref(EXAMPLES, name) for name in ids[start : start + PAGE]]
        yield from filter(None, store.get_many(refs))


def refusal(example: Example, spec: DatasetSpec, descent: Descent) -> Refusal:
    """Return why an example may not train what learns from a dataset, empty where it may."""
    if example.id in descent.examples or is_own(example.lineage, spec, descent):
        return "own-lineage"
    vouched = example.lineage.vouched
    if vouched and all(_is_author(by, example, descent.judges) for by in vouched):
        return "own-judge"
    return ""


def is_own(lineage: Lineage, spec: DatasetSpec, descent: Descent) -> bool:
    """Say whether what learns from a dataset, or descends from it, wrote an output."""
    version = lineage.policy_version
    names = set(_models(lineage.model)) if lineage.model else set()
    if version is not None:
        names |= {version, key_parts(version)[0]}
    trained = {*spec.trains, *map(_bare, spec.trains)}
    return version in descent.versions or not names.isdisjoint(trained)


def _models(named: str) -> Iterator[str]:
    """Yield the names of models: of each of several that a run joined by `+`.

    Of each are yielded its name, that without its provider, what it was fine-tuned from, and all
    without their date.

    >>> sorted(set(_models("ft:gpt-4o-2024-08-06:acme")))
    ['ft:gpt-4o-2024-08-06:acme', 'gpt-4o', 'gpt-4o-2024-08-06']
    >>> sorted(set(_models("openai/mini+large")))
    ['large', 'mini', 'openai/mini', 'openai/mini+large']
    """
    yield named
    for model in named.split("+"):
        bare = _bare(model)
        tuned = _FINE_TUNED.fullmatch(bare)
        for name in [model, bare, tuned[1]] if tuned else [model, bare]:
            yield name
            yield _DATED.sub("", name)


def _bare(model: str) -> str:
    """Return a model's name without its provider's: gpt-4o of openai/gpt-4o."""
    return _PROVIDER.sub("", model)


def _is_author(by: str, example: Example, judges: JudgeSettings) -> bool:
    """Say whether who vouches for an example is its author, or of the author's family."""
    kind, _, name = by.partition(":")
    if kind == SELF:
        return True
    if kind not in ("model", "judge") or example.lineage.writer != "machine":
        return False
    authors = {
        example.component,
        *(_models(example.lineage.model) if example.lineage.model else ()),
    }
    kin = {judges.family_of(author) for author in authors} - {None}
    if kind == "model":
        return not authors.isdisjoint(_models(name)) or judges.family_of(name) in kin
    judge = judges.judges.get(name)
    if judge is None:  # it recorded its word itself, and where it is not listed only its name tells
        return name in authors
    asked = str(judge.settings.get("model", name))
    return not authors.isdisjoint({name, *_models(asked)}) or judge.family in kin


def descent_of(store: Store, dataset: str, spec: DatasetSpec, judges: JudgeSettings) -> Descent:
    """Return which policy versions descend from a dataset; read once a build.

    Reads every policy version, study and version of the dataset. `Descent.over` adds the examples.
    """
    children: dict[str, list[str]] = {}
    hashes = _hashes(store, dataset)
    trained = {
        str(found.data.get("version"))
        for found in store.stream(Query(STUDIES))
        if found.data.get("version") and _names(found.data, dataset, hashes)
    }
    for found in store.stream(Query(COLLECTION)):
        for above in (found.data.get("parent"), found.data.get("lineage")):
            if above is not None:
                children.setdefault(str(above), []).append(found.ref.id)
        if key_parts(found.ref.id)[0] in spec.trains or _has(found.data, dataset, hashes):
            trained.add(found.ref.id)
    return Descent(versions=_reached(trained, lambda key: children.get(key, [])), judges=judges)


def _hashes(store: Store, dataset: str) -> frozenset[str]:
    versions = store.stream(Query(DATASETS, (Filter("dataset", "==", dataset),)))
    return frozenset(str(found.data.get("hash")) for found in versions)


def _has(version: dict[str, Any], dataset: str, hashes: frozenset[str]) -> bool:
    """Say whether a stored policy version has the dataset as an artifact."""
    artifacts = version.get("artifacts")
    held = artifacts if isinstance(artifacts, list) else []
    return any(
        isinstance(one, dict)
        and one.get("kind") == KIND
        and (one.get("sha256") in hashes or _is_of(one.get("name"), dataset))
        for one in held
    )


def _names(study: dict[str, Any], dataset: str, hashes: frozenset[str]) -> bool:
    """Say whether a stored study's configuration names the dataset, a version of it or a hash."""
    configuration = study.get("configuration")
    named = configuration.get(KIND) if isinstance(configuration, dict) else None
    return named in hashes or _is_of(named, dataset)


def _is_of(named: Any, dataset: str) -> bool:
    return isinstance(named, str) and named.partition("@")[0] in (dataset, join_key(dataset))


def _reached(first: Iterable[str], below: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Return those that are first and all that come below them; rings end."""
    seen: set[str] = set()
    todo = list(first)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += below(name)
    return frozenset(seen)

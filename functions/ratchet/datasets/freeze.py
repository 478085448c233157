"""Freeze examples as a golden set: from then on they are measured by, and never trained on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.example import EXAMPLES, Content, Example
from ratchet.datasets.extract.clean import check_payload, read_raw
from ratchet.datasets.guard.guarded_set import GuardedSet
from ratchet.datasets.guard.trained import trained_on
from ratchet.datasets.protect.redact import redact
from ratchet.datasets.versions.fence import fence_in, put_taken, read_fence
from ratchet.datasets.versions.load import checked_version, examples_of, ledger_of, load_version
from ratchet.datasets.versions.version import DATASETS, DatasetVersion, Split
from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import Conflict, Contaminated, InvalidInput, Malformed, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.version import SemVer
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenSet, GoldenTerms
from ratchet.rollouts.golden.names import MAX_EXAMPLES
from ratchet.rollouts.golden.read import entries_of, golden_sets
from ratchet.store.blobs import Blobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.transact import Transaction

PAGE = 300
NAMED = 10


class Chosen(NamedTuple):
    """An example that is to be frozen: its id, and its words."""

    id: str
    content: Content


class Source(NamedTuple):
    """Examples that are to be frozen, and where they come from, in words."""

    told: str
    examples: Sequence[Chosen]


def of_version(store: Store, blobs: Blobs, keys: Keys, key: str, split: Split = "test") -> Source:
    """Return a split of a dataset's version as the source of a golden set.

    Raises: NotFound, BadSignature, NotWhole; Contaminated for the split that is trained on.
    """
    if split == "train":
        raise Contaminated(
            "what is trained on measures nothing", field="split", mend="take test or validation"
        )
    version = load_version(store, keys, key)
    items = examples_of(blobs, version, split)
    chosen = [Chosen(item.entry.id, item.content) for item in items]
    _refuse_withdrawn(store, [one.id for one in chosen])
    return Source(f"{key} {split}", chosen)


def of_examples(store: Store, blobs: Blobs, ids: Sequence[str]) -> Source:
    """Return examples by id as the source of a golden set.

    Raises: NotFound that names them, NotWhole, Refused for withdrawn ones.
    """
    found = {example.id: example for example in _examples(store, ids)}
    missing = [one for one in ids if one not in found]
    if missing:
        raise NotFound(
            f"no examples {_some(missing)}", field="ids", mend="ratchet dataset examples lists them"
        )
    _refuse_withdrawn(store, ids)
    read = (_content(blobs, found[one]) for one in ids)
    return Source("examples by id", [Chosen(o, c) for o, c in zip(ids, read, strict=True)])


def of_lines(lines: Iterable[bytes]) -> Source:
    """Return JSON lines of `input`, `output` and, if any, `steps` and `id` as a source.

    Raises: Malformed, Poisoned that name the line.
    """
    numbered = ((n, line) for n, line in enumerate(lines, 1) if line.strip())
    return Source("a file", [_of_line(n, line) for n, line in numbered])


def _of_line(number: int, line: bytes) -> Chosen:
    try:
        data = read_raw(line)
        check_payload(data)
        if not isinstance(data, dict):
            raise Malformed("no object", mend='like {"input": "...", "output": "..."}')
        named: Any = data.pop("id", None)
        content = Content.parse(data)
        return Chosen(content_hash(data) if named is None else _name(named), content)
    except InvalidInput as error:
        field = f"lines.{number}" + (f".{error.field}" if error.field else "")
        told = f"line {number}: {error.message}"
        kind = type(error) if isinstance(error, Malformed) else Malformed
        raise kind(told, field=field, mend=error.mend) from error


def _name(named: object) -> str:
    if not isinstance(named, str) or not 1 <= len(named) <= 300:
        raise Malformed("an id has 1 to 300 characters", field="id", mend="mend it, or leave it")
    return named


def freeze_golden(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    actor: Actor,
    name: str,
    source: Source,
    terms: GoldenTerms,
    *,
    reason: str,
    now: datetime,
    tell: Callable[[int], object] | None = None,
) -> GoldenSet:
    """Redact examples and freeze them under a name; every build refuses them from then on.

    Raises: Forbidden, InvalidInput, AlreadyExists; Contaminated that names those that lie in the
    training split of a dataset already; Refused for those that another set measures by the same
    metric; Conflict where a version came meanwhile. `tell` is told how many are redacted.
    """
    if len(source.examples) > MAX_EXAMPLES:  # before any is redacted
        raise InvalidInput(
            f"{len(source.examples)} examples, a golden set has at most {MAX_EXAMPLES}",
            field="examples",
            mend="freeze some of them",
        )
    clear = []
    for done, one in enumerate(source.examples, 1):
        clear.append((one.id, redact(one.content).content))
        if tell:
            tell(done)
    entries = [
        GoldenEntry.parse(
            {"id": id_, "content": blobs.put(words.to_bytes()), "normal": normal_hash(words)}
        )
        for id_, words in clear
    ]
    made = read_fence(store).made
    _refuse_trained(store, blobs, keys, entries, [words for _, words in clear])
    _refuse_measured(store, blobs, keys, name, terms, entries)
    return create_golden(
        store,
        blobs,
        keys,
        actor,
        name,
        entries,
        terms,
        source=source.told,
        dedupe=DEDUPE,
        reason=reason,
        now=now,
        also=lambda tx: _fence(tx, made),
    )


def _fence(tx: Transaction, made: int) -> None:
    """Let no version that is being built hold what is frozen, nor have come unseen."""
    fence = fence_in(tx)
    if fence.made != made:
        raise Conflict("a version was built meanwhile", field="examples", mend="freeze them again")
    put_taken(tx, fence)


def _examples(store: Store, ids: Sequence[str]) -> Iterator[Example]:
    for start in range(0, len(ids), PAGE):
        for found in store.get_many([Ref(EXAMPLES, one) for one in ids[start : start + PAGE]]):
            if found is not None:
                yield Example.from_store(found.data)


def _content(blobs: Blobs, example: Example) -> Content:
    address = example.redaction.content if example.redaction else example.content
    return Content.model_validate_json(blobs.get(address))


def _refuse_withdrawn(store: Store, ids: Sequence[str]) -> None:
    gone = [example.id for example in _examples(store, ids) if example.withdrawn_at]
    if gone:
        raise Refused(
            f"examples {_some(gone)} were withdrawn",
            field="examples",
            mend="leave them out: whoever withdrew them wants them used for nothing",
        )


def _refuse_trained(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    entries: Sequence[GoldenEntry],
    words: Sequence[Content],
) -> None:
    """Refuse what some dataset has in its training split or once had, or nearly has there now."""
    pairs = list(zip(entries, words, strict=True))
    own = {entry.id: normal_text(said) for entry, said in pairs}
    guarded = GuardedSet.of((entry.id, entry.content, said) for entry, said in pairs)
    ids = {entry.id: entry.id for entry in entries}
    normals = {entry.normal: entry.id for entry in entries}
    for version in _latest(store, keys):
        lines = ledger_of(blobs, version).lines.values()
        trained = [line for line in lines if line.split == "train"]
        found = {ids.get(line.id) or normals.get(line.normal) for line in trained} - {None}
        if found:
            raise Contaminated(
                f"examples {_some(sorted(map(str, found)))} are trained on in {version.dataset}",
                field="examples",
                mend=f"take them from the test split: ratchet dataset show {version.key()}",
            )
        if near := list(trained_on(blobs, version, guarded, own)):
            raise Contaminated(
                f"{version.key()} trains on {_some(near)}, and some of these nearly repeat them",
                field="examples",
                mend="leave out what repeats them",
            )


def _refuse_measured(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    name: str,
    terms: GoldenTerms,
    entries: Sequence[GoldenEntry],
) -> None:
    """Refuse what another set measures by the same metric: its looks would be counted anew."""
    normals = {entry.normal: entry.id for entry in entries}
    for other in golden_sets(store, keys):
        if other.name != name and other.terms.metric == terms.metric:
            found = {normals.get(entry.normal) for entry in entries_of(blobs, other)} - {None}
            if found:
                raise Refused(
                    f"{terms.metric} of examples {_some(sorted(map(str, found)))} is measured by"
                    f" golden set {other.name}: its budget would be none",
                    field="examples",
                    mend="freeze others: what was looked at before is spent",
                )


def _latest(store: Store, keys: Keys) -> list[DatasetVersion]:
    """Return the latest version of each dataset: its ledger has all that ever was in one."""
    latest: dict[str, DatasetVersion] = {}
    for found in store.stream(Query(DATASETS)):
        version = checked_version(keys, found.ref.id, found.data)
        before = latest.get(version.dataset)
        if before is None or SemVer.of(before.version) < SemVer.of(version.version):
            latest[version.dataset] = version
    return list(latest.values())


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more

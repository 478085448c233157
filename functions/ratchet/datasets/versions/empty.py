"""Empty: refuse a version that would hold nothing, and say what to do about it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.assemble import Assembly
from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.version import LeftOut
from ratchet.kernel.errors import Refused

NAMED = 10  # names that are shown of many
COLLECT = "ratchet dataset collect makes examples, ratchet dataset status says which are kept"
# What to do about the reason for which most are left out.
MENDS: Mapping[LeftOut, str] = {
    "not-wanted": "let it take more in config/datasets",
    "own-lineage": "name in `trains` only what is trained on it, in config/datasets",
    "own-judge": "have a person or a check grade them",
    "golden-overlap": "collect others: what a golden set holds is measured by",
    "test-overlap": "collect others: another dataset tests by these",
    "rejected": "collect better ones, or lower the bounds in config/datasets",
    "in-review": "answer the questions: ratchet review next",
    "machine-share": "have people or checks grade them, or raise `maxMachineShare`",
    "unreadable": "the alert `example-unreadable` says why: ratchet alerts list",
}


def require_some(
    dataset: str, spec: DatasetSpec, read: Sequence[Prepared], assembly: Assembly
) -> None:
    """Stop at what holds nothing.

    Raises: Refused.
    """
    if assembly.entries:
        return
    counts = Counter(assembly.left_out.values())
    if not counts:
        raise Refused(
            f"nothing would be in {dataset}: no example is kept yet",
            field="examples",
            mend=COLLECT,
        )
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()))
    said = "; ".join([f"of {counts.total()} examples are left out {told}", *_unmet(spec, read)])
    most = min(counts, key=lambda reason: (-counts[reason], reason))
    raise Refused(
        f"nothing would be in {dataset}: {said}",
        field="examples",
        mend=MENDS.get(most, COLLECT),
    )


def _unmet(spec: DatasetSpec, read: Sequence[Prepared]) -> Iterator[str]:
    """Say where a dataset takes nothing that there is, as where a name is mistyped."""
    examples = [one.example for one in read]
    pairs: tuple[tuple[Collection[str], set[str]], ...] = (
        (spec.components, {one.component for one in examples}),
        (spec.domains, {one.domain for one in examples}),
        (spec.task_types, {one.task_type for one in examples}),
    )
    for wanted, there in pairs:
        if wanted and there and there.isdisjoint(wanted):
            few = ", ".join(sorted(there)[:NAMED])
            more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
            yield f"no example is of {', '.join(wanted)}; there are {few}{more}"

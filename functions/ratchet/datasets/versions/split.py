"""Splits: 80/10/10 of each stratum's groups, unbiased where a stratum is small, kept for ever.

A stratum's groups take the places of a sequence of ten, eight of them train, in order of their
hash. Each stratum begins at a place drawn by its own hash and goes on where it stopped in the
version before, so that it is never more than about one group from 80/10/10.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from ratchet.datasets.versions.groups import Grouped, Member
from ratchet.datasets.versions.ledger import Ledger, Line
from ratchet.datasets.versions.version import Split
from ratchet.kernel.canonical import content_hash

SPLIT = "1"
_FOUR: tuple[Split, ...] = ("train",) * 4
PLACES: tuple[Split, ...] = (*_FOUR, "validation", *_FOUR, "test")


def first_place(stratum: str) -> int:
    """Return the place 0..9 at which a stratum begins, the same everywhere.

    >>> first_place("qa/easy") == first_place("qa/easy") in range(10)
    True
    """
    return int(content_hash({"stratum": stratum}), 16) % len(PLACES)


def assign_splits(strata: Mapping[str, str], ledger: Ledger) -> dict[str, Split]:
    """Return the split of each group of `strata`; those that the ledger has keep theirs."""
    taken = Counter(line.stratum for line in ledger.groups.values())
    fresh = defaultdict(list)
    for group, stratum in strata.items():
        if group not in ledger.groups:
            fresh[stratum].append(group)
    splits = {group: ledger.groups[group].split for group in strata if group in ledger.groups}
    for stratum, groups in fresh.items():
        start = first_place(stratum) + taken[stratum]
        for place, group in enumerate(sorted(groups), start):
            splits[group] = PLACES[place % len(PLACES)]
    return splits


def next_ledger(
    before: Ledger,
    members: Iterable[Member],
    grouped: Grouped,
    strata: Mapping[str, str],
    splits: Mapping[str, Split],
) -> Ledger:
    """Return the ledger after a version: its parent's, and all examples of the version's groups.

    What was dropped as a duplicate, or not drawn, has the split of its group from then on.
    """
    stratum_of = dict(strata)
    for group in sorted(before.groups, reverse=True):  # of two that were joined, the first counts
        stratum_of[grouped.regrouped[group]] = before.groups[group].stratum
    lines = {}
    for key, line in before.lines.items():
        group = grouped.regrouped[line.group]
        lines[key] = line._replace(group=group, stratum=stratum_of[group])
    for member in members:
        group = grouped.group_of.get(member.id, "")
        if group in splits:
            stratum = stratum_of[group]
            lines[member.id] = Line(
                member.id, member.task, member.normal, group, splits[group], stratum
            )
    return Ledger(lines)

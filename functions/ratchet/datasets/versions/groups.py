"""Groups: what repeats a task or nearly repeats an example lies in one split, whatever comes later.

A group is a connected component over task ids, duplicate links and the ledger of earlier versions.
Examples that were dropped as duplicates link their tasks too. What was decided once is never taken
back: an example that would join groups of different splits is left out instead.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.version import Split
from ratchet.kernel.canonical import content_hash


class Member(NamedTuple):
    """An example as the grouping sees it; `kept` is False of what was dropped as a duplicate."""

    id: str
    task: str
    normal: str
    kept: bool = True


class Grouped(NamedTuple):
    """The group of each example, and of each group of the ledger; who links splits has none."""

    group_of: dict[str, str]
    regrouped: dict[str, str]
    linking: frozenset[str]


class _Forest:
    """Disjoint sets of names, each with at most one split."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._split: dict[str, Split] = {}

    def root(self, name: str) -> str:
        parent = self._parent
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    def lay(self, name: str, split: Split) -> None:
        self._split[self.root(name)] = split

    def splits(self, names: Iterable[str]) -> set[Split]:
        roots = {self.root(name) for name in names}
        return {self._split[root] for root in roots if root in self._split}

    def join(self, names: Sequence[str]) -> None:
        first = self.root(names[0])
        for root in {self.root(name) for name in names} - {first}:
            self._parent[root] = first
            if root in self._split:
                self._split[first] = self._split.pop(root)


def link_groups(
    members: Collection[Member], links: Iterable[tuple[str, str]], ledger: Ledger
) -> Grouped:
    """Return the groups of examples; `links` are pairs of ids that are near duplicates.

    The order of members and links does not matter. Those that had a split come before new ones,
    and these before dropped ones, each in order of id.
    """
    near = defaultdict(list)
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    forest = _sown(ledger)
    added: set[str] = set()
    linking: set[str] = set()
    for member in sorted(members, key=lambda m: (not m.kept, m.id not in ledger.lines, m.id)):
        others = [_id(other) for other in near[member.id] if other in added]
        names = [_id(member.id), f"task:{member.task}", f"normal:{member.normal}", *others]
        if len(forest.splits(names)) > 1:
            linking.add(member.id)
        else:
            forest.join(names)
            added.add(member.id)
    return _named(forest, [m for m in members if m.id in added], ledger, frozenset(linking))


def _sown(ledger: Ledger) -> _Forest:
    """Return the sets that earlier versions made."""
    forest = _Forest()
    for group, line in ledger.groups.items():
        forest.lay(_group(group), line.split)
    for _, line in sorted(ledger.lines.items()):
        for name in (_id(line.id), f"task:{line.task}", f"normal:{line.normal}"):
            # Words that an example had before it was told anew may be another's by now.
            if len(forest.splits([_group(line.group), name])) < 2:
                forest.join([_group(line.group), name])
    return forest


def _named(
    forest: _Forest, members: Sequence[Member], ledger: Ledger, linking: frozenset[str]
) -> Grouped:
    """Name each set: as the ledger did, else by the first of its tasks."""
    known: dict[str, str] = {}
    for group in sorted(ledger.groups):
        known.setdefault(forest.root(_group(group)), group)
    tasks: dict[str, str] = {}
    for member in members:
        root = forest.root(_id(member.id))
        tasks[root] = min(member.task, tasks.get(root, member.task))
    fresh = {root: content_hash({"group": task}) for root, task in tasks.items()}
    names = fresh | known
    return Grouped(
        {member.id: names[forest.root(_id(member.id))] for member in members},
        {group: names[forest.root(_group(group))] for group in ledger.groups},
        linking,
    )


def _id(example: str) -> str:
    return f"id:{example}"


def _group(group: str) -> str:
    return f"group:{group}"

"""Votes as rows of names: rater, item, label; names become places, in order of appearance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate.votes import UNKNOWN, Votes


@dataclass(frozen=True)
class VoteTable:
    """Votes, and the names of their items, raters and classes.

    `revised` is how many votes gave way to another one of the same rater on the same item;
    `unvoted` are classes of gold that nobody voted for.
    """

    votes: Votes
    items: tuple[str, ...]
    raters: tuple[str, ...]
    classes: tuple[str, ...]
    revised: int = 0
    unvoted: tuple[str, ...] = ()


def vote_table(
    rows: Iterable[tuple[str, str, str]], gold: Mapping[str, str] | None = None
) -> VoteTable:
    """Return the table of rows (rater, item, label); `gold` is the class of items that are known.

    A rater has one vote on an item: the last.

    Raises: InvalidInput where there are no rows, or of gold for an item without a vote.
    """
    raters, items, classes = dict[str, int](), dict[str, int](), dict[str, int]()
    last, revised = dict[tuple[str, str], str](), 0
    for rater, item, label in rows:
        revised += last.get((rater, item), label) != label
        last[rater, item] = label
    places: list[tuple[int, int, int]] = [
        (_place(raters, rater), _place(items, item), _place(classes, label))
        for (rater, item), label in last.items()
    ]
    voted = len(classes)
    if not places:
        raise InvalidInput("there is no vote in it", field="votes", mend="rows rater,item,label")
    known = np.full(len(items), UNKNOWN, np.int64)
    for item, label in (gold or {}).items():
        if item not in items:
            raise InvalidInput(
                f"nobody voted about {item}", field="gold", mend="leave it out, or add votes"
            )
        known[items[item]] = _place(classes, label)
    rater_of, item_of, label_of = np.array(places, np.int64).T
    votes = Votes(
        item=item_of,
        rater=rater_of,
        label=label_of,
        items=len(items),
        raters=len(raters),
        classes=len(classes),
        known=known,
    )
    names = tuple(classes)
    return VoteTable(votes, tuple(items), tuple(raters), names, revised, names[voted:])


def _place(names: dict[str, int], name: str) -> int:
    return names.setdefault(name, len(names))

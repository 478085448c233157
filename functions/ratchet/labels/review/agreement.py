"""How far reviewers agree: the plain share, and what is left of it when chance is taken off."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from ratchet.kernel.document import Model

# What each reviewer said of one item, by his name.
Said = Mapping[str, str]


class Pair(Model):
    """How far two reviewers agree on the items that both answered."""

    first: str
    second: str
    items: int
    share: float
    kappa: float | None = None


class Agreement(Model):
    """How far all reviewers agree on the items that several answered; unknown without any.

    `share` is that of pairs of answers which are the same. `alpha` is 1 for perfect agreement
    and 0 for chance.
    """

    items: int = 0
    share: float | None = None
    alpha: float | None = None
    pairs: tuple[Pair, ...] = ()


def agreement(items: Iterable[Said]) -> Agreement:
    """Return how far reviewers agree on those of the items that at least two of them answered."""
    several = [said for said in items if len(said) > 1]
    if not several:
        return Agreement()
    together: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for said in several:
        for a, b in combinations(sorted(said), 2):
            together[a, b].append((said[a], said[b]))
    answers = [pair for found in together.values() for pair in found]
    return Agreement(
        items=len(several),
        share=share(answers),
        alpha=krippendorff_alpha([list(said.values()) for said in several]),
        pairs=tuple(
            Pair(first=a, second=b, items=len(found), share=share(found), kappa=cohen_kappa(found))
            for (a, b), found in sorted(together.items())
        ),
    )


def share(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the share of pairs of answers that are the same, of at least one pair.

    >>> share([("good", "good"), ("good", "bad")])
    0.5
    """
    return sum(a == b for a, b in pairs) / len(pairs)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return the agreement of two reviewers beyond chance; None where both know one class alone.

    Units: 1 is perfect, 0 is chance. Source: Cohen, Educ. Psychol. Meas. 20 (1960).

    >>> cohen_kappa([("a", "a"), ("b", "b"), ("a", "b"), ("b", "a")])
    0.0
    """
    n = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[name] * second[name] for name in first) / n**2
    return None if chance == 1 else (share(pairs) - chance) / (1 - chance)


def krippendorff_alpha(items: Sequence[Sequence[str]]) -> float | None:
    """Return the agreement of any number of reviewers beyond chance, for classes without order.

    Each item is the list of its answers; items with one answer say nothing. None where all
    answers are of one class. Units: 1 is perfect, 0 is chance.
    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), nominal data.

    >>> krippendorff_alpha([["a", "a"], ["b", "b"], ["a", "b"], ["a"]])
    0.4444444444444444
    """
    several = [Counter(item) for item in items if len(item) > 1]
    totals = sum(several, Counter[str]())
    n = totals.total()
    chance = n**2 - sum(count**2 for count in totals.values())
    if not chance:
        return None
    disagreeing = sum(
        (item.total() ** 2 - sum(count**2 for count in item.values())) / (item.total() - 1)
        for item in several
    )
    return 1 - (n - 1) * disagreeing / chance

"""Loss degrading: a component's card claims that its loss is worse than its own past was."""

from collections.abc import Iterator
from shlex import quote

from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.kernel.clock import HOUR
from ratchet.kernel.each import each
from ratchet.runs.cards.card import Card
from ratchet.store.named import naming
from ratchet.store.port import Query


def look(sight: Sight) -> Iterator[Condition]:
    """Yield by how much each component's loss is worse at least; one read a card.

    The claim holds under all looks of a month at once, so one look at it is enough to open. A card
    says something new when another day has closed.
    """
    stored = sight.store.stream(Query(Card.collection))
    for card in each(stored, naming(lambda s: Card.from_store(s.data)), sight.tell):
        if card.closed_until is not None:
            yield _condition(card)


def _condition(card: Card) -> Condition:
    claim = card.degrading
    return Condition(
        subject=card.component,
        level=max(0.0, claim.interval.low) if claim else -1.0,
        text=f"{card.component}: {claim.text}"
        if claim
        else f"the loss of {card.component} is what it was",
        command=f"ratchet card {quote(card.component)}",
        evidence=claim.to_map() if claim else {},
        as_of=card.closed_until,
    )


# The level of a card without the claim is -1: a claim opens, whatever its least difference is.
RULE = Rule("warning", HOUR, Band(opens=-0.5, closes=-0.5, closes_after=2), look)

"""Read cards: one by its component, or all of them."""

from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.runs.cards.card import Card, card_ref
from ratchet.store.named import naming
from ratchet.store.port import Query, Store

_card = naming(lambda stored: Card.from_store(stored.data))


def get_card(store: Store, component: str) -> Card:
    """Return a component's card.

    Raises: NotFound; InvalidInput that names the document.
    """
    found = store.get(card_ref(component))
    if found is None:
        raise NotFound(
            f"{component} has no card",
            field="component",
            mend="it has one a minute after its first run was recorded: see ratchet card",
        )
    return _card(found)


def list_cards(store: Store, tell: Tell | None = None) -> list[Card]:
    """Return all cards by component; those that cannot be read are told."""
    found = each(store.stream(Query(Card.collection)), _card, tell)
    return sorted(found, key=lambda card: card.component)

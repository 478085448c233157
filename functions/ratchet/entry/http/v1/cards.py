"""Cards by HTTP: what is known of each component."""

from ratchet.entry.http.v1.paging import Page, Paged, page_of_query
from ratchet.entry.http.v1.route import Ask, Route
from ratchet.runs.cards import read_card
from ratchet.runs.cards.card import Card
from ratchet.store.named import naming
from ratchet.store.port import Query


def list_cards(ask: Ask, query: Paged) -> Page[Card]:
    """List cards, in order of component."""
    return page_of_query(ask, query, Page[Card], Query(Card.collection), _load)


_load = naming(lambda stored: Card.from_store(stored.data))


def get_card(ask: Ask, component: str) -> Card:
    """Return the card of one component."""
    return read_card.get_card(ask.app.store, component)


ROUTES = (
    Route("GET", "/v1/cards", list_cards, Page[Card], query=Paged),
    Route("GET", "/v1/cards/{component}", get_card, Card),
)

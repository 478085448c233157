"""Cards by HTTP: one of a component, and all of them by page."""

import pytest

from ratchet.runs.cards.card import Card, Claim
from ratchet.stats.intervals import Interval
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import NOON

WEAK = Claim(
    side="weakness",
    metric="contradictions",
    against="threshold",
    mean=0.5,
    reference=0.25,
    worse=0.25,
    interval=Interval(low=0.125, high=0.375),
    runs=400,
    days=14,
    text="high contradictions: 0.50",
)


@pytest.fixture
def store(embedded: Store) -> Store:
    for name in ("planner", "router:meta/llama", "coder"):
        card = Card(component=name, as_of=NOON, runs=400, claims=(WEAK,))
        embedded.set(Ref(Card.collection, card.key()), card.to_map())
    return embedded


def asked(functions: Functions, path: str = "") -> Answer:
    return functions.send(f"api/v1/cards{path}", method="GET", actor=ADMIN)


def test_a_card_is_shown_with_its_claims(functions: Functions) -> None:
    found = asked(functions, "/router:meta/llama")
    assert (found.status, found.body["component"]) == (200, "router:meta/llama")
    (claim,) = found.body["claims"]
    assert (claim["metric"], claim["interval"]) == ("contradictions", {"low": 0.125, "high": 0.375})
    assert asked(functions, "/router:meta%2Fllama").body == found.body


def test_cards_are_listed_by_page_and_a_broken_one_is_named(
    functions: Functions, store: Store
) -> None:
    first = asked(functions, "?limit=2").body
    second = asked(functions, f"?limit=2&cursor={first['next']}").body
    shown = [x["component"] for x in (*first["items"], *second["items"])]
    assert shown == ["coder", "planner", "router:meta/llama"]
    store.set(Ref(Card.collection, "coder"), {"v": 1, "component": "coder"})
    rest = asked(functions).body
    assert (len(rest["items"]), "ops_cards/coder" in rest["broken"][0]) == (2, True)


def test_a_component_without_a_card_is_told_how_it_gets_one(functions: Functions) -> None:
    found = asked(functions, "/nobody")
    assert (found.status, found.error["field"]) == (404, "component")
    assert "run was recorded" in found.error["mend"]
    assert functions.send("api/v1/cards", method="GET", actor=SERVICE).status == 403

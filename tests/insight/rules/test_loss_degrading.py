"""Loss degrading: the claim of a card opens it, and two closed days without one close it."""

from ratchet.insight.rules.loss_degrading import RULE
from ratchet.kernel.clock import DAY, HOUR
from ratchet.runs.cards.card import Card
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.watching import NOON, alert_of, carded, look, seen_by, standing

MIDNIGHT = NOON - 12 * HOUR


def test_a_card_that_claims_a_worse_loss_is_told_at_the_next_look(store: Store) -> None:
    carded(store, MIDNIGHT, low=0.002)
    carded(store, MIDNIGHT, low=None, component="router x")
    look(store)
    told = alert_of(store, "loss-degrading")
    assert (told.subject, told.severity) == ("planner", "warning")
    assert told.text == "planner: loss 0.31, it was 0.25"
    assert told.command == "ratchet card planner"
    assert told.evidence["interval"] == {"low": 0.002, "high": 0.1}


def test_it_closes_when_two_days_have_closed_without_the_claim(embedded: SqliteStore) -> None:
    opened = []
    for day, low in enumerate((0.01, None, 0.01, None, None)):
        carded(embedded, MIDNIGHT + day * DAY, low=low)
        for hour in range(12):  # looks in between see the same days
            look(embedded, NOON + day * DAY + hour * HOUR)
        opened.append(len(standing(embedded)))
    assert opened == [1, 1, 1, 1, 0]
    assert alert_of(embedded, "loss-degrading").episode == 1


def test_a_card_before_its_first_closed_day_says_nothing(embedded: SqliteStore) -> None:
    card = Card(component="new", as_of=NOON)
    embedded.set(Ref(card.collection, card.key()), card.to_map())
    assert seen_by(RULE, embedded) == {}


def test_the_command_names_a_component_with_a_blank_as_a_shell_takes_it(
    embedded: SqliteStore,
) -> None:
    carded(embedded, MIDNIGHT, low=0.1, component="my planner")
    assert seen_by(RULE, embedded)["my planner"].command == "ratchet card 'my planner'"

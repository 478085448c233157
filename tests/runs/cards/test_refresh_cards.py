"""Cards after runs: what changed, once a minute, after any death, by two at once, few reads."""

from datetime import timedelta

import pytest

from ratchet.govern.alerts import Alert
from ratchet.kernel.clock import DAY
from ratchet.policies.head import PolicyHead
from ratchet.runs.cards.card import Card
from ratchet.runs.cards.fleet import FLEET
from ratchet.runs.cards.refresh_cards import REFRESHED, CardsReport
from ratchet.runs.studies.study import STUDIES
from ratchet.runs.trend import RunTrend, trend_ref
from ratchet.stats.run_sums import RunBucket
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carded import MINUTE, card_of, compared, put_weeks, refreshed
from tests.support.faults import Died, FaultyStore
from tests.support.run_days import COMPONENT, NOON, put_bucket, runs


def recounted(store: Store) -> dict[str, tuple[int, float | None]]:
    """Return each component's runs and mean loss of 30 days, from stored buckets one by one."""
    kept: dict[str, tuple[int, int, int]] = {}
    for found in store.query(Query(RunBucket.collection)):
        if found.data["day"] > NOON - 30 * DAY:
            sums, (n, w, wx) = found.data["sums"], kept.get(found.data["component"], (0, 0, 0))
            loss = sums["loss"]
            kept[found.data["component"]] = n + sums["runs"], w + loss["w"], wx + loss["wx"]
    return {name: (n, wx / w / 1e6 if w else None) for name, (n, w, wx) in kept.items()}


def held(store: Store) -> dict[str, tuple[int, float | None]]:
    """Return the same of the cards."""
    cards = [Card.from_store(s.data) for s in store.query(Query(Card.collection))]
    return {card.component: (card.runs, card.loss_month.mean) for card in cards}


def test_a_card_follows_the_runs_of_its_component(store: Store) -> None:
    put_bucket(store, runs(0.3, 0.5))
    put_bucket(store, runs(0.2), component="reviewer", back=3)
    assert refreshed(store) == CardsReport(changed=2, refreshed=2)
    assert card_of(store).runs == 2
    put_bucket(store, runs(0.3, 0.5, 0.7), now=NOON + MINUTE)
    assert refreshed(store, NOON + MINUTE).refreshed == 1
    assert (card_of(store).runs, card_of(store).loss_week.mean) == (3, 0.5)
    assert held(store) == recounted(store)


def test_a_card_names_studies_and_the_version_that_is_active(store: Store) -> None:
    shown = {"id": "p-s1", "type": "tool_tuning", "policy": "p", "hypothesis": "h", "actor": "ada"}
    for i in range(7):
        data = shown | {"id": f"p-s{i}", "component": COMPONENT, "startedBy": "person"}
        at = NOON - i * DAY
        store.set(Ref(STUDIES, f"p-s{i}"), data | {"createdAt": at, "updatedAt": at})
    store.set(Ref(STUDIES, "p-s1"), {"component": COMPONENT, "createdAt": NOON + DAY})
    head = PolicyHead(id="p", active="1.0.4")
    store.set(Ref(PolicyHead.collection, "p"), head.to_map())
    put_bucket(store, runs(0.3), version="p@1.0.3")
    refreshed(store)
    card = card_of(store)
    assert (card.policy_version, card.active) == ("p@1.0.3", "p@1.0.4")
    # The newest cannot be read, and is left to the list of studies.
    assert [study.id for study in card.studies] == ["p-s0", "p-s2", "p-s3", "p-s4"]


def test_what_did_not_change_is_not_written_again(embedded: Store) -> None:
    put_bucket(embedded, runs(0.3))
    refreshed(embedded)
    before = card_of(embedded)
    assert refreshed(embedded, NOON + MINUTE) == CardsReport(changed=1)
    assert card_of(embedded) == before
    assert refreshed(embedded, NOON + 10 * MINUTE) == CardsReport(changed=1)
    assert refreshed(embedded, NOON + 20 * MINUTE) == CardsReport()


def test_a_card_is_written_once_in_a_minute_and_what_waits_comes_with_the_next(
    embedded: Store,
) -> None:
    put_bucket(embedded, runs(0.3))
    refreshed(embedded)
    put_bucket(embedded, runs(0.3, 0.5))
    assert refreshed(embedded, NOON + MINUTE / 2).waiting == 1
    assert card_of(embedded).runs == 1
    # However late the next tick is.
    assert refreshed(embedded, NOON + timedelta(hours=2)).refreshed == 1
    assert card_of(embedded).runs == 2


def test_two_countings_of_one_instant_are_told_apart(embedded: Store) -> None:
    put_bucket(embedded, runs(0.3))
    refreshed(embedded)
    put_bucket(embedded, runs(0.3, 0.4))
    assert refreshed(embedded, NOON + MINUTE).refreshed == 1
    assert held(embedded) == recounted(embedded)


def test_runs_of_long_ago_change_no_card(embedded: Store) -> None:
    put_bucket(embedded, runs(0.3), back=70)
    assert refreshed(embedded) == CardsReport()


def test_a_trend_that_cannot_be_read_is_made_anew(embedded: Store) -> None:
    for name in (COMPONENT, "reviewer"):
        put_bucket(embedded, runs(0.3), component=name)
    put_bucket(embedded, runs(0.5), back=30, now=NOON - 30 * DAY)
    embedded.set(trend_ref(COMPONENT), {"v": 1, "component": COMPONENT, "days": "none"})
    assert refreshed(embedded) == CardsReport(changed=2, refreshed=2)
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.subject) == ("trend-unreadable", COMPONENT)
    found = embedded.get(trend_ref(COMPONENT))
    assert found is not None
    assert [day.sums.runs for day in RunTrend.from_store(found.data).days] == [1, 1]


def test_a_trend_of_a_newer_program_is_left_as_it_is(embedded: Store) -> None:
    for name in (COMPONENT, "reviewer"):
        put_bucket(embedded, runs(0.3), component=name)
    newer = {"v": 99, "component": COMPONENT, "weeks": []}
    embedded.set(trend_ref(COMPONENT), newer)
    assert refreshed(embedded) == CardsReport(changed=2, refreshed=1, failed=1)
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.subject) == ("card-failed", COMPONENT)
    found = embedded.get(trend_ref(COMPONENT))
    assert found is not None
    assert found.data == newer


def test_a_bucket_out_of_its_place_keeps_no_card_back(embedded: Store) -> None:
    ref = put_bucket(embedded, runs(0.3))
    found = embedded.get(ref)
    assert found is not None
    embedded.set(Ref(ref.collection, "by-hand"), found.data)
    embedded.set(Ref(ref.collection, f"{ref.id}1"), found.data | {"component": 4})
    assert refreshed(embedded) == CardsReport(changed=1, refreshed=1)
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.subject) == ("card-failed", "ops_run_buckets")
    assert "2 buckets" in told.text


@pytest.mark.parametrize("broken", [{"metrics": "none"}, {"metrics": {}}])
def test_a_fleet_that_cannot_be_read_leaves_the_claims_and_stops_no_card(
    embedded: Store, broken: dict[str, object]
) -> None:
    put_weeks(embedded, COMPONENT, 0.3)
    refreshed(embedded, NOON - MINUTE)
    compared(embedded)
    before = card_of(embedded)
    fleet = embedded.get(FLEET)
    assert fleet is not None
    embedded.set(FLEET, fleet.data | broken)
    put_bucket(embedded, runs(0.9))
    assert refreshed(embedded, NOON + MINUTE).refreshed == 1
    after = card_of(embedded)
    assert (after.claims, after.closed_until) == (before.claims, before.closed_until)
    assert after.runs == before.runs + 1
    told = [s.data["what"] for s in embedded.query(Query(Alert.collection))]
    assert told == ["fleet-unreadable"]


def test_a_run_may_name_a_version_of_no_policy(embedded: Store) -> None:
    put_bucket(embedded, runs(0.3), version="team/agent@7")
    assert refreshed(embedded).refreshed == 1
    assert (card_of(embedded).policy_version, card_of(embedded).active) == ("team/agent@7", None)


def test_at_rest_a_refresh_writes_nothing(embedded: Store) -> None:
    put_bucket(embedded, runs(0.3))
    refreshed(embedded)
    refreshed(embedded, NOON + 10 * MINUTE)
    counted = CountingStore(embedded)
    refreshed(counted, NOON + 20 * MINUTE)
    # One configuration (2), the cursor, the number of shards (2), four shards.
    assert (counted.bill.reads, counted.bill.writes) == (9, 0)


def test_a_clock_that_was_set_back_leaves_nothing_out(embedded: Store) -> None:
    embedded.set(REFRESHED, {"v": 1, "at": NOON + MINUTE * 30})
    put_bucket(embedded, runs(0.3), now=NOON - MINUTE)
    assert refreshed(embedded).refreshed == 1


def changing(store: Store) -> None:
    """Store runs of three components, two of them with a card already."""
    put_bucket(store, runs(0.3))
    put_bucket(store, runs(0.4), component="reviewer")
    refreshed(store, NOON - 2 * MINUTE)
    put_bucket(store, runs(0.3, 0.6))
    put_bucket(store, runs(0.4), component="reviewer", version="p@1.0.1", back=2)
    put_bucket(store, runs(0.9), component="writer")


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_call_a_refresh_dies_at_the_next_one_mends_it(when: str) -> None:
    counted = FaultyStore(SqliteStore())
    changing(counted.inner)
    refreshed(counted)
    for call in range(1, counted.calls + 1):
        inner = SqliteStore()
        changing(inner)
        with pytest.raises(Died):
            refreshed(FaultyStore(inner, call, when))  # type: ignore[arg-type]
        refreshed(inner, NOON + MINUTE)
        assert held(inner) == recounted(inner), call
        inner.close()


class Meddled(FaultyStore):
    """A store in which something else happens before one of its calls."""

    def __init__(self, inner: Store, at: int) -> None:
        super().__init__(inner)
        self.at = at

    def _call(self, name, act):  # type: ignore[no-untyped-def]
        if self.calls + 1 == self.at:
            put_bucket(self.inner, runs(0.3, 0.6, 0.9), now=NOON + MINUTE)
            refreshed(self.inner, NOON + MINUTE)
        return super()._call(name, act)


@pytest.mark.slow
def test_another_refresher_between_any_two_calls_leaves_what_a_recount_does() -> None:
    counted = FaultyStore(SqliteStore())
    changing(counted.inner)
    refreshed(counted)
    for call in range(1, counted.calls + 1):
        inner = SqliteStore()
        changing(inner)
        refreshed(Meddled(inner, call))
        refreshed(inner, NOON + 2 * MINUTE)
        assert held(inner) == recounted(inner), call
        inner.close()


@pytest.mark.parametrize("known", [1, 200])
def test_the_reads_of_a_refresh_do_not_grow_with_runs_or_days(known: int) -> None:
    store = CountingStore(SqliteStore())
    put_weeks(store, COMPONENT, 0.3, now=NOON - 2 * DAY)
    for ago in (2 * DAY, DAY):
        refreshed(store, NOON - ago)
    put_bucket(store, runs(*[0.4] * known))
    before = store.bill
    refreshed(store)
    bill = store.bill - before
    # Of the tick: two configurations (4), the cursor, the number of shards (2), four shards, the
    # fleet. Of the component: its mark (2), card, studies, trend, the day's bucket and the head.
    # Written: trend, card, mark and cursor.
    assert (bill.reads, bill.writes) == (12 + 7, 4)
    trend = store.get(trend_ref(COMPONENT))
    assert trend is not None
    assert len(RunTrend.from_store(trend.data).days) == 43

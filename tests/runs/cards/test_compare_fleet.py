"""A day's comparison: what is claimed of whom, once a day, and what stops nobody else."""

import pytest

from ratchet.govern.alerts import Alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY
from ratchet.runs.cards.compare_fleet import FleetReport
from ratchet.runs.cards.fleet import FLEET, RunFleet
from ratchet.runs.cards.write_card import scribe, write_card
from ratchet.runs.trend import trend_ref
from ratchet.store.port import Query, Ref, Store
from tests.support.carded import MINUTE, at_noon, card_of, compared, put_weeks, refreshed
from tests.support.run_days import NOON, TODAY, put_bucket, runs


def fleet_of_four(store: Store) -> None:
    """Store four components, the planner with more loss from contradictions than the others."""
    for name in ("reviewer", "writer", "router"):
        put_weeks(store, name, 0.25, {"contradictions": 0.12})
    put_weeks(store, "planner", 0.35, {"contradictions": 0.41})
    refreshed(store)


def test_what_is_worse_than_the_fleet_is_named_with_what_it_rests_on(store: Store) -> None:
    fleet_of_four(store)
    assert compared(store) == FleetReport(components=4, cards=4)
    contradictions, loss = card_of(store).weaknesses
    assert (contradictions.metric, contradictions.against) == ("contradictions", "fleet")
    assert contradictions.mean == pytest.approx(0.41)
    assert contradictions.reference == pytest.approx(0.12)
    assert contradictions.interval.low < 0.29 < contradictions.interval.high
    assert (contradictions.runs, contradictions.days) == (60 * 28, 28)
    assert contradictions.text.startswith("high contradictions: 0.41, the fleet has 0.12 (0.2")
    assert contradictions.text.endswith(" worse; 1,680 runs in 28 days)")
    assert (loss.metric, round(loss.worse, 2)) == ("loss", 0.1)
    assert card_of(store).closed_until == TODAY
    assert card_of(store).degrading is None


def test_claims_stay_for_a_day_whatever_comes_late(embedded: Store) -> None:
    fleet_of_four(embedded)
    compared(embedded)
    before = card_of(embedded)
    put_weeks(embedded, "planner", 0.2, {"contradictions": 0.02}, now=NOON + MINUTE)
    refreshed(embedded, NOON + MINUTE)
    compared(embedded, NOON + 2 * MINUTE)
    after = card_of(embedded)
    assert (after.claims, after.closed_until) == (before.claims, TODAY)
    assert after.loss_month.mean == pytest.approx(0.202, abs=0.001)
    compared(embedded, at_noon(1))
    assert {claim.side for claim in card_of(embedded).claims} == {"strength"}


def test_a_refresh_that_read_the_fleet_before_takes_no_claim_back(embedded: Store) -> None:
    fleet_of_four(embedded)
    compared(embedded, at_noon(-1))
    before = scribe(embedded, ConfigReader(embedded, lambda: NOON), now=NOON)
    compared(embedded)
    newer = card_of(embedded)
    written = write_card(embedded, "planner", before)
    assert written is not None
    assert (written.claims, written.closed_until) == (newer.claims, TODAY)


def test_today_is_in_no_claim(embedded: Store) -> None:
    put_bucket(embedded, runs(*[0.9] * 2000))
    refreshed(embedded)
    assert compared(embedded) == FleetReport(cards=1)
    assert card_of(embedded).claims == ()


def test_a_component_alone_is_held_against_its_thresholds_and_its_past(embedded: Store) -> None:
    put_weeks(embedded, "planner", 0.3, {"contradictions": 0.6}, days=28, since=15)
    put_weeks(embedded, "planner", 0.2, {"contradictions": 0.6}, days=14, version="p@1.0.1")
    refreshed(embedded)
    compared(embedded)
    found = [(c.side, c.metric, c.against) for c in card_of(embedded).claims]
    assert found == [
        ("weakness", "contradictions", "threshold"),
        ("strength", "loss", "past"),
    ]
    assert [c.text.partition(" (")[0] for c in card_of(embedded).claims] == [
        "high contradictions: 0.60, above 0.30 is weak",
        "low loss: 0.20, before it was 0.30",
    ]


def test_a_loss_that_rises_against_its_own_past_is_degrading(embedded: Store) -> None:
    put_weeks(embedded, "planner", 0.2, days=28, since=15)
    put_weeks(embedded, "planner", 0.3, days=14)
    refreshed(embedded)
    compared(embedded)
    degrading = card_of(embedded).degrading
    assert degrading is not None
    assert degrading.reference == pytest.approx(0.202, abs=0.001)


def test_config_cards_says_what_is_weak(embedded: Store) -> None:
    put_weeks(embedded, "planner", 0.2, {"grounding": 0.2}, days=20)
    limits = {"grounding": {"weakAbove": 0.1, "strongBelow": 0.05}}
    embedded.set(Ref("config", "cards"), {"v": 1, "limits": limits})
    refreshed(embedded)
    compared(embedded)
    assert [claim.metric for claim in card_of(embedded).weaknesses] == ["grounding"]


def test_nothing_is_claimed_of_a_new_component_until_it_is_compared(embedded: Store) -> None:
    fleet_of_four(embedded)
    compared(embedded)
    put_weeks(embedded, "judge", 0.35, {"contradictions": 0.41}, now=NOON + MINUTE)
    refreshed(embedded, NOON + MINUTE)
    assert card_of(embedded, "judge").claims == ()
    compared(embedded, NOON + DAY)
    assert {claim.metric for claim in card_of(embedded, "judge").weaknesses} == {
        "contradictions",
        "loss",
    }


@pytest.mark.parametrize("lost", ["gone", "unreadable"])
def test_a_trend_that_is_lost_is_made_anew_and_compared(embedded: Store, lost: str) -> None:
    fleet_of_four(embedded)
    ref = trend_ref("planner")
    before = embedded.get(ref)
    assert before is not None
    if lost == "gone":
        embedded.delete(ref)
    else:
        embedded.set(ref, {"v": 1, "component": "planner", "days": "none"})
    assert compared(embedded) == FleetReport(components=4, cards=4)
    after = embedded.get(ref)
    assert after is not None
    assert after.data["days"] == before.data["days"]
    assert [claim.metric for claim in card_of(embedded).weaknesses] == ["contradictions", "loss"]
    told = [(s.data["what"], s.data["subject"]) for s in embedded.query(Query(Alert.collection))]
    assert told == ([] if lost == "gone" else [("trend-unreadable", "planner")])


def test_a_trend_that_cannot_be_made_stops_no_other(embedded: Store) -> None:
    fleet_of_four(embedded)
    embedded.delete(trend_ref("router"))
    broken = put_bucket(embedded, runs(0.3), component="router")
    embedded.set(broken, {"v": 1, "component": "router", "day": TODAY, "sums": "none"})
    assert compared(embedded) == FleetReport(components=3, cards=3, failed=1)
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.subject) == ("card-failed", "router")
    assert "ops_run_buckets/router" in told.text
    assert card_of(embedded).weaknesses


def test_a_card_ages_where_no_runs_come_and_is_left_when_it_is_empty(embedded: Store) -> None:
    put_weeks(embedded, "planner", 0.3, days=10)
    refreshed(embedded)
    assert card_of(embedded).runs == 600
    compared(embedded, at_noon(25))
    assert card_of(embedded).runs == 240
    assert [compared(embedded, at_noon(days)).cards for days in (80, 81)] == [1, 0]
    assert (card_of(embedded).runs, card_of(embedded).as_of) == (0, at_noon(80))


def test_the_fleet_is_as_large_however_many_components_there_are(embedded: Store) -> None:
    sizes = []
    for name in ("a", "b", "c"):
        put_weeks(embedded, name, 0.3)
        refreshed(embedded)
        compared(embedded)
        found = embedded.get(FLEET)
        assert found is not None
        fleet = RunFleet.from_store(found.data)
        sizes.append((fleet.components, fleet.days.n.shape))
    assert sizes == [(1, (11, 28)), (2, (11, 28)), (3, (11, 28))]
    assert fleet.until == NOON - DAY / 2

"""Below retrain: a mean reward of a day under the threshold of its component."""

import numpy as np

from ratchet.insight.rules.below_retrain import RULE
from ratchet.kernel.clock import HOUR
from ratchet.observe.reward import Override, RewardConfig
from ratchet.stats.intervals import Interval
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import Worker, configure, observation, worker
from tests.support.watching import NOON, alert_of, look, rewarded, seen_by, standing

UNDER = [("below-min-acceptable", "router"), ("below-retrain", "router")]


def test_a_mean_under_the_threshold_for_two_hours_is_told(store: Store) -> None:
    rewarded(store, "router", 0.39)
    look(store)
    assert standing(store) == []
    rewarded(store, "router", 0.39, now=NOON + HOUR)
    look(store, NOON + HOUR)
    told = alert_of(store, "below-retrain")
    assert told.text == "router has mean reward 0.390, under 0.4"
    assert told.command == "ratchet stats --component router"
    assert told.evidence["meanReward"] == 0.39
    assert told.severity == "warning"


def test_it_opens_under_the_threshold_and_closes_clear_over_it(embedded: SqliteStore) -> None:
    means = [0.41, 0.39, 0.41, 0.39, 0.39, 0.405, 0.415, 0.42, 0.41, 0.43, 0.43]
    opened = []
    for hour, mean in enumerate(means):
        rewarded(embedded, "router", mean, now=NOON + hour * HOUR)
        look(embedded, NOON + hour * HOUR)
        opened.append(("below-retrain", "router") in standing(embedded))
    assert opened == [False] * 4 + [True] * 6 + [False]


def test_a_mean_of_few_closes_where_it_is_surely_over_the_threshold(embedded: SqliteStore) -> None:
    """At the threshold a day of 48 rewards would else open and close ten times a month."""
    rng = np.random.default_rng(2)
    hours = rng.normal(0.4, 0.3, (120, 2))
    turns, was = 0, False
    for hour in range(24, 120):
        day = hours[hour - 24 : hour]
        reach = 1.96 * 0.3 / 48**0.5
        ends = Interval(low=day.mean() - reach, high=day.mean() + reach)
        now = NOON + hour * HOUR
        rewarded(embedded, "router", day.mean(), n=48, now=now, avg_reward_interval=ends)
        look(embedded, now)
        present = ("below-retrain", "router") in standing(embedded)
        turns, was = turns + (present is not was), present
    assert turns == 1


def test_of_fewer_than_30_rewards_a_mean_says_nothing(embedded: SqliteStore) -> None:
    rewarded(embedded, "few", 0.1, n=29)
    rewarded(embedded, "some", 0.1, n=30)
    rewarded(embedded, "none", 0.1, avg_reward=None, reward_n=0)
    assert set(seen_by(RULE, embedded)) == {"some"}


def test_a_component_may_have_a_threshold_of_its_own(embedded: SqliteStore) -> None:
    configure(embedded, RewardConfig(overrides={"slow*": Override(thresholds={"retrain": 0.2})}))
    rewarded(embedded, "slow:a", 0.3)
    rewarded(embedded, "fast", 0.3)
    found = seen_by(RULE, embedded)
    assert {name: round(one.level, 6) for name, one in found.items()} == {
        "slow:a": -0.1,
        "fast": 0.1,
    }


def test_a_component_that_fails_is_told_from_its_observations(embedded: SqliteStore) -> None:
    it = worker(embedded, NOON)
    items = [observation(NOON, outcome="failure") for _ in range(100)]
    it.batch("b1", items)
    it.scored_later()
    it.roll()
    look(embedded, it.clock())
    it.later(HOUR)
    Worker(embedded, it.clock).roll()
    look(embedded, it.clock())
    assert standing(embedded) == UNDER

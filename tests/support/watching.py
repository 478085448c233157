"""What the tests of the rules share: looks at an instant, and the alerts that come of them."""

from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.alerts import Alert
from ratchet.govern.config import ConfigReader
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.insight.watch import WatchReport, watch_alerts
from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.kernel.errors import RatchetError
from ratchet.runs.cards.card import Card, Claim
from ratchet.stats.intervals import Interval
from ratchet.stats.window import ALL, Stats
from ratchet.store.port import Query, Ref, Store
from tests.support.governed import KEYS

NOON = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
FIVE = timedelta(minutes=5)


def look(store: Store, now: datetime = NOON) -> WatchReport:
    """Let every rule look, in a process that has just begun."""
    return watch_alerts(store, KEYS, ConfigReader(store, ManualClock(now)), now=now)


def looks(store: Store, start: datetime, end: datetime, every: timedelta = FIVE) -> None:
    """Let the rules look again and again, the end included."""
    now = start
    while now <= end:
        look(store, now)
        now += every


def seen_by(
    rule: Rule, store: Store, now: datetime = NOON, *, known: frozenset[str] = frozenset()
) -> dict[str, Condition]:
    """Return what one rule finds, by subject; what it cannot read is an error."""

    def tell(error: RatchetError) -> None:
        raise error

    sight = Sight(store, KEYS, ConfigReader(store, ManualClock(now)), now, known, tell)
    found = list(rule.conditions(sight))
    assert len({one.subject for one in found}) == len(found)
    return {one.subject: one for one in found}


def standing(store: Store) -> list[tuple[str, str]]:
    """Return (what, subject) of the alerts that stand."""
    return [(a.what, a.subject) for a in alerts(store) if not a.is_over]


def alerts(store: Store) -> list[Alert]:
    """Return every alert."""
    return [Alert.from_store(s.data) for s in store.query(Query(Alert.collection))]


def alert_of(store: Store, what: str) -> Alert:
    """Return the one alert of a rule."""
    (found,) = (a for a in alerts(store) if a.what == what)
    return found


def waiting(store: Store, age: timedelta, now: datetime = NOON) -> None:
    """Leave one observation alone in shard 0 without a reward, so old; of no age, none."""
    ref = Ref("ops_observations", "waits")
    if age:
        store.set(ref, {"shard": 0, "ingestedAt": now - age})
    else:
        store.delete(ref)


def rewarded(
    store: Store, component: str, mean: float, *, n: int = 100, now: datetime = NOON, **more: Any
) -> None:
    """Store the statistics of a component's day."""
    figures = {"avg_reward": mean, "reward_n": n, "n": n, "weighted": n} | more
    place = {"component": component, "version": ALL, "window": "24h", "epoch": 1}
    stats = Stats(**(place | {"ts": now, "since": now - 24 * HOUR} | figures))
    store.set(Ref(stats.collection, stats.key()), stats.to_map())


def carded(
    store: Store, closed: datetime, *, low: float | None, component: str = "planner"
) -> None:
    """Store a card as of a closed day; `low` is how much worse its loss is at least, if it is."""
    claim = Claim(
        side="weakness",
        metric="loss",
        against="past",
        mean=0.31,
        reference=0.25,
        worse=0.06,
        interval=Interval(low=low or 0.0, high=0.1),
        runs=700,
        days=7,
        text="loss 0.31, it was 0.25",
    )
    claims = () if low is None else (claim,)
    card = Card(component=component, as_of=closed, closed_until=closed, claims=claims)
    store.set(Ref(card.collection, card.key()), card.to_map())

"""Lag: how long the oldest observation has waited for its reward."""

from datetime import timedelta

import pytest

from ratchet.govern.config import ConfigReader, load_config
from ratchet.observe.record import record
from ratchet.observe.score import score_observations
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store
from tests.support.examined import case, found
from tests.support.google import NOON
from tests.support.governed import KEYS

MINUTE = timedelta(minutes=1)


def arrive(store: Store, minutes_ago: float, shard: int = 0) -> None:
    """Store an observation that waits."""
    data = {"shard": shard, "ingestedAt": NOON - minutes_ago * MINUTE}
    store.set(Ref("ops_observations", f"o{shard}{minutes_ago}"), data)


def scored_to(store: Store, minutes_ago: float, shard: int = 0) -> None:
    """Set a shard's cursor on the observation that arrived then."""
    at = NOON - minutes_ago * MINUTE
    data = {"v": 1, "ingestedAt": at, "id": f"o{shard}{minutes_ago}", "seen": {}}
    store.set(Ref("ops_checkpoints", f"score~{shard}"), data)


def severity(store: Store) -> str:
    ((told, _, _),) = found("lag", case(store))
    return told


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(0, "ok"), (5, "ok"), (6, "warning"), (60, "warning"), (61, "error"), (6000, "error")],
)
def test_an_observation_may_wait_five_minutes_and_an_hour_is_stuck(
    store: Store, minutes: float, told: str
) -> None:
    arrive(store, minutes)
    arrive(store, 0)
    assert severity(store) == told


def test_what_was_scored_waits_no_more(store: Store) -> None:
    arrive(store, 90)
    arrive(store, 80)
    scored_to(store, 90)
    ((told, text, mend),) = found("lag", case(store))
    assert (told, "80 minutes" in text) == ("error", True)
    assert mend == "ratchet tick --only score_observations"
    scored_to(store, 80)
    assert severity(store) == "ok"


def test_every_shard_ever_used_is_looked_at_and_the_worst_is_named(store: Store) -> None:
    store.set(Ref("config", "ingest"), {"shards": 6})
    load_config(store, Ingest, now=NOON).loaded(store)
    store.set(Ref("config", "ingest"), {"shards": 1})
    arrive(store, 10, shard=2)
    arrive(store, 70, shard=5)
    ((told, text, _),) = found("lag", case(store))
    assert (told, "shard 5" in text) == ("error", True)


def test_settings_that_do_not_parse_stop_nothing(embedded: Store) -> None:
    embedded.set(Ref("config", "ingest"), {"shards": "many"})
    arrive(embedded, 61, shard=3)
    assert severity(embedded) == "error"


def test_the_scorer_itself_ends_the_wait(store: Store) -> None:
    then = NOON - 90 * MINUTE
    ingest = ConfigReader(store, lambda: then).read(Ingest)
    item = {"ts": int(then.timestamp() * 1000), "component": "a", "outcome": "success"}
    record(store, KEYS, item, ingest=ingest, now=then)
    assert severity(store) == "error"
    score_observations(store, ConfigReader(store, lambda: NOON), clock=lambda: NOON)
    assert severity(store) == "ok"

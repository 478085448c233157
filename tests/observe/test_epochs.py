"""Reward epochs: one for each configuration in force, opened once, whoever sees it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ratchet.kernel.errors import NotFound
from ratchet.observe.epochs import current_epoch, epoch_config
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.store.port import Query, Store
from tests.support.observing import Worker, configure, worker

CHEAP = RewardConfig(weights=Weights(cost=0.1))
DEAR = RewardConfig(weights=Weights(cost=0.9))


def epoch(at: Worker) -> int:
    return current_epoch(at.store, at.reader, now=at.clock()).epoch


def test_the_first_look_opens_epoch_1_and_the_next_finds_it(store: Store) -> None:
    at = worker(store)
    assert [epoch(at), epoch(at), epoch(Worker(store, at.clock))] == [1, 1, 1]
    assert epoch_config(store, 1) == RewardConfig()


def test_a_change_opens_a_new_epoch_and_a_change_back_another(store: Store) -> None:
    at = worker(store)
    seen = []
    for config in (CHEAP, DEAR, CHEAP):
        configure(store, config)
        at.reader.forget(RewardConfig)
        seen.append(epoch(at))
    assert seen == [1, 2, 3]
    assert epoch_config(store, 1) == epoch_config(store, 3) == CHEAP
    assert epoch_config(store, 2) == DEAR


def test_a_new_name_of_the_same_configuration_opens_none(embedded: Store) -> None:
    at = worker(embedded)
    assert epoch(at) == 1
    configure(embedded, RewardConfig(version="renamed"))
    at.reader.forget(RewardConfig)
    assert epoch(at) == 1


def test_a_change_by_hand_is_seen_within_the_hour(embedded: Store) -> None:
    at = worker(embedded)
    assert epoch(at) == 1
    configure(embedded, CHEAP)
    at.later(timedelta(minutes=59))
    assert epoch(at) == 1
    at.later(timedelta(minutes=1))
    assert epoch(at) == 2


def test_an_epoch_that_another_process_opened_invalidates_the_cache(embedded: Store) -> None:
    old = worker(embedded)
    assert epoch(old) == 1
    configure(embedded, CHEAP)
    assert epoch(Worker(embedded, old.clock)) == 2
    found = current_epoch(embedded, old.reader, now=old.clock())
    assert (found.epoch, found.config) == (2, CHEAP)


def test_many_processes_that_see_a_change_open_one_epoch(store: Store) -> None:
    at = worker(store)
    epoch(at)
    configure(store, CHEAP)
    processes = [Worker(store, at.clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(epoch, processes)) == [2] * 8
    assert store.count(Query("ops_reward_epochs")) == 2


def test_an_epoch_that_there_is_not_is_named(embedded: Store) -> None:
    with pytest.raises(NotFound, match="epoch 7"):
        epoch_config(embedded, 7)

"""Runs count once in their arm's bucket, as they were told within the outcome window."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ratchet.observe.read_until import READ_UNTIL, ReadUntil, load_read_until
from ratchet.observe.run_arm import RunArm, changed_run_rollouts, counts_as, losses_in_units
from ratchet.observe.settings import Ingest
from ratchet.observe.watched import RolloutReader
from ratchet.stats.bins import bin_of
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Store
from ratchet.store.transact import Transaction
from tests.support.faults import FaultyStore
from tests.support.observing import NOON
from tests.support.rollout_recount import NEW, kept, met, only, running

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def run(name: str = "a", loss: float = 0.25, **fields: Any) -> RunArm:
    """Return a run of the control that was told a minute after its unit met the arm."""
    known: dict[str, Any] = {"rollout": "r1", "step": 0, "arm": "control", "exposed_at": NOON}
    known |= {"told_at": NOON + MINUTE, "losses": losses_in_units({"loss": loss})}
    return RunArm(run_id=name, **(known | fields))


def tell(
    store: Store, before: Sequence[RunArm | None], after: Sequence[RunArm | None]
) -> list[RunArm | None]:
    """Count some runs anew in one transaction, and return what they count as."""
    named = [run.rollout for run in (*before, *after) if run is not None]
    watched = RolloutReader(store).watched(named)

    def body(tx: Transaction) -> list[RunArm | None]:
        pairs = zip(before, after, strict=True)
        now = [counts_as(tx, was, told, watched) for was, told in pairs]
        plus = [run for run in now if run is not None]
        minus = [run for run in before if run is not None]
        writes = changed_run_rollouts(
            tx, plus, minus, watched, ingest=Ingest(shards=1), now=NOON + HOUR, shard=0
        )
        for ref, data in writes:
            tx.set(ref, data)
        return now

    return store.transact(body, self_checking=True)


def freeze(store: Store, until: timedelta) -> None:
    store.set(READ_UNTIL, ReadUntil(until=NOON + until).to_map())


def totals(bucket: RolloutBucket) -> tuple[int, dict[str, tuple[int, int]]]:
    """Return how many runs there are, and by name how many know it and the sum of it."""
    sums = bucket.sums
    return sums.runs.total(), {
        name: (sums.run_w[name].total(), sums.run_wx[name].total()) for name in sums.run_w
    }


def test_runs_count_beside_what_else_their_arm_did(store: Store) -> None:
    at = running(store)
    at.batch("b1", [met(unit="u1"), met(unit="u2", rolloutArm=NEW)])
    at.scored_later()
    before = only(store, "control").units
    known = losses_in_units({"loss": 0.5, "grounding": 0.1})
    assert known == {"loss": 500_000, "grounding": 100_000}
    tell(store, [None] * 3, [run("a"), run("b", losses=known), run("c", arm=NEW, losses={})])
    bucket = only(store, "control")
    assert totals(bucket) == (2, {"loss": (2, 750_000), "grounding": (1, 100_000)})
    assert bucket.sums.exposures.total() == 1
    assert bucket.units == before  # a run that names no unit meets none
    assert bucket.sums.run_wx["loss"].array()[bin_of("b")] == 500_000
    assert totals(only(store, NEW)) == (1, {})
    assert load_read_until(store).rollouts == {"r1": NOON + 2 * HOUR}


def test_a_unit_that_is_named_is_the_bin_and_is_met(embedded: Store) -> None:
    running(embedded).score()
    tell(embedded, [None, None], [run("a", unit="u1"), run("b", unit="u1")])
    bucket = only(embedded, "control")
    assert bucket.sums.runs.array()[bin_of("u1")] == 2
    assert bucket.units.count() == 1


def test_a_run_that_is_told_anew_takes_back_what_it_was(embedded: Store) -> None:
    running(embedded).score()
    first, second = run("a", 0.25), run("a", 0.75, told_at=NOON + 2 * MINUTE)
    assert tell(embedded, [None], [first]) == [first]
    assert tell(embedded, [first], [second]) == [second]
    assert totals(only(embedded, "control")) == (1, {"loss": (1, 750_000)})
    moved = run("a", 0.75, arm=NEW, exposed_at=NOON + HOUR, told_at=NOON + HOUR)
    assert tell(embedded, [second], [moved]) == [moved]
    assert totals(only(embedded, "control")) == (0, {})
    assert totals(only(embedded, NEW)) == (1, {"loss": (1, 750_000)})
    assert tell(embedded, [moved], [None]) == [None]
    assert totals(only(embedded, NEW)) == (0, {})


def test_what_changes_nothing_writes_nothing(embedded: Store) -> None:
    running(embedded).score()
    tell(embedded, [None], [run()])
    counting = FaultyStore(embedded)
    tell(counting, [run()], [run()])
    assert "commit" not in counting.log


def test_a_frozen_hour_keeps_a_run_as_it_was_wherever_it_says_it_belongs_now(
    embedded: Store,
) -> None:
    running(embedded).score()
    first = run()
    tell(embedded, [None], [first])
    freeze(embedded, 2 * HOUR)
    told = NOON + 2 * HOUR
    elsewhere = run("a", 0.75, exposed_at=told, told_at=told)
    for after in (run("a", 0.75, told_at=NOON + 2 * MINUTE), elsewhere, None):
        assert tell(embedded, [first], [after]) == [first]
    # A new run of that hour, told in time, comes too late all the same.
    assert tell(embedded, [None], [run("b")]) == [None]
    assert [totals(bucket) for bucket in kept(embedded)] == [(1, {"loss": (1, 250_000)})]


def test_a_telling_after_the_outcome_window_changes_nothing(embedded: Store) -> None:
    running(embedded).score()
    first = run()
    tell(embedded, [None], [first])
    last, late = NOON + HOUR, NOON + HOUR + MINUTE
    assert tell(embedded, [first, None], [run("a", 0.9, told_at=late), run("b", told_at=late)]) == [
        first,
        None,
    ]
    assert tell(embedded, [None], [run("c", told_at=last)]) == [run("c", told_at=last)]
    assert totals(only(embedded, "control")) == (2, {"loss": (2, 500_000)})


@pytest.mark.parametrize("foreign", [{"rollout": "r9"}, {"step": 2}, {"arm": "gone"}])
def test_a_run_of_no_rollout_step_or_arm_that_there_is_counts_in_none(
    embedded: Store, foreign: dict[str, Any]
) -> None:
    running(embedded).score()
    assert tell(embedded, [None], [run(**foreign)]) == [None]
    assert kept(embedded) == []


def test_an_hour_that_freezes_while_a_run_is_counted_stays_as_it_was(embedded: Store) -> None:
    running(embedded).score()
    watched = RolloutReader(embedded).watched(["r1"])
    tries: list[RunArm | None] = []

    def body(tx: Transaction) -> RunArm | None:
        now = counts_as(tx, None, run(), watched)
        plus = [now] if now else []
        writes = changed_run_rollouts(
            tx, plus, [], watched, ingest=Ingest(shards=1), now=NOON, shard=0
        )
        if not tries:
            freeze(embedded, 2 * HOUR)
        tries.append(now)
        for ref, data in writes:
            tx.set(ref, data)
        return now

    assert embedded.transact(body, self_checking=True) is None
    assert tries == [run(), None]
    assert kept(embedded) == []

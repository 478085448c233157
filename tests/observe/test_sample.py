"""Sampling: off by default, by unit, never of failures, and without bias."""

from datetime import timedelta

import numpy as np
import pytest

from ratchet.observe.observation import Observation
from ratchet.observe.sample import kept
from ratchet.observe.settings import Ingest
from ratchet.stats.window import Stats
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, Worker, observation, stats_doc, worker

SENT = 3000
SUCCESS = Observation(ts=NOON, component="router", outcome="success", unit="u")


def with_unit(i: int, **fields: object) -> Observation:
    return SUCCESS.model_copy(update={"unit": f"unit-{i}"} | fields)


def test_sampling_is_off_by_default() -> None:
    assert Ingest().sample_successes == 1
    found = [kept(with_unit(i), "id", Ingest().sample_successes) for i in range(200)]
    assert found == [with_unit(i) for i in range(200)]


def test_one_unit_in_k_keeps_all_its_successes_and_each_stands_for_k() -> None:
    taken = [i for i in range(20_000) if kept(with_unit(i), "id", 10)]
    assert 1800 < len(taken) < 2200
    for i in taken[:50]:
        for identity in ("a", "b"):
            assert kept(with_unit(i, duration_ms=5.0), identity, 10) == with_unit(
                i, duration_ms=5.0, weight=10
            )


def test_without_a_unit_the_observations_own_id_decides() -> None:
    bare = SUCCESS.model_copy(update={"unit": None})
    taken = [i for i in range(5000) if kept(bare, f"b.{i}", 10)]
    assert 400 < len(taken) < 600
    assert all(kept(bare, f"b.{i}", 10) for i in taken)


@pytest.mark.parametrize(
    "exempt",
    [
        {"outcome": "failure"},
        {"outcome": "timeout"},
        {"rollout_id": "r1"},
        {"run_id": "run-1"},
        {"weight": 7},
    ],
)
def test_failures_rollouts_runs_and_what_was_sampled_before_are_always_kept_as_they_are(
    exempt: dict[str, object],
) -> None:
    for i in range(300):
        assert kept(with_unit(i, **exempt), "id", 1000) == with_unit(i, **exempt)


def traffic(seed: int, rate: float) -> list[dict[str, object]]:
    """Return independent observations of as many units."""
    rng = np.random.default_rng(seed)
    sent: list[dict[str, object]] = []
    for i in range(SENT):
        ok = rng.random() < rate
        item = observation(
            NOON + timedelta(seconds=i % 60),
            unit=f"{seed}-{i}",
            outcome="success" if ok else "failure",
            durationMs=float(rng.integers(100, 4000)),
        )
        sent.append(item | ({"quality": float(rng.integers(0, 101)) / 100} if ok else {}))
    return sent


def rolled(sent: list[dict[str, object]], k: int) -> tuple[Stats, int, int]:
    """Record, score and roll a stream; return its statistics and (accepted, sampled out)."""
    store = SqliteStore()
    at: Worker = worker(store, sample_successes=k)
    answers = [at.batch(f"b{i}", sent[i : i + 500]) for i in range(0, SENT, 500)]
    at.scored_later()
    at.roll()
    found = stats_doc(store, "1h")
    store.close()
    return found, sum(a.accepted for a in answers), sum(a.sampled for a in answers)


@pytest.mark.slow
def test_the_sampled_and_the_full_stream_agree_within_the_computed_error() -> None:
    covered = {"reward": 0, "rate": 0}
    drift = []
    for seed in range(6):
        sent = traffic(seed, 0.8)
        full, accepted, dropped = rolled(sent, 1)
        assert (accepted, dropped, full.n, full.weighted) == (SENT, 0, SENT, SENT)
        found, accepted, dropped = rolled(sent, 10)
        assert accepted + dropped == SENT
        assert found.n == accepted < SENT / 2
        assert found.weighted == pytest.approx(SENT, rel=0.1)
        assert found.avg_reward_interval
        assert full.avg_reward_interval
        assert found.success_rate_interval
        assert full.avg_reward is not None
        assert found.avg_reward is not None
        assert full.success_rate is not None
        covered["reward"] += found.avg_reward_interval.holds(full.avg_reward)
        covered["rate"] += found.success_rate_interval.holds(full.success_rate)
        width = found.avg_reward_interval.high - found.avg_reward_interval.low
        drift.append((found.avg_reward - full.avg_reward) / (width / 3.92))
    # The full stream is within the sampled one's interval about 19 times in 20, and the
    # differences, in standard errors, do not lean to a side.
    assert covered["reward"] >= 5
    assert covered["rate"] >= 5
    assert abs(sum(drift) / 6) < 3 / np.sqrt(6)


def test_counts_of_failures_are_exact_under_sampling() -> None:
    sent = traffic(9, 0.8)
    failures = sum(item["outcome"] == "failure" for item in sent)
    found, _, _ = rolled(sent, 10)
    assert found.outcomes["failure"] * found.weighted == pytest.approx(failures, abs=1e-6)

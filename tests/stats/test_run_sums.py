"""Sums over runs: exact whichever way they are merged, and bounded in how much they name."""

from functools import reduce
from operator import add

import pytest

from ratchet.stats.bucket import OTHER
from ratchet.stats.moments import Moments
from ratchet.stats.run_sums import (
    MAX_NAMED,
    ModelSums,
    RunBucket,
    RunSums,
    cap_runs,
    run_bucket_key,
    sum_runs,
)
from tests.support.observing import NOON


def one(x: int, model: str = "a", **fields: object) -> RunSums:
    """Return the sums of one run with a loss."""
    loss = Moments(n=1, w=1, wx=x, wxx=x * x, w2=1, w2x=x, w2xx=x * x)
    known: dict[str, object] = {"runs": 1, "loss": loss, "terms": {"grounding": loss}}
    return RunSums.model_validate(known | {"models": {model: ModelSums(loss=loss)}} | fields)


RUNS = [
    one(1, outcomes={"success": 1}),
    one(20, "b", gates={"tests": 1}, gates_seen=1),
    one(300, errors={"429": 1}, outcomes={"success": 1}),
    RunSums(runs=1),
]


def test_the_sum_of_many_is_that_of_two_and_two_in_any_order() -> None:
    whole = sum_runs(RUNS)
    assert whole == reduce(add, RUNS) == sum_runs(reversed(RUNS))
    assert (whole.runs, whole.loss.n, whole.loss.wx, whole.loss.wxx) == (4, 3, 321, 90_401)
    assert whole.models["a"].loss.wx == 301
    assert (whole.outcomes, whole.errors, whole.gates) == ({"success": 2}, {"429": 1}, {"tests": 1})
    assert whole.term("grounding") == whole.term("loss")
    assert sum_runs([]) == RunSums()


@pytest.mark.parametrize("taken", range(len(RUNS)))
def test_what_is_taken_back_leaves_no_trace(taken: int) -> None:
    left = [run for i, run in enumerate(RUNS) if i != taken]
    assert sum_runs(RUNS) - RUNS[taken] == sum_runs(left)
    assert sum_runs(RUNS) - sum_runs(RUNS) == RunSums()


def test_the_most_frequent_names_are_kept_and_taken_back_from_the_rest() -> None:
    many = sum_runs(one(i, f"m{i:02d}", errors={f"e{i:02d}": 1}) for i in range(30))
    capped = cap_runs(many + one(5, "m29", errors={"e29": 1}))
    assert len(capped.models) == len(capped.errors) == MAX_NAMED
    assert capped.models["m29"].loss.n == capped.errors["e29"] == 2
    assert capped.models[OTHER].loss.n == capped.errors[OTHER] == 11
    back = capped - one(28, "m28", errors={"e28": 1})
    assert back.models[OTHER].loss.n == back.errors[OTHER] == 10
    assert capped.loss.n == 31


def test_a_bucket_is_named_by_component_version_and_day() -> None:
    assert run_bucket_key("a/b", "p@1.0.0", NOON) == "a%2Fb~p@1.0.0~20260310"
    bucket = RunBucket(
        component="a/b",
        version="p@1.0.0",
        day=NOON,
        shard=0,
        updated_at=NOON,
        expire_at=NOON,
    )
    assert bucket.key() == "a%2Fb~p@1.0.0~20260310"
    counted = bucket.changed(RUNS[0], RunSums(), NOON)
    assert counted.changed(RUNS[0], RUNS[0], NOON) == counted
    assert counted.changed(RunSums(), RUNS[0], NOON) == bucket


def test_a_run_that_is_told_anew_leaves_no_trace_in_the_rest_either() -> None:
    kept = [one(i, f"m{i:02d}", errors={f"e{i:02d}": 1}) for i in range(20)]
    first, second = (one(x, "z", errors={"z": 1}) for x in (700, 900))
    bucket = RunBucket(
        component="c", version="v", day=NOON, shard=0, updated_at=NOON, expire_at=NOON
    )
    for run in [*kept, *kept, first]:
        bucket = bucket.changed(run, RunSums(), NOON)
    assert "z" not in bucket.sums.models
    anew = bucket.changed(second, first, NOON).sums
    assert anew.loss.wx == bucket.sums.loss.wx + 200
    assert all(sums.loss.n > 0 for sums in anew.models.values())
    assert sum(sums.loss.wx for sums in anew.models.values()) == anew.loss.wx
    assert sum(anew.errors.values()) == 41

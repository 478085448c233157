"""The demo from end to end: it learns, counts right, repeats itself, and agrees on both stores."""

from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ratchet.entry.demo.plot import demo_chart
from ratchet.entry.demo.run import POLICY, START, Options, Run, run_demo
from ratchet.entry.demo.world import DriftingModels, World, load_table
from ratchet.govern.audit import verify_audit
from ratchet.govern.config import load_config
from ratchet.govern.flags import Flags, set_flags
from ratchet.govern.roles import person
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import derive_keys
from ratchet.policies.history import list_heads, list_versions
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.emulator import server
from tests.support.observing import KEYS
from tests.support.outcomes import real, three_arms
from tests.support.recount import check

pytestmark = pytest.mark.slow

ENOUGH = 0.95


def demo(world: World, store: Store | None = None, keys: Any = KEYS, **options: Any) -> Run:
    """Run a demo on a store of its own, unless one is given."""
    own = SqliteStore() if store is None else None
    try:
        return run_demo(store or own, keys, world, Options(**options), lambda *_: None)  # type: ignore[arg-type]
    finally:
        if own:
            own.close()


def weights(run: Run) -> list[dict[str, float]]:
    """Return the weights of each version."""
    found: list[Any] = [v.params["modelWeights"] for v in run.versions]
    return found


def versions(run: Run) -> list[Any]:
    """Return what a run's versions say; the buckets they come from are named by shard."""
    told = [
        v.proposal.model_copy(update={"buckets": ()}) if v.proposal else None for v in run.versions
    ]
    return [(v.key(), v.params, said) for v, said in zip(run.versions, told, strict=True)]


def story(run: Run) -> list[Any]:
    """Return what must be the same wherever a run is made."""
    proposals = [v.proposal for v in run.versions]
    summary = run.summary.model_copy(update={"seconds": 0})
    return [versions(run), proposals, run.releases, run.rewards, summary]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return load_table(three_arms(tmp_path / "t.csv"))


def test_the_demo_learns_the_best_arm_of_a_table(world: World) -> None:
    run = demo(world, requests=9000)
    s = run.summary
    assert (s.requests, s.scored, s.audit_valid) == (9000, 9000, True)
    assert s.reward_last >= 0.9 * s.reward_best_arm > s.reward_uniform
    assert s.reward_last > s.reward_first + 0.05
    assert weights(run)[-1]["good"] > 0.8
    assert [v.status for v in run.versions] == ["archived"] * (s.versions - 1) + ["active"]
    assert s.activations == s.versions - 1 == len(run.releases)
    assert len(run.rewards) == 9000
    assert all(v.proposal and v.proposal.reasons for v in run.versions[1:])


def test_what_was_served_is_what_was_stored_scored_and_counted(
    world: World, embedded: Store
) -> None:
    run = demo(world, embedded, requests=2500)
    check(embedded)
    stored = [i for s in embedded.query(Query("ops_observations")) for i in s.data["items"]]
    assert len(stored) == 2500
    assert all(0 < item["propensity"] <= 1 for item in stored)
    rewards = [i["score"] for s in embedded.query(Query("ops_rewards")) for i in s.data["items"]]
    assert sum(rewards) == pytest.approx(sum(run.rewards))


def test_the_store_that_is_left_behind_can_be_looked_into_with_its_own_key(
    world: World, embedded: Store
) -> None:
    demo(world, embedded, requests=2500)
    assert verify_audit(embedded, KEYS, POLICY).valid
    assert {head.id for head in list_heads(embedded)} == {POLICY, "router-core"}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run_whatever_the_key(world: World) -> None:
    other = derive_keys("another key of the tests")
    assert story(demo(world, requests=3000)) == story(demo(world, keys=other, requests=3000))
    assert story(demo(world, requests=3000)) != story(demo(world, requests=3000, seed=2))


@pytest.mark.emulator
@pytest.mark.parametrize("kind", ["table", "drifting"])
def test_the_emulator_gives_the_versions_that_the_embedded_store_gives(
    world: World, emulator_host: str, kind: str
) -> None:
    from ratchet.store.firestore import FirestoreStore

    server.clear(emulator_host)
    store = FirestoreStore(server.PROJECT)
    chosen = world if kind == "table" else DriftingModels()
    found, wanted = demo(chosen, store, requests=3000), demo(chosen, requests=3000)
    store.close()
    assert versions(found) == versions(wanted)
    assert (found.releases, found.rewards) == (wanted.releases, wanted.rewards)
    assert found.summary.versions > 1
    assert found.summary.scored == 3000
    assert found.summary.audit_valid


@pytest.mark.slow
def test_the_drifting_models_make_the_policy_turn_round() -> None:
    run = demo(DriftingModels())
    steady = [w["steady"] for w in weights(run)]
    assert max(steady) > 0.5 > steady[-1]
    assert run.summary.reward_last > run.summary.reward_uniform
    assert (run.summary.scored, run.summary.audit_valid) == (20_000, True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_real_provider_traffic_is_learnt_within_the_time(seed: int) -> None:
    s = demo(load_table(real("providers_llama2_70b.csv")), seed=seed).summary
    assert (s.requests, s.scored, s.audit_valid) == (20_000, 20_000, True)
    assert s.reward_best_arm == pytest.approx(0.798, abs=5e-4)
    assert s.reward_uniform == pytest.approx(0.561, abs=5e-4)
    assert s.reward_last >= ENOUGH * s.reward_best_arm
    assert s.seconds < 40


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gsm8k_two_models.csv", "dcrouter_nine_models.csv.gz"])
def test_graded_questions_are_learnt_as_well(name: str) -> None:
    s = demo(load_table(real(name))).summary
    assert (s.scored, s.audit_valid) == (20_000, True)
    assert s.reward_last >= ENOUGH * s.reward_best_arm
    assert s.seconds < 40


def test_weights_stay_inside_the_envelope_and_move_by_one_step(world: World) -> None:
    run = demo(world, requests=9000, floor=0.1, cap=0.6, max_step=0.15)
    assert run.summary.versions > 2
    for before, after in pairwise(weights(run)):
        assert all(0.1 - 1e-9 <= w <= 0.6 + 1e-9 for w in after.values())
        assert all(abs(after[arm] - before[arm]) <= 0.15 + 1e-9 for arm in after)


def test_the_rate_sets_how_much_time_passes(world: World) -> None:
    slow, fast = demo(world, requests=1000, rate=0.1), demo(world, requests=1000, rate=100.0)
    assert slow.summary.scored == fast.summary.scored == 1000
    assert slow.summary.versions > fast.summary.versions == 1


@pytest.mark.slow
def test_tuning_comes_as_often_as_it_is_told(world: World) -> None:
    often = demo(world, requests=4000, tune_minutes=10).releases
    assert often[0].at < 1800 <= demo(world, requests=4000, tune_minutes=30).releases[0].at


def test_progress_names_every_version_that_goes_live(world: World, embedded: Store) -> None:
    told: list[tuple[int, float, str]] = []
    options = Options(requests=4000)
    run = run_demo(embedded, KEYS, world, options, lambda *line: told.append(line))
    assert [(at, v) for at, _, v in told if v] == [(r.at, r.version) for r in run.releases]
    assert [at for at, _, v in told if not v] == [i * 500 + 1 for i in range(8)]


def test_a_store_that_is_in_use_is_refused_and_left_as_it_is(world: World, embedded: Store) -> None:
    demo(world, embedded, requests=10)
    with pytest.raises(InvalidInput, match="in use") as caught:
        demo(world, embedded, requests=10)
    assert caught.value.field == "store"
    assert len(list_versions(embedded, POLICY)) == 1


def test_a_demo_never_switches_on_what_a_person_switched_off(world: World, embedded: Store) -> None:
    set_flags(embedded, KEYS, person("ada"), enabled=False, reason="stop", now=START)
    with pytest.raises(InvalidInput, match="in use"):
        demo(world, embedded, requests=10)
    assert load_config(embedded, Flags, now=START).learning.enabled is False


@pytest.mark.parametrize("requests", [10, 11, 499, 1000])
def test_a_run_of_any_length_serves_all_and_has_fifths(world: World, requests: int) -> None:
    run = demo(world, requests=requests)
    assert (run.summary.scored, len(run.rewards), len(run.fifths)) == (requests, requests, 5)
    assert run.summary.seconds < 10


def test_the_chart_is_valid_xml_with_a_line_for_each_arm(world: World) -> None:
    run = demo(world, requests=4000)
    root = ElementTree.fromstring(demo_chart(run))
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 + len(world.arms)
    assert all("nan" not in (line.get("points") or "nan") for line in lines)
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"good", "fair", "poor", *(r.version for r in run.releases)} <= set(texts)

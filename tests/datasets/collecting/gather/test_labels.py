"""Labels become examples where they name features, and follow what they grade."""

import json

import pytest

from ratchet.datasets.example import Example, example_id
from ratchet.govern.roles import person
from ratchet.labels.label import Label
from ratchet.labels.withdraw import withdraw_label
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import PLANNER, World, event
from tests.support.observing import KEYS

OBSERVED = {"component": PLANNER, "outcome": "failure", "arm": "a", "meta": {"goal": "tidy up"}}


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return World(embedded)


def observe(world: World) -> str:
    """Store what a component did, and return where it is."""
    batch = {"v": 1, "items": [OBSERVED | {"arm": "b"}, OBSERVED], "indexes": [0, 2]}
    world.store.set(Ref("ops_observations", "batch"), batch)
    return "ops_observations/batch.2"


def withdraw(world: World, label: Label) -> None:
    ada = person("ada")
    withdraw_label(world.store, KEYS, ada, label.key(), reason="a mistake", now=world.clock())


def own(world: World, label: Label) -> Example:
    return world.example("labels", label.key())


def test_a_label_on_features_is_an_example_of_them_without_what_came_of_it(store: Store) -> None:
    world = World(store)
    label = world.label("batch.2", "hard", features_ref=observe(world))
    world.collect()
    example = own(world, label)
    words = world.words(example.content)
    assert json.loads(words.input) == {
        "component": PLANNER,
        "arm": "a",
        "meta": {"goal": "tidy up"},
    }
    assert words.output == "hard"
    assert (example.component, example.lineage.vouched) == (PLANNER, ("person",))


@pytest.mark.parametrize("ref", ["config/access", "ops_checkpoints/key", "ops_audit/config~1"])
def test_what_ratchet_keeps_for_itself_is_no_feature_of_anything(world: World, ref: str) -> None:
    collection, _, name = ref.partition("/")
    world.store.set(Ref(collection, name), {"admins": ["ada@example.com"]})
    label = world.label("s1", features_ref=ref)
    world.collect()
    assert world.examples() == {}
    assert world.dead()["labels", label.key()].field == "featuresRef"


def test_a_label_without_features_or_a_run_is_nothing_to_learn_from(world: World) -> None:
    world.label("unheard-of")
    assert world.collect().sources["labels"].read == 0


@pytest.mark.parametrize(
    "ref", ["ops_observations/batch.1", "ops_observations/gone", "ops_x/../y", "nowhere"]
)
def test_a_label_whose_features_are_not_there_is_a_dead_letter(world: World, ref: str) -> None:
    observe(world)
    label = world.label("s1", features_ref=ref)
    world.collect()
    letter = world.dead()["labels", label.key()]
    assert (letter.code, letter.field) == ("RATCHET-7103", "featuresRef")


def test_a_withdrawn_label_withdraws_its_example_and_ends_its_dead_letter(world: World) -> None:
    label = world.label("batch.2", features_ref=observe(world))
    lost = world.label("s2", features_ref="ops_observations/gone")
    world.collect()
    withdraw(world, label)
    withdraw(world, lost)
    assert world.collect().sources["labels"].withdrawn == 1
    after = own(world, label)
    assert (after.withdrawn_by, after.withdrawn_reason, after.kept) == ("ada", "a mistake", False)
    assert world.dead() == {}
    assert world.collect().sources["labels"].withdrawn == 0


def test_a_label_on_a_run_counts_over_its_loss_until_it_is_withdrawn(store: Store) -> None:
    world = World(store)
    world.run("r1")
    world.collect()
    before = world.example("runs", "r1")
    assert (before.quality, before.lineage.vouched) == (100.0, ("check",))
    label = world.label("r1", "bad", value=0.25)
    world.collect()
    graded = world.example("runs", "r1")
    assert (graded.quality, graded.reason) == (25.0, "low-quality")
    assert [(one.source, one.label, one.value) for one in graded.labels] == [("desk", "bad", 0.25)]
    assert graded.lineage.vouched == ("check", "person")
    withdraw(world, label)
    world.collect()
    after = world.example("runs", "r1")
    assert after.model_copy(update={"changed_at": before.changed_at}) == before.model_copy(
        update={"expire_at": after.expire_at}
    )


def test_a_label_of_another_component_says_nothing_of_a_run(world: World) -> None:
    world.run("r1")
    world.label("r1", "bad", agent="router")
    world.collect()
    assert world.example("runs", "r1").labels == ()


def test_a_label_on_an_example_grades_it_whatever_its_source(world: World) -> None:
    world.receive(event("e1", quality=None, qualityScale=None, gradedBy=None))
    world.run("r1")
    world.collect()
    assert world.example("events", "%2Ftests~e1").quality is None
    for source, source_id in (("events", "%2Ftests~e1"), ("runs", "r1")):
        world.label(example_id(source, source_id), value=0.9)
    world.collect()
    for one in world.examples().values():
        assert (one.quality, one.confidence, one.reason) == (90.0, 1.0, "")
        assert "person" in one.lineage.vouched


def test_a_label_on_its_own_example_is_read_once_and_no_further(world: World) -> None:
    subject = example_id("labels", "desk~mine")
    world.label(subject, source_id="mine", features_ref=observe(world))
    world.collect()
    world.label(subject, "bad", source_id="other")
    world.collect()
    (example,) = world.examples().values()
    assert example.source_id == "desk~mine"
    assert {one.label for one in example.labels} == {"good", "bad"}


def test_a_label_that_was_broken_by_hand_is_a_dead_letter(world: World) -> None:
    label = world.label("s1", features_ref=observe(world))
    ref = Ref("ops_labels", label.key())
    stored = world.store.get(ref)
    assert stored is not None
    world.store.set(ref, stored.data | {"confidence": 101})
    world.collect()
    assert world.dead()["labels", label.key()].field == "confidence"

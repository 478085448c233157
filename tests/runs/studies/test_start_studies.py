"""Rules: which cards start which studies, in which order, and which start none."""

from ratchet.govern.roles import machine
from ratchet.runs.cards.card import card_ref
from ratchet.runs.studies.start_studies import Planned, start_studies
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from tests.support.governed import KEYS, POLICY, assert_agreement, entries
from tests.support.studying import COMPONENT, DAY, HOUR, Desk, desk

RULE = machine("run_studies")


def started(at: Desk, **settings: object) -> Planned:
    return start_studies(at.store, KEYS, RULE, StudySettings.parse(settings), now=at.clock())


def test_a_weakness_starts_the_study_of_its_rule_with_the_reason_on_the_chain(
    store: Store,
) -> None:
    at = desk(store)
    at.card({"metric": "contradictions"}, {"metric": "costOverBudget", "worse": 0.1})
    assert started(at) == Planned((f"{POLICY}-s3", f"{POLICY}-s4"), {})
    first, second = (at.study(name) for name in at.on_roster())
    assert (first.type, first.component, first.started_by) == (
        "prompt_synthesis",
        COMPONENT,
        "rule",
    )
    assert (second.type, second.cause) == ("parameter_tuning", "high costOverBudget")
    assert first.hypothesis == "prompt_synthesis brings contradictions of planner from 0.3 to 0.1"
    assert first.configuration == {"metric": "contradictions", "against": "fleet"}
    plan = entries(store)[2]
    assert (plan.action, plan.actor_kind, plan.reason) == (
        "study-plan",
        "machine",
        "high contradictions",
    )
    assert started(at) == Planned((), {})
    assert_agreement(store)


def test_a_loss_that_grows_starts_one(embedded: Store) -> None:
    at = desk(embedded)
    at.card({"metric": "loss", "against": "past"})
    (name,) = started(at).ids
    assert at.study(name).type == "parameter_tuning"


def test_the_worst_comes_first_and_the_rest_waits_for_room(embedded: Store) -> None:
    at = desk(embedded)
    for component, worse in (("a", 0.1), ("b", 0.3), ("c", 0.2)):
        at.card({"worse": worse}, component=component)
    found = started(at, maxOpen=2)
    assert [at.study(name).component for name in found.ids] == ["b", "c"]
    assert found.left == {"a prompt_synthesis": "2 studies are open, and 2 may be"}
    at.abandon(found.ids[0])
    again = started(at, maxOpen=2)
    assert [at.study(name).component for name in again.ids] == ["a"]
    assert again.left["b prompt_synthesis"].endswith("of b is from 2026-01-01")


def test_strengths_old_cards_unknown_policies_and_what_has_no_rule_start_nothing(
    embedded: Store,
) -> None:
    at = desk(embedded)
    at.card({"side": "strength"}, component="strong")
    at.card({"metric": "grounding"}, component="unruled")
    at.card({}, component="old")
    at.clock.advance(7 * DAY + HOUR)
    at.card({}, component="free")
    for name, version in (("free", "none"), ("stranger", "nobody@1.0.0")):
        card = {"component": name, "policyVersion": version}
        free = embedded.get(card_ref("free"))
        assert free is not None
        embedded.set(card_ref(name), free.data | card)
    found = started(at, rules={"contradictions": "prompt_synthesis"})
    assert found.ids == ()
    assert found.left == {"stranger prompt_synthesis": "policy nobody does not exist"}


def test_a_card_that_is_broken_keeps_no_other_from_its_study(embedded: Store) -> None:
    at = desk(embedded)
    embedded.set(card_ref("a"), {"v": 1, "component": 7})
    at.card({}, component="b")
    assert len(started(at).ids) == 1

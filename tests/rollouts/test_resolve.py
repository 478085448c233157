"""The resolve answer while a rollout runs, and when the rollout cannot be served."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import BadSignature, NotFound, Unavailable
from ratchet.kernel.seal import sealed
from ratchet.policies.activate import rollback
from ratchet.policies.head import PolicyHead
from ratchet.policies.resolve import resolve as resolve_champion
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.override import override_rollout
from ratchet.rollouts.resolve import Resolution, resolve, why_not_served
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from tests.support.faults import FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    alerts,
    draft,
    head_of,
    lineage_of,
    promote,
    stored,
    weights,
)
from tests.support.meddled import Meddled
from tests.support.trials import SALT, begin, behaving, finish, reader_of, ready, start_twins

MINUTE = timedelta(minutes=1)


def answer(store: Store, *, after: timedelta = timedelta(0)) -> Resolution:
    return resolve(store, KEYS, POLICY, now=NOON + after)


def test_without_a_rollout_the_answer_is_the_active_version_at_two_reads(store: Store) -> None:
    ready(store)
    counted = FaultyStore(store)
    found = answer(counted)
    assert counted.log == ["get", "get"]
    assert found.to_wire() == resolve_champion(store, KEYS, POLICY).to_wire()
    assert "rollout" not in found.to_wire()


def test_while_a_rollout_runs_the_answer_says_who_runs_what(store: Store) -> None:
    ready(store)
    started = begin(store, steps=(0.1, 0.5))
    found = answer(store)
    assert (found.version, found.params) == (f"{POLICY}@1.0.0", PARAMS)
    assert found.to_wire()["rollout"] == {
        "id": started.id,
        "step": 0,
        "salt": SALT,
        "mode": "canary",
        "arms": [
            {
                "arm": "1.0.1",
                "version": f"{POLICY}@1.0.1",
                "start": 0.0,
                "share": 0.1,
                "params": weights(0.5),
            }
        ],
    }
    assert alerts(store) == []


def test_a_rollout_costs_two_calls_more_and_a_read_a_version(embedded: Store) -> None:
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    draft(embedded, weights(0.4))
    begin(embedded, arms={"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"})
    counted = FaultyStore(embedded)
    found = answer(counted)
    assert counted.log == ["get", "get", "get", "get_many"]
    assert found.rollout is not None
    assert [(a.arm, a.start, a.params) for a in found.rollout.arms] == [
        ("a", 0.0, weights(0.5)),
        ("b", 0.1, weights(0.4)),
    ]


def test_an_aa_test_serves_the_champions_params_under_another_name(embedded: Store) -> None:
    ready(embedded)
    start_twins(embedded)
    rollout = answer(embedded).rollout
    assert rollout is not None
    assert [(a.arm, a.version, a.params) for a in rollout.arms] == [
        ("aa1", f"{POLICY}@1.0.0", PARAMS)
    ]


def test_the_tag_changes_with_the_rollout_and_with_its_step(embedded: Store) -> None:
    ready(embedded)
    before = answer(embedded).etag
    started = begin(embedded, steps=(0.1, 0.5))
    first = answer(embedded).etag
    assert answer(embedded).etag == first
    advance_rollout(embedded, KEYS, ADA, started.id, reason="go on", now=NOON)
    second = answer(embedded)
    assert len({before, first, second.etag}) == 3
    assert second.rollout is not None
    assert (second.rollout.step, second.rollout.arms[0].share) == (1, 0.5)
    finish(embedded, started.id)
    assert answer(embedded).etag == before


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("what", ["advance", "abort"])
def test_a_rollout_that_a_verb_writes_meanwhile_is_no_broken_one(
    embedded: Store, what: str, at: int
) -> None:
    ready(embedded)
    started = begin(embedded, steps=(0.1, 0.5))

    def act(store: Store) -> None:
        if what == "advance":
            advance_rollout(store, KEYS, ADA, started.id, reason="go on", now=NOON)
        else:
            finish(store, started.id)

    found = answer(Meddled(embedded, at, act))
    assert alerts(embedded) == []
    assert (found.rollout is not None) or what == "abort"


def spoil(store: Store, *, sealed_anew: bool = False, **changes: Any) -> None:
    """Change the running rollout; `sealed_anew` as whoever has the key could."""
    ref = Ref("ops_rollouts", str(head_of(store).rollout))
    found = store.get(ref)
    assert found is not None
    data = found.data | changes
    if sealed_anew:
        data = sealed(KEYS, Rollout.from_store(data)).to_map()
        head = head_of(store).model_copy(update={"rollout_seal": data["seal"]})
        store.set(Ref(head.collection, head.id), head.to_map())
    store.set(ref, data)


BROKEN = pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"salt": 3}, "was changed by hand"),
        ({"seal": "\u00e9"}, "was changed by hand"),
        ({"steps": [{"1.0.1": 0.5}]}, "was changed by hand"),
        ({"sealed_anew": True, "id": "router-core-r1"}, "was changed by hand"),
        ({"sealed_anew": True, "state": "ended"}, "it has ended, and the head still names it"),
        ({"sealed_anew": True, "champion": f"{POLICY}@1.0.1"}, "is not active any more"),
        (
            {
                "sealed_anew": True,
                "challengers": [{"arm": "1.0.1", "version": f"{POLICY}@9.0.0"}],
            },
            "9.0.0 does not exist",
        ),
    ],
)


@BROKEN
def test_a_rollout_that_is_broken_stops_nobody_and_is_told_of(
    store: Store, changes: dict[str, Any], text: str
) -> None:
    ready(store)
    before = answer(store)
    started = begin(store)
    spoil(store, **changes)
    assert answer(store) == before
    (told,) = alerts(store)
    assert (told.what, told.subject, told.severity) == ("rollout-not-served", POLICY, "warning")
    assert text in told.text
    assert told.command == f"ratchet rollout abort {started.id} --reason ..."
    finish(store, started.id)
    assert answer(store) == before


def test_a_state_that_was_sealed_before_and_put_back_by_hand_is_not_served(store: Store) -> None:
    ready(store)
    before = answer(store)
    started = begin(store, steps=(0.1, 0.5))
    advance_rollout(store, KEYS, ADA, started.id, reason="go on", now=NOON)
    store.set(Ref("ops_rollouts", started.id), started.to_map())
    assert answer(store) == before
    assert "it was put back by hand to what it was before" in alerts(store)[0].text


def test_a_rollout_that_is_gone_stops_nobody(store: Store) -> None:
    ready(store)
    before = answer(store)
    store.delete(Ref("ops_rollouts", begin(store).id))
    assert answer(store) == before
    assert "does not exist" in alerts(store)[0].text


@pytest.mark.parametrize("named", [7, "", "a/b", ["x"]])
def test_a_head_that_names_nonsense_stops_nobody(embedded: Store, named: object) -> None:
    ready(embedded)
    before = answer(embedded)
    ref = Ref(PolicyHead.collection, POLICY)
    embedded.set(ref, head_of(embedded).to_map() | {"rollout": named})
    assert answer(embedded) == before
    assert len(alerts(embedded)) == 1


def test_a_challenger_that_was_changed_is_served_to_nobody(store: Store) -> None:
    ready(store)
    before = answer(store)
    begin(store)
    changed = stored(store, "1.0.1") | {"params": weights(0.1)}
    store.set(Ref(COLLECTION, f"{POLICY}@1.0.1"), changed)
    assert answer(store) == before
    assert alerts(store)[0].evidence["code"] == "RATCHET-3004"


def test_a_dropped_challenger_has_its_units_and_the_champions_params(embedded: Store) -> None:
    behaving(embedded, drafts=2)
    two = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}
    started = begin(embedded, arms=two, mode="split", steps=(0.2,))
    reader = reader_of(embedded)
    override_rollout(
        embedded, KEYS, reader, ADA, started.id, "ROLL_BACK", arm="a", reason="worse", now=NOON
    )
    rollout = answer(embedded).rollout
    assert rollout is not None
    served = [(a.arm, a.version, a.share, a.params["cooldownMs"]) for a in rollout.arms]
    assert served == [
        ("a", f"{POLICY}@1.0.0", 0.2, PARAMS["cooldownMs"]),
        ("b", f"{POLICY}@1.0.2", 0.2, 2),
    ]


def test_the_alert_is_quiet_for_an_hour(embedded: Store) -> None:
    ready(embedded)
    begin(embedded)
    spoil(embedded, salt=3)
    for minutes in (0, 10, 59):
        answer(embedded, after=minutes * MINUTE)
    assert alerts(embedded)[0].count == 1
    answer(embedded, after=60 * MINUTE)
    assert alerts(embedded)[0].count == 2


def test_an_alert_that_cannot_be_written_costs_only_the_alert(embedded: Store) -> None:
    ready(embedded)
    before = answer(embedded)
    begin(embedded)
    spoil(embedded, salt=3)
    counted = FaultyStore(embedded)
    answer(counted)
    at_alert = counted.log.index("get_many") + 1
    faulty = FaultyStore(embedded, at_alert, error=NotFound("no alerts here"))
    assert answer(faulty) == before


def test_a_store_that_is_away_is_no_broken_rollout(embedded: Store) -> None:
    """The component goes on with its last good answer, rather than without its rollout."""
    ready(embedded)
    begin(embedded)
    for call in range(1, 5):
        with pytest.raises(Unavailable):
            answer(FaultyStore(embedded, call, error=Unavailable("away")))
    assert alerts(embedded) == []


def test_a_champion_that_was_changed_is_not_served_by_any_rollout(embedded: Store) -> None:
    ready(embedded)
    begin(embedded)
    changed = stored(embedded, "1.0.0") | {"params": weights(0.1)}
    embedded.set(Ref(COLLECTION, f"{POLICY}@1.0.0"), changed)
    with pytest.raises(BadSignature):
        answer(embedded)


def test_after_a_rollback_or_an_activation_everybody_gets_the_active_version(
    embedded: Store,
) -> None:
    lineage_of(embedded, 2)
    draft(embedded, weights(0.5))
    begin(embedded, arms={"c": f"{POLICY}@1.0.2"})
    rollback(embedded, KEYS, ADA, POLICY, now=NOON)
    found = answer(embedded)
    assert (found.version, found.rollout) == (f"{POLICY}@1.0.0", None)
    promote(embedded, "1.0.2")
    found = answer(embedded)
    assert (found.version, found.rollout) == (f"{POLICY}@1.0.2", None)
    promote(embedded, "1.0.1")  # the rollout's champion: it is over, all the same
    assert answer(embedded).rollout is None


@BROKEN
def test_why_a_rollout_is_not_served_is_told_as_to_components(
    embedded: Store, changes: dict[str, Any], text: str
) -> None:
    ready(embedded)
    started = begin(embedded)
    assert why_not_served(embedded, KEYS, POLICY, started.id) == ""
    spoil(embedded, **changes)
    told = why_not_served(embedded, KEYS, POLICY, started.id)
    assert text in told
    assert alerts(embedded) == []
    answer(embedded)
    assert alerts(embedded)[0].text.endswith(told)


def test_a_rollout_that_the_head_does_not_name_is_not_served(embedded: Store) -> None:
    ready(embedded)
    head = head_of(embedded)
    started = begin(embedded)
    embedded.set(Ref(head.collection, head.id), head.to_map())
    assert why_not_served(embedded, KEYS, POLICY, started.id) == (
        f"the head of router-core does not name {started.id}"
    )
    assert answer(embedded).rollout is None


def test_who_cannot_ask_is_told_no_reason(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded)
    away = FaultyStore(embedded, 1, error=Unavailable("away"))
    with pytest.raises(Unavailable):
        why_not_served(away, KEYS, POLICY, started.id)

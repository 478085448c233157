"""Seeding: the first documents, on both stores; twice changes nothing, newer is never touched."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry.seed import SeedReport, seed, seed_folder
from ratchet.entry.wiring import App, wire
from ratchet.govern.audit import CONFIG_STREAM, ConfigHead, link, verify_audit
from ratchet.govern.config import load_config
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import Flags
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import (
    ChainBroken,
    InvalidInput,
    NotFound,
    RatchetError,
    Unavailable,
)
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate, reject
from ratchet.policies.history import get_version, list_heads
from ratchet.policies.propose import propose
from ratchet.rollouts.gate_rules import Gates
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ADA
from tests.support.observing import KEYS, NOON

COLLECTIONS = ("config", "ops_policies", "ops_policy_heads", "ops_audit", "ops_checkpoints")
ALL = (
    "config/flags",
    "config/gates",
    "config/ingest",
    "config/reward_config",
    "ops_policies/router-core@1.0.0",
)


def app_on(store: Store) -> App:
    """Return an app that stands at noon."""
    return wire(store, KEYS, ManualClock(NOON))


def contents(store: Store) -> dict[Ref, Any]:
    """Return every document that a seeding could touch."""
    return {s.ref: s.data for name in COLLECTIONS for s in store.query(Query(name))}


def test_a_fresh_store_gets_a_signed_active_router_and_chains_that_verify(store: Store) -> None:
    app = app_on(store)
    assert seed(app, now=NOON) == SeedReport(written=ALL)
    assert [(h.id, h.active, h.latest) for h in list_heads(store)] == [
        ("router-core", "1.0.0", "1.0.0")
    ]
    version = get_version(store, KEYS, "router-core", "1.0.0")
    assert (version.status, version.created_by) == ("active", "seed")
    assert version.params == {
        "modelWeights": {"gpt-5": 0.6, "gemini": 0.25, "claude": 0.15},
        "latencyTargetMs": 2500,
        "maxCostUsd": 0.09,
        "fallbackOn": ["timeout", "rate_limit"],
        "cooldownMs": 30000,
    }
    for stream in ("config", "router-core"):
        assert verify_audit(store, KEYS, stream).valid
    learning = load_config(store, Flags, now=NOON).learning
    assert (learning.enabled, learning.auto_activate_policies) == (True, False)


def test_the_gates_that_are_seeded_are_those_that_hold_without_a_document(embedded: Store) -> None:
    seed(app_on(embedded), now=NOON)
    assert embedded.get(Ref("config", "gates")) is not None
    assert load_config(embedded, Gates, now=NOON) == Gates()


def test_seeding_twice_changes_nothing(store: Store) -> None:
    app = app_on(store)
    seed(app, now=NOON)
    before = contents(store)
    assert seed(app, now=NOON) == SeedReport(kept=ALL)
    assert contents(store) == before


def test_a_newer_document_is_never_overwritten(store: Store) -> None:
    app = app_on(store)
    seed(app, now=NOON)
    store.set(Ref("config", "ingest"), {"v": 1, "shards": 7})
    change: dict[str, Any] = {"now": NOON, "reason": "x"}
    draft = propose(store, KEYS, ADA, "router-core", {}, tuning_space={}, **change)
    activate(store, KEYS, ADA, "router-core", draft.version, **change)
    before = contents(store)
    assert seed(app, now=NOON).written == ()
    assert contents(store) == before


@pytest.mark.parametrize("counted", [False, True])
def test_an_embedded_store_starts_with_one_shard(embedded: Store, counted: bool) -> None:
    app = app_on(CountingStore(embedded) if counted else embedded)
    seed(app, now=NOON)
    assert load_config(embedded, Ingest, now=NOON).shards == 1


def test_a_store_starts_with_as_many_shards_as_it_can_use(store: Store) -> None:
    seed(app_on(store), now=NOON)
    wanted = 1 if isinstance(store, SqliteStore) else 4
    assert load_config(store, Ingest, now=NOON).shards == wanted


def test_flags_that_were_deleted_stay_off_and_the_note_says_how_to_turn_them_on(
    embedded: Store,
) -> None:
    app = app_on(embedded)
    seed(app, now=NOON)
    embedded.delete(Ref("config", "flags"))
    report = seed(app, now=NOON)
    assert (report.written, len(report.notes)) == ((), 1)
    assert "ratchet flags set --enabled --reason" in report.notes[0]
    assert not load_config(embedded, Flags, now=NOON).learning.enabled


def test_a_configuration_that_was_set_first_does_not_keep_learning_from_being_seeded(
    embedded: Store,
) -> None:
    app = app_on(embedded)
    set_config(app.store, app.keys, ADA, Ingest, {"shards": 1}, reason="test", now=NOON)
    report = seed(app, now=NOON)
    assert "config/flags" in report.written
    assert (report.kept, report.notes) == (("config/ingest",), ())
    assert load_config(embedded, Flags, now=NOON).learning.enabled


def test_another_configuration_that_was_deleted_is_seeded_again(embedded: Store) -> None:
    app = app_on(embedded)
    seed(app, now=NOON)
    embedded.delete(Ref("config", "reward_config"))
    assert seed(app, now=NOON).written == ("config/reward_config",)


def test_a_seeding_that_dies_anywhere_is_finished_by_the_next_one() -> None:
    counting = FaultyStore(SqliteStore())
    seed(app_on(counting), now=NOON)
    for die_at in range(1, counting.calls + 1):
        for when in ("before", "after"):
            store = SqliteStore()
            with pytest.raises(Died):
                seed(app_on(FaultyStore(store, die_at, when)), now=NOON)
            report = seed(app_on(store), now=NOON)
            assert sorted([*report.written, *report.kept]) == sorted(ALL), (die_at, when)
            assert report.notes == ()
            assert [h.active for h in list_heads(store)] == ["1.0.0"]
            assert load_config(store, Flags, now=NOON).learning.enabled
            assert verify_audit(store, KEYS, "router-core").valid
            store.close()


def test_a_seeded_draft_that_a_person_rejected_is_left_alone(
    embedded: Store, tmp_path: Path
) -> None:
    app, folder = app_on(embedded), _folder(tmp_path, status="draft")
    assert seed(app, now=NOON, folder=folder).written[-1] == ALL[-1]
    assert seed(app, now=NOON, folder=folder).written == ()
    assert list_heads(embedded)[0].active is None
    reject(embedded, KEYS, ADA, "router-core", "1.0.0", now=NOON, reason="no")
    assert seed(app, now=NOON).kept[-1] == ALL[-1]
    assert list_heads(embedded)[0].active is None


def test_a_policy_whose_head_is_gone_is_named_with_what_mends_it(store: Store) -> None:
    app = app_on(store)
    seed(app, now=NOON)
    head = Ref("ops_policy_heads", "router-core")
    kept = store.get(head)
    assert kept is not None
    store.delete(head)
    before = contents(store)
    with pytest.raises(ChainBroken, match="the head of router-core is gone") as caught:
        seed(app, now=NOON)
    assert caught.value.mend == "restore ops_policy_heads/router-core from a backup"
    assert contents(store) == before
    store.set(head, kept.data)
    assert seed(app, now=NOON).kept == ALL


def test_an_outage_is_told_as_it_is(embedded: Store) -> None:
    away = FaultyStore(embedded, 1, error=Unavailable("the store is away"))
    with pytest.raises(Unavailable):
        seed(app_on(away), now=NOON)


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"config/flags.json": "{"}, InvalidInput, "config/flags"),
        ({"config/flags.json": '{"learning": 5}'}, InvalidInput, "learning"),
        ({"config/gaits.json": "{}"}, InvalidInput, "config"),
        (
            {"config/gates.json": '{"allocation": {"gates": ["luck"]}}'},
            InvalidInput,
            "allocation.gates.0",
        ),
        ({"ops_policies/p.json": "[]"}, InvalidInput, "p.json"),
        ({"ops_policies/p.json": '{"id": "p"}'}, InvalidInput, "version"),
        ({"ops_policies/p.json": '{"status": "live"}'}, InvalidInput, "id"),
    ],
)
def test_a_seed_that_is_wrong_is_named(
    embedded: Store,
    tmp_path: Path,
    change: dict[str, str],
    kind: type[RatchetError],
    field: str,
) -> None:
    folder = _folder(tmp_path)
    for name, text in change.items():
        (folder / name).write_text(text)
    with pytest.raises(kind) as caught:
        seed(app_on(embedded), now=NOON, folder=folder)
    assert caught.value.field == field


def test_a_folder_that_does_not_exist_is_not_found(embedded: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no-such-folder"):
        seed(app_on(embedded), now=NOON, folder=tmp_path / "no-such-folder")


def _folder(tmp_path: Path, **changes: Any) -> Path:
    """Return a copy of the seeds, with something changed in the policy."""
    folder = tmp_path / "seeds"
    shutil.copytree(seed_folder(), folder)
    path = folder / "ops_policies" / "router-core@1.0.0.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_a_role_that_was_granted_first_does_not_keep_learning_from_being_seeded(
    store: Store,
) -> None:
    app = app_on(store)
    head = ConfigHead()
    user = link(app.keys, head, ADA, "grant_role", "users~u1", now=NOON, payload={"role": "admin"})
    app.store.set(Ref(ConfigHead.collection, CONFIG_STREAM), head.after(user).to_map())
    app.store.create(Ref(user.collection, user.key()), user.to_map())
    assert "config/flags" in seed(app, now=NOON).written
    assert verify_audit(app.store, app.keys, CONFIG_STREAM).valid

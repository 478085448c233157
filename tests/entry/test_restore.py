"""Restoring: into either store, all or nothing, once; and the loop goes on where it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from ratchet.entry import restore as module
from ratchet.entry.archive import read_manifest
from ratchet.entry.backup import back_up
from ratchet.entry.wiring import FINGERPRINT, RESTORING, App
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Unavailable
from ratchet.policies.resolve import resolve
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.backups import LATER, SCORED, WAITING, everything, fill, lived, score, wired
from tests.support.faults import Died, FaultyStore
from tests.support.governed import KEYS, POLICY, assert_agreement, promote, statuses
from tests.support.recount import check, pairs


@pytest.fixture
def source() -> App:
    return lived(SqliteStore())


@pytest.fixture
def folder(source: App, tmp_path: Path) -> Path:
    back_up(source, tmp_path / "backup")
    return tmp_path / "backup"


def test_a_store_is_restored_with_its_types_its_key_and_valid_chains(
    store: Store, source: App, folder: Path
) -> None:
    report = fill(store, folder)
    assert everything(store) == everything(source.store)
    assert report.documents == len(everything(store))
    assert not report.went_on
    assert {(c.stream, c.valid, c.entries) for c in report.chains} == {
        ("config", True, 1),
        (POLICY, True, 5),
    }
    assert store.get(RESTORING) is None
    key = store.get(FINGERPRINT)
    assert key is not None
    assert key.data == {"v": 1, "fingerprint": read_manifest(folder).fingerprint}


def test_a_backup_of_either_store_is_restored_into_the_embedded_one(
    store: Store, tmp_path: Path
) -> None:
    back_up(lived(store), tmp_path / "b")
    target = SqliteStore()
    fill(target, tmp_path / "b")
    assert everything(target) == everything(store)
    target.close()


def test_scoring_goes_on_at_the_cursor_and_scores_nothing_twice(
    store: Store, source: App, folder: Path
) -> None:
    fill(store, folder)
    before = {key: reward for key, _, reward, _ in pairs_scored(store)}
    assert len(before) == SCORED
    target = wired(store, ManualClock(source.clock()))
    assert score(target).scored == WAITING
    assert score(target).scored == 0
    check(store)
    after = {key: reward for key, _, reward, _ in pairs(store)}
    assert len(after) == SCORED + WAITING
    assert {key: after[key] for key in before} == before
    score(source)
    for name in ("ops_rewards", "ops_buckets"):
        assert alike(store, name) == alike(source.store, name)


def pairs_scored(store: Store) -> Sequence[tuple[str, Any, dict[str, Any], int]]:
    """Return the pairs of what was scored when the backup was taken."""
    bare = SqliteStore()
    for name in ("ops_observations", "ops_rewards"):
        for found in store.query(Query(name)):
            if found.ref.id != "batch-2":
                bare.set(found.ref, found.data)
    out = pairs(bare)
    bare.close()
    return out


def alike(store: Store, collection: str) -> dict[str, str]:
    prefix = f"{collection}/"
    return {key: data for key, data in everything(store).items() if key.startswith(prefix)}


def test_what_a_policy_resolves_to_is_the_same_and_versions_can_go_live(
    store: Store, source: App, folder: Path
) -> None:
    fill(store, folder)
    assert resolve(store, KEYS, POLICY) == resolve(source.store, KEYS, POLICY)
    assert_agreement(store)
    (waiting,) = [version for version, status in statuses(store).items() if status == "draft"]
    promote(store, waiting, now=LATER)
    assert resolve(store, KEYS, POLICY).version == f"{POLICY}@{waiting}"
    assert_agreement(store)


class Commits(SqliteStore):
    """An embedded store that keeps the sizes of what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []

    def commit(self, writes: Sequence[Write]) -> None:
        blobs = sum(len(write.data.get("blob", b"")) for write in writes)
        self.sizes.append((len(writes), blobs))
        super().commit(writes)


def test_commits_keep_to_the_limits_of_number_and_size(source: App, tmp_path: Path) -> None:
    small = [Ref("ops_examples", f"{i:04}") for i in range(1300)]
    source.store.commit([Write("set", ref, {"n": 1}) for ref in small])
    for i in range(12):
        source.store.set(Ref("ops_large", f"{i:02}"), {"blob": b"x" * 400_000})
    back_up(source, tmp_path / "b")
    target = Commits()
    report = fill(target, tmp_path / "b")
    assert everything(target) == everything(source.store)
    assert report.documents > 1312
    assert max(number for number, _ in target.sizes) == 500
    assert max(size for _, size in target.sizes) == 800_000
    target.close()


def test_the_largest_documents_fit_into_a_commit_each(
    store: Store, source: App, tmp_path: Path
) -> None:
    for i in range(5):
        source.store.set(Ref("ops_large", str(i)), {"blob": b"x" * 1_000_000})
    back_up(source, tmp_path / "b")
    fill(store, tmp_path / "b")
    assert store.count(Query("ops_large")) == 5


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restore_that_died_at_any_call_goes_on_and_ends_the_same(
    source: App, folder: Path, when: Literal["before", "after"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITES", 9)
    wanted, log = everything(source.store), FaultyStore(SqliteStore())
    fill(log, folder)
    went_on = []
    end = max(n for n, name in enumerate(log.log, 1) if name == "commit")  # alerts are looked at
    for call in range(1, log.calls + 1):
        target = SqliteStore()
        with pytest.raises(Died):
            fill(FaultyStore(target, die_at=call, when=when), folder)
        if target.get(RESTORING) is None and everything(target) == wanted:
            assert call > end or (call, when) == (end, "after")  # it had ended
        else:
            went_on.append(fill(target, folder).went_on)
        assert everything(target) == wanted
        assert target.get(RESTORING) is None
        target.close()
    assert True in went_on


def test_a_commit_whose_answer_is_lost_is_not_done_twice(
    source: App, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITES", 9)
    monkeypatch.setattr("ratchet.store.transact.time.sleep", lambda _: None)
    log = FaultyStore(SqliteStore())
    fill(log, folder)
    commits = [n for n, name in enumerate(log.log, 1) if name == "commit"]
    assert len(commits) > 5
    for call in commits[1:]:  # the first marks the store, outside of a transaction
        target = SqliteStore()
        fill(FaultyStore(target, call, "after", Unavailable("lost")), folder)
        assert everything(target) == everything(source.store)
        target.close()


ALERT = f"audit-broken~{POLICY}"


def forge(store: Store) -> Ref:
    """Change an entry of the audit chain, and return it."""
    entry = Ref("ops_audit", f"{POLICY}~000000002")
    found = store.get(entry)
    assert found is not None
    store.set(entry, found.data | {"actor": "eve"})
    return entry


def unalerted(store: Store) -> dict[str, str]:
    """Return every document of a store but what raising an alert writes."""
    written = ("ops_alerts/", "ops_operations/")
    return {key: data for key, data in everything(store).items() if not key.startswith(written)}


def test_a_chain_that_was_broken_before_is_restored_and_named(
    embedded: SqliteStore, source: App, tmp_path: Path
) -> None:
    entry = forge(source.store)
    back_up(source, tmp_path / "b")
    report = fill(embedded, tmp_path / "b")
    broken = [(c.stream, c.fault, c.entry) for c in report.chains if not c.valid]
    assert broken == [(POLICY, "changed", entry.id)]
    assert embedded.get(RESTORING) is None
    assert [found.ref.id for found in embedded.query(Query("ops_alerts"))] == [ALERT]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restore_of_a_broken_chain_that_died_at_any_call_ends_too(
    source: App, tmp_path: Path, when: Literal["before", "after"]
) -> None:
    forge(source.store)
    back_up(source, tmp_path / "b")
    wanted, log = unalerted(source.store), FaultyStore(SqliteStore())
    fill(log, tmp_path / "b")
    went_on = 0
    for call in range(1, log.calls + 1):
        target = SqliteStore()
        with pytest.raises(Died):
            fill(FaultyStore(target, die_at=call, when=when), tmp_path / "b")
        if target.get(RESTORING) is not None:
            fill(target, tmp_path / "b")
            went_on += 1
        elif not everything(target):
            fill(target, tmp_path / "b")
        assert unalerted(target) == wanted, f"died {when} call {call}, {log.log[call - 1]}"
        assert target.get(RESTORING) is None
        target.close()
    assert went_on > 10


def test_versions_and_flags_come_behind_their_heads_and_the_audit(
    embedded: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITES", 1)
    seen: list[str] = []

    def note(done: int, _: int) -> None:
        for name in embedded.collections():
            if name not in seen:
                seen.append(name)

    fill(embedded, folder, note)
    assert seen[:3] == ["ops_audit", "ops_checkpoints", "ops_policy_heads"]  # the marker is one
    assert seen[-2:] == ["ops_policies", "config"]


def test_progress_ends_at_its_total(embedded: SqliteStore, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    report = fill(embedded, folder, lambda done, total: told.append((done, total)))
    assert told[-1] == (report.documents, report.documents)

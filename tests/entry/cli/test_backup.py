"""`ratchet backup` and `ratchet restore`, as a person moves a store."""

import json
import shutil
from pathlib import Path

import pytest

from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ran, Ratchet, arrived, score_at_once, write_lines

SECRET = "a secret of the tests, 32 bytes."
TARGET = "sqlite:///target.db"
KEEP = "the key is not in the backup: keep RATCHET_KEY, or the store's key file, as well"


@pytest.fixture
def used(ratchet: Ratchet) -> Ratchet:
    """A store with a seeded policy, and observations of which none is scored yet."""
    assert ratchet("seed").status == 0
    score_at_once(ratchet)
    file = write_lines("batch.jsonl", [arrived(i) for i in range(5)])
    assert ratchet("record", file).status == 0
    return ratchet


def with_key(ratchet: Ratchet, *arguments: str) -> Ran:
    shutil.copy(".ratchet/key", "target.db.key")
    return ratchet(*arguments, "--store", TARGET)


def test_a_store_moves_and_lives_on(used: Ratchet) -> None:
    ran = used("backup", "folder")
    assert ran.status == 0
    first, *counts, last = ran.out.splitlines()
    assert first.endswith("UTC are in folder")
    assert "4  config" in [line.strip() for line in counts]
    assert last == KEEP
    ran = with_key(used, "restore", "folder")
    assert ran.status == 0
    assert "documents were restored and counted" in ran.out
    assert "config: valid" in ran.out
    assert "router-core: valid" in ran.out
    ticked = used("tick", "--only", "score_observations", "--json", "--store", TARGET).out
    assert json.loads(ticked)["score_observations"]["scored"] == 5
    assert used("audit", "verify", "--store", TARGET).status == 0
    shown = used("policy", "resolve", "router-core", "--json")
    assert used("policy", "resolve", "router-core", "--json", "--store", TARGET).json == shown.json


def test_json_says_the_same(used: Ratchet) -> None:
    told = used("backup", "folder", "--json").json
    manifest = json.loads(Path("folder/manifest.json").read_text())
    assert told["documents"] == sum(c["count"] for c in manifest["collections"].values())
    assert (told["folder"], told["begun"], told["leftOut"]) == ("folder", "new", [])
    assert (told["takenAt"], told["note"]) == (manifest["takenAt"], KEEP)
    ran = with_key(used, "restore", "folder", "--json")
    assert ran.json["documents"] == told["documents"]
    assert ran.json["collections"] == told["collections"]
    assert [c["valid"] for c in ran.json["chains"]] == [True, True]
    assert ran.json["wentOn"] is False


@pytest.mark.parametrize("key", ["none", "file", "variable"])
def test_without_the_key_nothing_is_made_and_the_mend_names_it(
    used: Ratchet, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    used("backup", "folder")
    if key == "file":
        Path("target.db.key").write_text(SECRET)
    elif key == "variable":
        monkeypatch.setenv("RATCHET_KEY", SECRET)
    before = sorted(path.name for path in Path().iterdir())
    ran = used("restore", "folder", "--store", TARGET, "--json")
    assert (ran.status, ran.error["field"]) == (4, "RATCHET_KEY")
    assert "target.db.key" in ran.error["mend"]
    assert sorted(path.name for path in Path().iterdir()) == before
    monkeypatch.delenv("RATCHET_KEY", raising=False)
    assert with_key(used, "restore", "folder").status == 0


def test_a_store_that_another_key_had_opened_is_restored_with_the_right_one(used: Ratchet) -> None:
    used("backup", "folder")
    opened = ("policy", "reject", "nothing", "1.0.0", "--reason", "none", "--store", TARGET)
    assert used(*opened).status == 3
    assert used("restore", "folder", "--store", TARGET).status == 4
    assert with_key(used, "restore", "folder").status == 0
    assert used("audit", "verify", "--store", TARGET).status == 0


def test_a_store_that_is_in_use_is_not_restored_over(used: Ratchet) -> None:
    used("backup", "folder")
    ran = used("restore", "folder", "--json")
    assert (ran.status, ran.error["field"]) == (4, "store")
    assert "not empty" in ran.error["message"]


def test_a_damaged_backup_makes_no_store(used: Ratchet) -> None:
    used("backup", "folder")
    Path("folder/ops_audit.jsonl").write_text("")
    ran = with_key(used, "restore", "folder", "--json")
    assert (ran.status, ran.error["field"]) == (2, "ops_audit.jsonl")
    assert not Path("target.db").exists()


def test_a_backup_of_a_broken_chain_is_restored_and_the_status_says_so(used: Ratchet) -> None:
    store, entry = SqliteStore(".ratchet/ratchet.db"), Ref("ops_audit", "config~000000001")
    found = store.get(entry)
    assert found is not None
    store.set(entry, found.data | {"actor": "eve"})
    store.close()
    used("backup", "folder")
    ran = with_key(used, "restore", "folder")
    assert ran.status == 4
    assert "documents were restored and counted" in ran.out
    assert "config: BROKEN" in ran.out
    assert "RATCHET-3005" in ran.err
    assert used("flags", "show", "--store", TARGET).status == 0


def test_collections_that_are_left_out_are_told(used: Ratchet) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref("users", "x"), {})
    store.close()
    assert "left out, since they are not Ratchet's: users" in used("backup", "folder").out


@pytest.mark.parametrize(
    ("begun", "moment", "told"),
    [("anew", "nothing", "began anew: the moment"), ("went on", "", "went on with an unfinished")],
)
def test_an_unfinished_backup_is_told(used: Ratchet, begun: str, moment: str, told: str) -> None:
    used("backup", "folder")
    kept = json.loads(Path("folder/manifest.json").read_text())
    store = SqliteStore(".ratchet/ratchet.db")
    with store.snapshot() as frozen:
        note = {k: kept[k] for k in ("format", "version", "takenAt", "fingerprint")}
        note["moment"] = moment or frozen.moment
    store.close()
    Path("folder/manifest.json").unlink()
    Path("folder/unfinished.json").write_text(json.dumps(note))
    ran = used("restore", "folder", "--json")
    assert (ran.status, ran.error["field"]) == (3, "folder")
    assert told in used("backup", "folder").out
    assert with_key(used, "restore", "folder").status == 0


@pytest.mark.parametrize(
    ("folder", "status"), [("batch.jsonl", 2), ("batch.jsonl/x", 2), (".ratchet", 4)]
)
def test_a_folder_that_will_not_do_is_named(used: Ratchet, folder: str, status: int) -> None:
    ran = used("backup", folder, "--json")
    assert (ran.status, ran.error["field"]) == (status, "folder")
    assert ran.error["mend"]
    assert used("restore", "nowhere").status == 3

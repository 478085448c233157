"""Reach: workers are sent only where they can see the store and the blobs."""

from pathlib import Path

import pytest

from ratchet.entry.beam.reach import Reach, reach_of, runner_options
from ratchet.kernel.errors import InvalidInput

CLOUD = "firestore://project"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_BLOBS"):
        monkeypatch.delenv(name, raising=False)


def test_workers_on_this_machine_find_its_files_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RATCHET_BLOBS", "folder://words")
    found = reach_of("sqlite:///a.db", "DirectRunner")
    assert found == Reach(f"sqlite:///{tmp_path}/a.db", f"folder://{tmp_path}/words")
    assert reach_of(CLOUD, "FnApiRunner").store == CLOUD
    monkeypatch.delenv("RATCHET_BLOBS")
    assert reach_of(None, "DirectRunner") == Reach(
        f"sqlite:///{tmp_path}/.ratchet/ratchet.db", f"folder://{tmp_path}/.ratchet/blobs"
    )


def test_workers_on_other_machines_want_what_all_can_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_BLOBS", "gs://bucket/words")
    assert reach_of(CLOUD, "DataflowRunner") == Reach(CLOUD, "gs://bucket/words")
    with pytest.raises(InvalidInput) as file:
        reach_of("sqlite:///a.db", "DataflowRunner")
    assert (file.value.field, "--runner DirectRunner" in file.value.mend) == ("store", True)
    monkeypatch.setenv("RATCHET_BLOBS", "folder://words")
    with pytest.raises(InvalidInput) as folder:
        reach_of(CLOUD, "DataflowRunner")
    assert folder.value.field == "RATCHET_BLOBS"
    monkeypatch.delenv("RATCHET_BLOBS")
    with pytest.raises(InvalidInput, match="cannot see none"):
        reach_of(CLOUD, "DataflowRunner")


def test_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput) as store:
        reach_of("memory:", "DirectRunner")
    assert (store.value.field, "sqlite:///" in store.value.mend) == ("store", True)
    monkeypatch.setenv("RATCHET_BLOBS", "memory:")
    with pytest.raises(InvalidInput) as blobs:
        reach_of("sqlite:///a.db", "DirectRunner")
    assert blobs.value.field == "RATCHET_BLOBS"


def test_options_of_a_runner_are_passed_on_by_name() -> None:
    assert runner_options(["region=europe-west1", "streaming"], "DataflowRunner") == [
        "--runner=DataflowRunner",
        "--region=europe-west1",
        "--streaming",
    ]
    for wrong in ("", "=4", "--region=x", "runner=DirectRunner"):
        with pytest.raises(InvalidInput) as refused:
            runner_options([wrong], "DirectRunner")
        assert refused.value.field == "--beam-option"

"""Progress: what a build is at stands where anybody can read it, until the build is over."""

from ratchet.datasets.versions.progress import BuildProgress, Track, read_progress
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.errors import Refused
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import NOON


def test_a_build_is_seen_while_it_runs_and_not_after(embedded: SqliteStore) -> None:
    told = list[tuple[str, int, int]]()
    track = Track(embedded, "a/b~c", lambda *at: told.append(at), NOON)
    track.at("prepare", 10, 25, part="1" * 64)
    track.at("prepare", 20, 25, part="2" * 64)
    assert read_progress(embedded, "a/b~c") == BuildProgress(
        dataset="a/b~c",
        stage="prepare",
        done=20,
        total=25,
        parts=("1" * 64, "2" * 64),
        started_at=NOON,
    )
    assert read_progress(embedded, "a") is None
    assert told == [("prepare", 10, 25), ("prepare", 20, 25)]
    assert Track(embedded, "a/b~c", None, NOON).parts == ("1" * 64, "2" * 64)
    track.stop(Refused("nothing would be in it"))
    stopped = read_progress(embedded, "a/b~c")
    assert stopped is not None
    assert (stopped.stage, stopped.fault) == ("stopped", "nothing would be in it")
    track.end()
    assert read_progress(embedded, "a/b~c") is None


def test_a_checkpoint_that_was_broken_by_hand_keeps_no_build_from_running(
    embedded: SqliteStore,
) -> None:
    Track(embedded, "default", None, NOON).at("read", 0, 0)
    ref = Ref(CHECKPOINTS, "build~default")
    embedded.set(ref, {"v": 1, "stage": "asleep"})
    assert read_progress(embedded, "default") is None
    assert Track(embedded, "default", None, NOON).parts == ()

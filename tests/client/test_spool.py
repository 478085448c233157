import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ratchet.client.batch import Batch
from ratchet.client.spool import Spool
from ratchet.kernel.errors import InvalidInput

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def opened(folder: Path, max_bytes: int = 10**6) -> Spool:
    return Spool(folder, max_bytes=max_bytes, clock=lambda: NOON)


def batch(name: str, n: int = 2) -> Batch:
    return Batch.of(name, [{"component": f"planner{i}", "outcome": "success"} for i in range(n)])


def die(spool: Spool) -> None:
    """Let go of the lock as the kernel does for a killed process: nothing is tidied up."""
    assert spool._lock_fd is not None
    os.close(spool._lock_fd)
    spool._lock_fd = None


def names(folder: Path) -> list[str]:
    return sorted(p.name.partition(".")[2] for p in folder.iterdir())


def test_batches_come_back_in_order_and_once(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for i in range(12):
        assert spool.put(batch(f"b{i}")) is not None
    found = []
    while (claim := spool.claim()) is not None:
        found.append(claim.batch)
        spool.done(claim)
    assert found == [batch(f"b{i}") for i in range(12)]
    spool.close()
    assert names(tmp_path) == []


def test_a_claimed_batch_is_nobody_elses(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.put(batch("b1"))
    claim = first.claim()
    assert claim is not None
    assert second.claim() is None
    first.release(claim)
    again = second.claim()
    assert again is not None
    assert again.batch == batch("b1")
    first.close()
    second.close()


def test_many_claimants_get_every_batch_once(tmp_path: Path) -> None:
    filler = opened(tmp_path)
    for i in range(40):
        filler.put(batch(f"b{i}"))
    spools = [opened(tmp_path) for _ in range(4)]
    found: list[str] = []
    start = threading.Barrier(4)

    def take(spool: Spool) -> None:
        start.wait(10)
        while (claim := spool.claim()) is not None:
            assert claim.batch is not None
            found.append(claim.batch.id)

    threads = [threading.Thread(target=take, args=(s,)) for s in spools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == sorted(f"b{i}" for i in range(40))
    for spool in [*spools, filler]:
        spool.close()


def test_the_claim_of_a_dead_process_is_taken_back(tmp_path: Path) -> None:
    dead, living = opened(tmp_path), opened(tmp_path)
    dead.put(batch("b1"))
    assert dead.claim() is not None
    assert living.claim() is None
    die(dead)
    claim = living.claim()
    assert claim is not None
    assert claim.batch == batch("b1")
    living.close()


def test_the_half_written_file_of_a_dead_process_is_swept(tmp_path: Path) -> None:
    dead, living = opened(tmp_path), opened(tmp_path)
    part = tmp_path / f"00000000000001-00000001-2-b1.{dead._token}.tmp"
    part.write_bytes(b"half")
    assert living.claim() is None
    assert part.exists()
    die(dead)
    assert living.claim() is None
    assert not part.exists()
    living.close()
    assert names(tmp_path) == []


def test_files_of_strangers_are_left_alone(tmp_path: Path) -> None:
    strangers = ["notes.txt", "x.tmp", "y.claim", "z.lock", "a-b-c-d.json.gz", "1-2-3.json.gz"]
    for name in strangers:
        (tmp_path / name).write_text("mine")
    spool = opened(tmp_path)
    assert spool.claim() is None
    spool.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(strangers)


def test_a_batch_that_was_put_back_comes_first_again(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for i in range(3):
        spool.put(batch(f"b{i}"))
    first = spool.claim()
    assert first is not None
    spool.release(first)
    assert spool.claim() == first
    spool.close()


def test_closing_puts_claims_back(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.put(batch("b1"))
    spool.claim()
    spool.close()
    assert names(tmp_path) == ["json.gz"]


@pytest.mark.parametrize("content", [b"", b"no gzip", "cut", "count"])
def test_an_unreadable_batch_is_put_aside(tmp_path: Path, content: bytes | str) -> None:
    spool = opened(tmp_path)
    base = spool.put(batch("b1"))
    path = tmp_path / f"{base}.json.gz"
    if content == "count":
        path.rename(tmp_path / f"{base}.json.gz".replace("-2-b1", "-9-b1"))
    else:
        path.write_bytes(path.read_bytes()[:-5] if isinstance(content, str) else content)
    claim = spool.claim()
    assert claim is not None
    assert claim.batch is None
    assert claim.count in (2, 9)
    assert spool.claim() is None
    spool.close()
    assert names(tmp_path) == ["bad"]


def test_what_does_not_fit_is_refused_and_the_rest_stays(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=300)
    kept = [spool.put(batch(f"b{i}")) for i in range(5)]
    assert kept[0] is not None
    assert kept[-1] is None
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 300
    spool.close()


def test_a_lost_folder_refuses_without_an_error(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.put(batch("b1"))
    (tmp_path / "spool").rename(tmp_path / "moved")
    assert spool.put(batch("b2")) is None
    assert spool.claim() is None
    assert spool.gone(["x"]) == set()
    spool.close()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput) as caught:
        opened(tmp_path / "file" / "spool")
    assert caught.value.field == "spool"


def test_spooled_batches_are_for_their_owner_only(tmp_path: Path) -> None:
    spool = opened(tmp_path / "new")
    base = spool.put(batch("b1"))
    assert (tmp_path / "new" / f"{base}.json.gz").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    spool.close()

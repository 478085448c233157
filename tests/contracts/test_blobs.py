"""What every place of blobs promises: memory, a folder, Cloud Storage."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.store.blobs import Blobs
from ratchet.store.cloud_blobs import CloudBlobs
from ratchet.store.folder_blobs import FolderBlobs
from ratchet.store.memory_blobs import MemoryBlobs
from tests.support.cloud_storage import BUCKET, serving

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
# printf abc | sha256sum
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(params=["memory", "folder", "cloud"])
def blobs(
    request: pytest.FixtureRequest,
    clock: ManualClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Blobs]:
    """Each place in turn, empty."""
    if request.param == "memory":
        yield MemoryBlobs(clock)
    elif request.param == "folder":
        yield FolderBlobs(tmp_path / "blobs", clock)
    else:
        with serving(clock) as (host, _):
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
            yield CloudBlobs(BUCKET, "some/prefix")


def test_bytes_lie_under_their_hash_and_come_back(blobs: Blobs) -> None:
    assert blobs.put(b"abc") == ABC
    assert blobs.put(b"") == EMPTY
    assert (blobs.get(ABC), blobs.get(EMPTY)) == (b"abc", b"")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=5000))
def test_any_bytes_come_back(blobs: Blobs, data: bytes) -> None:
    assert blobs.get(blobs.put(data)) == data


def test_ten_megabytes_come_back(blobs: Blobs) -> None:
    large = bytes(range(256)) * 40_960
    assert blobs.get(blobs.put(large)) == large


def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    assert not blobs.has(ABC)
    assert list(blobs.listed()) == []
    with pytest.raises(NotFound, match="ba7816bf"):
        blobs.get(ABC)


@pytest.mark.parametrize("name", ["../key", "", ABC.upper(), ABC + "/", ABC[:-1], ABC + "\n"])
def test_nothing_but_an_address_becomes_part_of_a_path(blobs: Blobs, name: str) -> None:
    for call in (blobs.get, blobs.has, blobs.delete):
        with pytest.raises(InvalidInput, match="no address"):
            call(name)


def test_the_same_bytes_are_there_once_and_count_as_put_now(
    blobs: Blobs, clock: ManualClock
) -> None:
    blobs.put(b"abc")
    ((_, size, first),) = blobs.listed()
    clock.advance(timedelta(days=8))
    blobs.put(b"abc")
    assert first == NOON
    assert list(blobs.listed()) == [(ABC, size, NOON + timedelta(days=8))]


def test_a_listing_is_in_order_of_address_and_has_everything(blobs: Blobs) -> None:
    put = {blobs.put(bytes([n])) for n in range(7)}
    assert [found.sha256 for found in blobs.listed()] == sorted(put)


def test_what_was_deleted_is_gone_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    blobs.put(b"abc")
    assert blobs.has(ABC)
    assert blobs.delete(ABC)
    assert not blobs.has(ABC)
    assert blobs.delete(ABC)
    assert blobs.delete(ABC, put_before=NOON)
    assert blobs.put(b"abc") == ABC
    assert blobs.get(ABC) == b"abc"


def test_bytes_that_were_put_since_are_not_deleted(blobs: Blobs, clock: ManualClock) -> None:
    blobs.put(b"abc")
    assert not blobs.delete(ABC, put_before=NOON)
    clock.advance(timedelta(days=7))
    blobs.put(b"abc")
    assert not blobs.delete(ABC, put_before=NOON + timedelta(days=1))
    assert blobs.get(ABC) == b"abc"
    assert blobs.delete(ABC, put_before=NOON + timedelta(days=8))
    assert not blobs.has(ABC)


def test_many_may_put_the_same_at_once(blobs: Blobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        put = list(pool.map(lambda n: blobs.put(bytes([n % 2]) * 100_000), range(24)))
    assert len(set(put)) == 2
    assert {found.sha256 for found in blobs.listed()} == set(put)
    assert blobs.get(put[1]) == b"\1" * 100_000

"""Blobs in Cloud Storage: calls that are repeated, races, and Google's errors as ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Misconfigured, NotFound, NotWhole, Unavailable
from ratchet.store.blobs import address_of
from ratchet.store.cloud_blobs import CloudBlobs
from tests.support.cloud_storage import BUCKET, Bucket, Held, serving

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ABC = address_of(b"abc")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket of this process; whoever asks again asks at once."""
    monkeypatch.setattr("google.api_core.retry.retry_unary.time.sleep", lambda seconds: None)
    with serving(ManualClock(NOON)) as (host, bucket):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
        yield bucket


def test_objects_lie_under_the_prefix_with_their_bytes_as_they_are(bucket: Bucket) -> None:
    CloudBlobs(BUCKET, "deep/er").put(b"abc")
    CloudBlobs(BUCKET).put(b"abc")
    assert {name: held.data for name, held in bucket.objects.items()} == {
        f"deep/er/{ABC}": b"abc",
        ABC: b"abc",
    }


def test_what_else_lies_in_the_bucket_is_no_blob(bucket: Bucket) -> None:
    blobs = CloudBlobs(BUCKET)
    blobs.put(b"abc")
    bucket.put("reports/today.csv", b"1", None)
    bucket.put("abc.txt", b"1", None)
    assert [found.sha256 for found in blobs.listed()] == [ABC]


@pytest.mark.parametrize("status", [503, 429])
def test_a_put_whose_answer_was_lost_is_a_success(bucket: Bucket, status: int) -> None:
    bucket.lost = [("POST", status)]
    assert CloudBlobs(BUCKET).put(b"abc") == ABC
    assert bucket.asked[-3:] == ["POST", "POST", "PATCH"]  # the second is told: it is there
    assert bucket.objects[ABC].generation == 1


def test_a_delete_whose_answer_was_lost_is_a_success(bucket: Bucket) -> None:
    blobs = CloudBlobs(BUCKET)
    blobs.put(b"abc")
    bucket.lost = [("DELETE", 503)]
    assert blobs.delete(ABC, put_before=NOON + timedelta(days=1))
    assert bucket.objects == {}


def test_bytes_that_are_deleted_while_they_are_put_again_are_put_anew(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = CloudBlobs(BUCKET)
    blobs.put(b"abc")
    patch = bucket.patch

    def deleted_first(name: str) -> object:
        bucket.objects.clear()
        monkeypatch.setattr(bucket, "patch", patch)
        return patch(name)

    monkeypatch.setattr(bucket, "patch", deleted_first)
    assert blobs.put(b"abc") == ABC
    assert blobs.get(ABC) == b"abc"


def test_bytes_that_are_put_again_while_they_are_deleted_stay(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = CloudBlobs(BUCKET)
    blobs.put(b"abc")
    delete = bucket.delete

    def put_first(name: str, query: dict[str, str]) -> object:
        bucket.patch(name)
        return delete(name, query)

    monkeypatch.setattr(bucket, "delete", put_first)
    assert not blobs.delete(ABC, put_before=NOON + timedelta(days=1))
    assert blobs.has(ABC)


def test_an_object_that_is_not_what_its_name_says_is_refused(bucket: Bucket) -> None:
    bucket.objects[ABC] = Held(b"abd", 1, NOON)
    with pytest.raises(NotWhole, match=ABC):
        CloudBlobs(BUCKET).get(ABC)


def test_a_bucket_that_is_not_there_is_misconfigured(bucket: Bucket) -> None:
    with pytest.raises(Misconfigured, match="no bucket another-one") as told:
        CloudBlobs("another-one").put(b"abc")
    assert told.value.mend == "gcloud storage buckets create gs://another-one"
    with pytest.raises(NotFound, match=f"no blob {ABC} in gs://{BUCKET}/deep "):
        CloudBlobs(BUCKET, "deep").get(ABC)


def test_whoever_may_not_is_told_the_role(bucket: Bucket) -> None:
    bucket.denied = 403
    for call in (lambda b: b.put(b"abc"), lambda b: b.get(ABC), lambda b: list(b.listed())):
        with pytest.raises(Misconfigured, match="objectUser"):
            call(CloudBlobs(BUCKET))


def test_a_service_that_refuses_what_it_was_sent_is_unavailable(bucket: Bucket) -> None:
    bucket.denied = 400
    with pytest.raises(Unavailable, match="Cloud Storage"):
        CloudBlobs(BUCKET).put(b"abc")

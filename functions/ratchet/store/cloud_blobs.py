"""CloudBlobs: blobs as objects of a Cloud Storage bucket, their bytes as they are."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ratchet.kernel.errors import InvalidInput, Misconfigured, NotWhole, Unavailable
from ratchet.store.blobs import BlobInfo, address_of, check_address, is_address, missing

SECONDS = 60.0
_ROLE = "roles/storage.objectUser"
_TRIES = 5


class CloudBlobs:
    """Objects `PREFIX/abcd...` of a bucket; other programs may read them where they are.

    The instant of a put is the service's own: that of an object's last change.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.name = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self._bucket: Any = None
        self._call: dict[str, Any] = {}
        self._lock = threading.Lock()

    def put(self, data: bytes) -> str:
        """Keep bytes, whole or not at all; returns their address.

        Raises: Misconfigured, Unavailable.
        """
        sha256 = address_of(data)
        with _ours(self.name) as known:
            for _ in range(_TRIES):
                if self._made(sha256, data, known) or self._touched(sha256, known):
                    return sha256
        raise Unavailable(f"the blob {sha256} is deleted as fast as it is put", mend="try again")

    def get(self, sha256: str) -> bytes:
        """Return the bytes of an address.

        Raises: NotFound, NotWhole, Misconfigured, Unavailable.
        """
        with _ours(self.name) as known:
            try:
                blob = self._blob(sha256)
                data: bytes = blob.download_as_bytes(checksum="crc32c", **self._call)
            except known.NotFound as error:
                raise missing(sha256, f"gs://{self.name}/{self.prefix}".rstrip("/")) from error
        if address_of(data) != sha256:
            raise NotWhole(
                f"the blob {sha256} is not what its address says",
                field="sha256",
                mend=f"restore an earlier generation of the object in gs://{self.name}",
            )
        return data

    def has(self, sha256: str) -> bool:
        """Say whether there are bytes under an address.

        Raises: Misconfigured, Unavailable.
        """
        with _ours(self.name):
            return bool(self._blob(sha256).exists(**self._call))

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Remove bytes, unless they were put since; says whether they are gone.

        Raises: Misconfigured, Unavailable.
        """
        with _ours(self.name) as known:
            try:
                blob = self._blob(sha256)
                if put_before is None:
                    blob.delete(**self._call)
                    return True
                blob.reload(**self._call)
                if blob.updated >= put_before:
                    return False
                blob.delete(
                    if_generation_match=blob.generation,
                    if_metageneration_match=blob.metageneration,
                    **self._call,
                )
            except known.NotFound:
                return True
            except known.PreconditionFailed:  # put again since it was looked at
                return False
        return True

    def listed(self) -> Iterator[BlobInfo]:
        """Yield what there is, in order of address.

        Raises: Misconfigured, Unavailable.
        """
        with _ours(self.name):
            bucket, wanted = self._open(), "items(name,size,updated),nextPageToken"
            for blob in bucket.list_blobs(prefix=self.prefix, fields=wanted, **self._call):
                name = blob.name.removeprefix(self.prefix)
                if is_address(name):
                    yield BlobInfo(name, blob.size, blob.updated)

    def _open(self) -> Any:
        """Return the bucket; the client is made at first use, behind a server's fork."""
        from google.cloud import storage  # type: ignore[attr-defined]  # not in a cold start
        from google.cloud.storage.retry import (  # type: ignore[import-untyped]
            DEFAULT_RETRY,
        )

        with self._lock:
            if self._bucket is None:
                # Every call may be made twice: it names a generation, or changes nothing more.
                self._call = {"timeout": SECONDS, "retry": DEFAULT_RETRY.with_timeout(SECONDS)}
                self._bucket = storage.Client().bucket(self.name)
        return self._bucket

    def _blob(self, sha256: str) -> Any:
        return self._open().blob(self.prefix + check_address(sha256))

    def _made(self, sha256: str, data: bytes, known: Any) -> bool:
        """Say whether the bytes are there by this call, and were not before."""
        blob = self._blob(sha256)
        try:
            blob.upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
                **self._call,
            )
        except known.PreconditionFailed:  # by another, or by this call's first try
            return False
        return True

    def _touched(self, sha256: str, known: Any) -> bool:
        """Say whether the bytes are there still; if so, they count as put now."""
        blob = self._blob(sha256)
        blob.metadata = {"put": "again"}  # a change of nothing moves `updated` too
        try:
            blob.patch(**self._call)
        except known.NotFound:
            return False
        return True


@contextmanager
def _ours(bucket: str) -> Iterator[Any]:
    """Turn Google's errors into ours; yields the module of those that a call expects."""
    try:
        from google.api_core import exceptions as known
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
        from google.cloud.storage.exceptions import (  # type: ignore[import-untyped]
            DataCorruption,
        )
    except ModuleNotFoundError as error:
        raise InvalidInput(
            "gs:// wants the Google packages",
            field="RATCHET_BLOBS",
            mend="pip install 'ratchet[server]'",
        ) from error
    try:
        yield known
    except known.NotFound as error:
        raise Misconfigured(
            f"there is no bucket {bucket}: {error.message}",
            field="RATCHET_BLOBS",
            mend=f"gcloud storage buckets create gs://{bucket}",
        ) from error
    except (known.Forbidden, known.Unauthorized) as error:
        mend = f"grant the service account {_ROLE} on the bucket"
        raise Misconfigured(error.message, field="RATCHET_BLOBS", mend=mend) from error
    except DefaultCredentialsError as error:
        mend = "run `gcloud auth application-default login`"
        raise Misconfigured(str(error), field="credentials", mend=mend) from error
    except (known.GoogleAPIError, GoogleAuthError, DataCorruption, OSError) as error:
        raise Unavailable(f"Cloud Storage: {error}", mend="try again") from error

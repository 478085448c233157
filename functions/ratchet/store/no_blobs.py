"""NoBlobs: what a deployment has that named none; all that needs none goes on."""

from collections.abc import Iterator
from datetime import datetime

from ratchet.kernel.errors import Misconfigured
from ratchet.store.blobs import BlobInfo


class NoBlobs:
    """Refuses to keep and to give: traces and datasets want a place for their bytes."""

    def put(self, data: bytes) -> str:
        """Refuse.

        Raises: Misconfigured.
        """
        raise _none()

    def get(self, sha256: str) -> bytes:
        """Refuse.

        Raises: Misconfigured.
        """
        raise _none()

    def has(self, sha256: str) -> bool:
        """Refuse.

        Raises: Misconfigured.
        """
        raise _none()

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Refuse.

        Raises: Misconfigured.
        """
        raise _none()

    def listed(self) -> Iterator[BlobInfo]:
        """Yield nothing: none were ever put."""
        return iter(())


def _none() -> Misconfigured:
    return Misconfigured(
        "no place for blobs is named, and traces and datasets are kept there",
        field="RATCHET_BLOBS",
        mend="set RATCHET_BLOBS to gs://BUCKET/PREFIX, of a bucket that the service account uses",
    )

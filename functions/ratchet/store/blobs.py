"""The port of blobs: bytes under the SHA-256 of what they hold, in a folder or in Cloud Storage."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, Protocol

from ratchet.kernel.errors import InvalidInput, NotFound

SCHEME = "blob:"
AT_ONCE = 16  # calls of a service that each wait
_ADDRESS = re.compile(r"[0-9a-f]{64}")


class BlobInfo(NamedTuple):
    """What is there under an address: its size in bytes as stored, and when it was put last."""

    sha256: str
    stored_bytes: int
    put_at: datetime


class Blobs(Protocol):
    """Content-addressed bytes: what is put twice is there once, and what is got was verified.

    Its errors are Ratchet's own: Unavailable where the service does not answer.
    """

    def put(self, data: bytes) -> str:
        """Keep bytes, whole or not at all; returns their address, the SHA-256 as hex.

        Bytes that are there already count as put now, so that no sweep takes them.
        """

    def get(self, sha256: str) -> bytes:
        """Return the bytes of an address.

        Raises: NotFound, NotWhole where they are not what the address says.
        """

    def has(self, sha256: str) -> bool:
        """Say whether there are bytes under an address."""

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Remove bytes, and say whether they are gone; missing ones are.

        With `put_before` those that were put since stay, however close that was.
        """

    def listed(self) -> Iterator[BlobInfo]:
        """Yield what there is, in order of address."""


def address_of(data: bytes) -> str:
    """Return the address of bytes.

    >>> address_of(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def is_address(name: str) -> bool:
    """Say whether a name is one that a blob may have; a bucket holds what it holds.

    >>> is_address("e3b0c442"), is_address("0" * 64)
    (False, True)
    """
    return _ADDRESS.fullmatch(name) is not None


def put_all(blobs: Blobs, several: Sequence[bytes]) -> list[str]:
    """Keep several bytes, some at a time; returns their addresses in order.

    Raises: what `put` does.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(blobs.put, several))


def missing(sha256: str, place: str) -> NotFound:
    """Return the error of bytes that a place has not: it may be the wrong place."""
    return NotFound(
        f"there is no blob {sha256} in {place}",
        field="sha256",
        mend="let RATCHET_BLOBS name the place where it was put, or restore it from a backup",
    )


def check_address(sha256: str) -> str:
    """Return an address as it is, so that no caller's text becomes part of a path.

    Raises: InvalidInput.
    """
    if not is_address(sha256):
        raise InvalidInput(
            f"{sha256[:80]!r} is no address of a blob",
            field="sha256",
            mend="64 hexadecimal digits, as `put` returned them",
        )
    return sha256

"""The words of examples, got from blobs several at a time, since each get is a wait."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from ratchet.datasets.dedupe.normal import normal_text
from ratchet.datasets.example import Content
from ratchet.kernel.errors import InvalidInput, NotFound, NotWhole, RatchetError
from ratchet.store.blobs import AT_ONCE, Blobs

_AHEAD = 128


def words_of(blobs: Blobs, addresses: Iterable[str]) -> Iterator[bytes | RatchetError]:
    """Yield the bytes of addresses in their order, or why they cannot be had.

    No more than 128 are in memory at once. Raises: Unavailable.
    """

    def get(address: str) -> bytes | RatchetError:
        try:
            return blobs.get(address)
        except (InvalidInput, NotFound, NotWhole) as error:
            return error

    wanted = iter(addresses)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(wanted, _AHEAD)):
            yield from pool.map(get, batch)


def normal_words(blobs: Blobs, address: str) -> str:
    """Return the normal form of the content under an address.

    Raises: NotFound, NotWhole.
    """
    return normal_text(Content.model_validate_json(blobs.get(address)))

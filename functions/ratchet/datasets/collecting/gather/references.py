"""References: the text that a run names as its input, output or trace."""

import re

from ratchet.datasets.extract.clean import check_size
from ratchet.kernel.errors import NotFound, NotWhole, Poisoned, Unreachable
from ratchet.store.blobs import SCHEME, Blobs

_ADDRESS = re.compile(r"(?:blob:|gs://\S+/)([0-9a-f]{64})")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def text_of(blobs: Blobs, reference: str, field: str) -> str:
    """Return the text of a reference: that of a blob, or of what names no place the text itself.

    A `gs://` address is a blob's where it ends with the blob's own: what is there was verified by
    its hash, whichever bucket was named.

    Raises: Unreachable for any other place and where there is nothing, Poisoned for what is no
    text, Malformed for too much of it.
    """
    found = _ADDRESS.fullmatch(reference)
    if found:
        return _decoded(_bytes_of(blobs, found[1], reference, field), field)
    if reference.startswith(SCHEME) or _ELSEWHERE.fullmatch(reference):
        raise _unreachable(reference, "is no place of ours", field)
    return reference


def _bytes_of(blobs: Blobs, sha256: str, reference: str, field: str) -> bytes:
    try:
        return blobs.get(sha256)
    except NotFound as error:
        raise _unreachable(reference, "is not there", field) from error
    except NotWhole as error:
        raise _unreachable(reference, "is not what its hash says", field) from error


def _decoded(raw: bytes, field: str) -> str:
    check_size(len(raw))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = f"byte {error.start} is no UTF-8"
        raise Poisoned(told, field=field, mend="refer to text in UTF-8") from error


def _unreachable(reference: str, why: str, field: str) -> Unreachable:
    mend = "put the text into the blobs and tell the run anew with its address, or with the text"
    return Unreachable(f"{reference[:200]} {why}", field=field, mend=mend)

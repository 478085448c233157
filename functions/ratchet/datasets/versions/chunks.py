"""Chunks: the words of a version's examples as JSON lines of a few MiB, under their hash.

A line is `{"content":CONTENT,"id":ID}`, where CONTENT are the very bytes that the entry's hash is
of, so that one example can be checked without any other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from ratchet.datasets.versions.version import Chunk, Entry, Split
from ratchet.datasets.versions.words import words_of
from ratchet.kernel.errors import NotWhole, RatchetError
from ratchet.store.blobs import Blobs

CHUNK_BYTES = 4 * 1024 * 1024
_BEFORE, _BETWEEN, _AFTER = b'{"content":', b',"id":"', b'"}'
_ID = 64
T = TypeVar("T")


def write_chunks(
    blobs: Blobs,
    entries: Sequence[Entry],
    *,
    size: int = CHUNK_BYTES,
    tell: Callable[[int], object] | None = None,
) -> tuple[Chunk, ...]:
    """Put the words of entries, in the manifest's order; one chunk at a time is in memory.

    Raises: NotWhole for an example whose words are gone.
    """
    chunks: list[Chunk] = []
    lines = zip(entries, lines_of(blobs, entries), strict=True)
    for cut in cut_chunks(lines, len, size):
        chunks.append(put_chunk(blobs, cut[0][0].split, [line for _, line in cut]))
        if tell:
            tell(sum(chunk.count for chunk in chunks))
    return tuple(chunks)


def cut_chunks(
    pairs: Iterable[tuple[Entry, T]], bytes_of: Callable[[T], int], size: int = CHUNK_BYTES
) -> Iterator[list[tuple[Entry, T]]]:
    """Yield what each chunk holds, of entries in the manifest's order with their lines or sizes."""
    cut: list[tuple[Entry, T]] = []
    held = 0
    for entry, line in pairs:
        if cut and (entry.split != cut[0][0].split or held >= size):
            yield cut
            cut, held = [], 0
        cut.append((entry, line))
        held += bytes_of(line)
    if cut:
        yield cut


def lines_of(blobs: Blobs, entries: Sequence[Entry]) -> Iterator[bytes]:
    """Yield the line of each entry.

    Raises: NotWhole for an example whose words are gone.
    """
    words = words_of(blobs, (entry.content for entry in entries))
    for entry, content in zip(entries, words, strict=True):
        yield _line(entry, content)


def _line(entry: Entry, content: bytes | RatchetError) -> bytes:
    if isinstance(content, RatchetError):
        raise NotWhole(
            f"the words of example {entry.id} are gone: {content.message}",
            field=entry.id,
            mend=f"ratchet dataset withdraw {entry.id} --reason ... and build again",
        ) from content
    return _BEFORE + content + _BETWEEN + entry.id.encode() + _AFTER


def put_chunk(blobs: Blobs, split: Split, lines: Sequence[bytes]) -> Chunk:
    """Put the lines of one chunk."""
    data = b"\n".join(lines) + b"\n"
    return Chunk(split=split, sha256=blobs.put(data), count=len(lines), bytes=len(data))


def read_chunk(blobs: Blobs, chunk: Chunk) -> Iterator[tuple[str, bytes]]:
    """Return (id, content) of a chunk's examples, one at a time.

    Raises: NotFound, NotWhole.
    """
    end = len(_BETWEEN) + _ID + len(_AFTER)
    return (
        (line[-_ID - len(_AFTER) : -len(_AFTER)].decode(), line[len(_BEFORE) : -end])
        for line in blobs.get(chunk.sha256).split(b"\n")
        if line
    )

"""Chunks: the words of a version's examples as JSON lines of a few MiB, under their hash.

A line is `{"content":CONTENT,"id":ID}`, where CONTENT are the very bytes that the entry's hash is
of, so that one example can be checked without any other.
"""

from collections.abc import Callable, Iterator, Sequence

from ratchet.datasets.version import Chunk, Entry, Split
from ratchet.datasets.words import words_of
from ratchet.kernel.errors import NotWhole, RatchetError
from ratchet.store.blobs import Blobs

CHUNK_BYTES = 4 * 1024 * 1024
_BEFORE, _BETWEEN, _AFTER = b'{"content":', b',"id":"', b'"}'
_ID = 64


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
    lines: list[bytes] = []
    split, held = None, 0
    words = words_of(blobs, (entry.content for entry in entries))
    for entry, content in zip(entries, words, strict=True):
        if split is not None and (entry.split != split or held >= size):
            chunks.append(_put(blobs, split, lines))
            lines, held = [], 0
            if tell:
                tell(sum(chunk.count for chunk in chunks))
        split = entry.split
        lines.append(_line(entry, content))
        held += len(lines[-1])
    if split is not None:
        chunks.append(_put(blobs, split, lines))
    return tuple(chunks)


def _line(entry: Entry, content: bytes | RatchetError) -> bytes:
    if isinstance(content, RatchetError):
        raise NotWhole(
            f"the words of example {entry.id} are gone: {content.message}",
            field=entry.id,
            mend=f"ratchet dataset withdraw {entry.id} --reason ... and build again",
        ) from content
    return _BEFORE + content + _BETWEEN + entry.id.encode() + _AFTER


def _put(blobs: Blobs, split: Split, lines: list[bytes]) -> Chunk:
    data = b"\n".join(lines) + b"\n"
    return Chunk(split=split, sha256=blobs.put(data), count=len(lines), bytes=len(data))


def read_chunk(blobs: Blobs, chunk: Chunk) -> Iterator[tuple[str, bytes]]:
    """Yield (id, content) of a chunk's examples.

    Raises: NotFound, NotWhole.
    """
    end = len(_BETWEEN) + _ID + len(_AFTER)
    for line in blobs.get(chunk.sha256).split(b"\n"):
        if line:
            yield line[-_ID - len(_AFTER) : -len(_AFTER)].decode(), line[len(_BEFORE) : -end]

"""Batches: a stream in parts that memory can hold, whatever the size of a single thing."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(
    things: Iterable[T], size_of: Callable[[T], int], *, count: int, size: int
) -> Iterator[list[T]]:
    """Yield things in lists of at most `count`; one ends with the thing that brings it to `size`.

    >>> list(batches(["a", "bcd", "e", "f", "g"], len, count=2, size=3))
    [['a', 'bcd'], ['e', 'f'], ['g']]
    """
    batch, held = list[T](), 0
    for thing in things:
        batch.append(thing)
        held += size_of(thing)
        if len(batch) == count or held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch

"""Batches end where they are long or large enough, and hold everything once."""

from collections.abc import Iterator

from ratchet.kernel.batches import batches


def test_a_batch_ends_by_its_number_or_by_its_size() -> None:
    things = ["aaaa", "b", "c", "d", "ee", "ff"]
    assert list(batches(things, len, count=3, size=4)) == [
        ["aaaa"],
        ["b", "c", "d"],
        ["ee", "ff"],
    ]
    assert list(batches([], len, count=3, size=4)) == []


def test_no_more_is_taken_than_the_batch_holds() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    assert next(batches(numbers(), lambda number: 10, count=50, size=30)) == [0, 1, 2]
    assert taken == [0, 1, 2]

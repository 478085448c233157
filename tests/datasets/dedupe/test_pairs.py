"""Pairs: who shares a key is paired, unless very many do."""

from itertools import pairwise

from ratchet.datasets.dedupe.pairs import pair_of, shelf_pairs


def test_a_pair_is_named_in_one_order() -> None:
    assert pair_of("b", "a") == pair_of("a", "b") == ("a", "b")


def test_all_of_one_shelf_are_paired_whatever_order_they_come_in() -> None:
    found = shelf_pairs([("c",), ("a",), ("b",)])
    assert found == [(("a",), ("b",)), (("a",), ("c",)), (("b",), ("c",))]
    assert shelf_pairs([("a",)]) == []


def test_a_shelf_of_very_many_gives_no_pairs() -> None:
    many = [(f"{i:03d}",) for i in range(65)]
    assert shelf_pairs(many) == []
    some = shelf_pairs(many[1:])
    assert len(some) == 64 * 63 // 2
    assert set(pairwise(many[1:])) <= set(some)

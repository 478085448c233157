"""Splits: 80/10/10 by group, nothing straddles, everything keeps its split, in any order."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.versions.groups import Grouped, Member, link_groups
from ratchet.datasets.versions.ledger import Ledger, Line
from ratchet.datasets.versions.split import PLACES, assign_splits, first_place, next_ledger
from ratchet.kernel.canonical import content_hash

Pairs = list[tuple[str, str]]


def member(name: str, task: str, *, kept: bool = True, words: str = "") -> Member:
    return Member(name, task, words or f"words of {name}", kept)


def version(
    members: list[Member], links: Pairs, before: Ledger, stratum: str = "qa/easy"
) -> tuple[dict[str, str], Ledger, Grouped]:
    """Return the split of each kept example in a version that takes all, and its ledger."""
    grouped = link_groups(members, links, before)
    chosen = [m for m in members if m.kept and m.id in grouped.group_of]
    strata = dict.fromkeys((grouped.group_of[m.id] for m in chosen), stratum)
    splits = assign_splits(strata, before)
    after = next_ledger(before, members, grouped, strata, splits)
    return {m.id: splits[grouped.group_of[m.id]] for m in chosen}, after, grouped


def test_ten_groups_of_a_stratum_are_eight_one_and_one_wherever_it_begins() -> None:
    for name in ("qa/easy", "travel/hard", "coding/medium"):
        groups = {content_hash({"n": n}): name for n in range(10)}
        counts = Counter(assign_splits(groups, Ledger.of()).values())
        assert counts == {"train": 8, "validation": 1, "test": 1}


@pytest.mark.parametrize("n", [1, 7, 33, 205])
def test_each_stratum_is_within_a_group_of_its_shares(n: int) -> None:
    groups = {content_hash({"n": i}): "general/easy" for i in range(n)}
    counts = Counter(assign_splits(groups, Ledger.of()).values())
    assert abs(counts["test"] - n / 10) <= 1
    assert abs(counts["validation"] - n / 10) <= 1


def test_strata_of_one_group_are_unbiased_together() -> None:
    counts = Counter(PLACES[first_place(f"stratum {i}")] for i in range(2000))
    # Binomial(2000, 0.1): 200 and a standard deviation of 13.4; four of them.
    assert abs(counts["test"] - 200) <= 54
    assert abs(counts["validation"] - 200) <= 54


def test_a_stratum_goes_on_where_it_stopped() -> None:
    members = [member(f"e{i}", f"t{i}") for i in range(20)]
    splits, ledger = dict[str, str](), Ledger.of()
    for n in range(1, 21):
        splits, ledger, _ = version(members[:n], [], ledger)
    assert Counter(splits.values()) == {"train": 16, "validation": 2, "test": 2}


def test_a_dropped_duplicate_links_its_task_to_the_one_that_stays() -> None:
    members = [member("a", "t1"), member("b", "t2", kept=False), member("c", "t2")]
    _, _, grouped = version(members, [("a", "b")], Ledger.of())
    assert grouped.group_of["a"] == grouped.group_of["c"]
    _, _, apart = version(members, [], Ledger.of())
    assert apart.group_of["a"] != apart.group_of["c"]


def test_equal_words_link_without_being_named_a_pair() -> None:
    members = [member("a", "t1", words="w"), member("b", "t2", kept=False, words="w")]
    grouped = link_groups(members, [], Ledger.of())
    assert grouped.group_of["a"] == grouped.group_of["b"]


def held(*lines: tuple[str, str, str]) -> Ledger:
    """Return a ledger of (id, task, split), each a group of its own."""
    return Ledger.of(
        Line(name, task, f"words of {name}", content_hash({"group": task}), split, "qa/easy")  # type: ignore[arg-type]  # a literal
        for name, task, split in lines
    )


def test_a_new_example_that_joins_groups_of_two_splits_is_named_and_joins_neither() -> None:
    ledger = held(("a", "t1", "train"), ("b", "t2", "test"))
    members = [member("a", "t1"), member("b", "t2"), member("n", "t1", kept=False)]
    splits, after, grouped = version(members, [("n", "b")], ledger)
    assert grouped.linking == {"n"}
    assert splits == {"a": "train", "b": "test"}
    assert "n" not in after.lines


def test_groups_of_one_split_that_are_joined_become_one() -> None:
    ledger = held(("a", "t1", "train"), ("b", "t2", "train"), ("gone", "t2", "train"))
    members = [member("a", "t1"), member("b", "t2"), member("n", "t1", kept=False)]
    _, after, grouped = version(members, [("n", "b")], ledger)
    assert grouped.linking == frozenset()
    assert len({line.group for line in after.lines.values()}) == 1
    assert set(after.lines) == {"a", "b", "gone", "n"}


def test_an_example_that_is_told_anew_for_a_task_of_another_split_is_left_out() -> None:
    ledger = held(("a", "t1", "train"), ("b", "t2", "test"))
    splits, after, grouped = version([member("a", "t2"), member("b", "t2")], [], ledger)
    assert grouped.linking == {"a"}
    assert splits == {"b": "test"}
    assert after.lines["a"].split == "train"


def test_what_comes_back_after_it_was_gone_has_its_split_and_so_have_its_repeats() -> None:
    ledger = held(("a", "t1", "test"))
    _, between, _ = version([member("z", "t9")], [], ledger)
    members = [member("a", "t1"), member("r", "t1"), member("w", "t7", words="words of a")]
    splits, _, _ = version(members, [], between)
    assert splits == {"a": "test", "r": "test", "w": "test"}


def test_a_ledger_reads_what_it_wrote_in_any_order_of_lines() -> None:
    ledger = held(("b", "tä\n2", "test"), ("a", "t1", "train"))
    again = Ledger.from_bytes(ledger.to_bytes())
    assert again.lines == ledger.lines
    assert Ledger.of(reversed(list(ledger.lines.values()))).to_bytes() == ledger.to_bytes()


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[Member], Pairs]]:
    """Return some versions' examples, each version with more and without some."""
    names = [f"e{i}" for i in range(draw(st.integers(1, 14)))]
    tasks = {name: draw(st.sampled_from("ABCDEF")) for name in names}
    kept = {name: draw(st.booleans()) for name in names}
    pairs = [p for p in combinations(names, 2) if not all(kept[n] for n in p)]
    links = draw(st.lists(st.sampled_from(pairs), max_size=8)) if pairs else []
    out = []
    for _ in range(draw(st.integers(1, 4))):
        present = draw(st.sets(st.sampled_from(names)))
        members = [member(name, tasks[name], kept=kept[name]) for name in sorted(present)]
        out.append((members, [p for p in links if set(p) <= present]))
    return out


@given(histories())
def test_no_task_straddles_and_every_example_keeps_its_split_in_all_versions(
    history: list[tuple[list[Member], Pairs]],
) -> None:
    ledger, given_before = Ledger.of(), dict[str, str]()
    for members, links in history:
        splits, ledger, grouped = version(members, links, ledger)
        for name, split in splits.items():
            assert given_before.setdefault(name, split) == split
        tasks: dict[str, set[str]] = {}
        for one in members:
            if one.id in splits:
                tasks.setdefault(one.task, set()).add(splits[one.id])
        assert all(len(found) == 1 for found in tasks.values())
        # Whoever a duplicate ties together lies in one split, unless it was named.
        for a, b in links:
            if a in splits and b in splits and not {a, b} & grouped.linking:
                assert splits[a] == splits[b]


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_examples_and_pairs_changes_nothing(
    history: list[tuple[list[Member], Pairs]], random: Random
) -> None:
    ledger = other = Ledger.of()
    for members, links in history:
        splits, ledger, grouped = version(members, links, ledger)
        random.shuffle(members)
        turned = [(b, a) for a, b in links]
        random.shuffle(turned)
        again, other, same = version(members, turned, other)
        assert again == splits
        assert same == grouped
        assert other.to_bytes() == ledger.to_bytes()

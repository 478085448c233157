"""Near copies: the same in another case, spacing or word; and what only looks alike."""

import time

import numpy as np
import pytest

from ratchet.labels.select.copies import ALIKE, HASHES, fingerprint, groups, signature

ASKED = (
    "A bottle can hold 2 cups of water. How many cups of water are needed to fill up 10 whole "
    "bottles and 5 half-capacity bottles?"
)


def grouped(*texts: str) -> list[int]:
    """Return the group of each text."""
    return [int(i) for i in groups([signature(text) for text in texts])]


@pytest.mark.parametrize(
    "copy",
    [
        ASKED.upper(),
        "  " + ASKED.replace(" ", "\n "),
        ASKED.replace("How many", "\uff28\uff4f\uff57 many"),  # full-width letters
    ],
)
def test_another_case_spacing_or_width_is_the_same_text(copy: str) -> None:
    assert fingerprint(copy) == fingerprint(ASKED)
    assert grouped(ASKED, copy) == [0, 0]


def test_one_word_of_many_is_a_near_copy() -> None:
    assert grouped(ASKED, ASKED.replace("bottle can", "flask can"), ASKED + " Thanks!") == [0, 0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 17 + 25?", "What is 17 - 25?"),
        ("the capital of France", "the capital of Spain"),
        ("the dog bit the man who ran away", "the man bit the dog who ran away"),
        ("yes", "no"),
        ("", "no"),
        # Half of a template is shared, the question is another.
        (
            "There are 3 houses in a row, numbered 1 to 3. The cellist lives next to the truck.",
            "There are 3 houses in a row, numbered 1 to 3. Which flower does the pianist grow?",
        ),
    ],
)
def test_what_only_looks_alike_is_asked_apart(one: str, other: str) -> None:
    assert grouped(one, other) == [0, 1]


def test_a_chain_of_small_changes_does_not_join_what_differs() -> None:
    words = [f"w{i}" for i in range(40)]
    chain = [" ".join(words[i:] + [f"x{j}" for j in range(i)]) for i in range(0, 41, 3)]
    found = grouped(*chain)
    assert len(set(found)) > 3
    first, last = signature(chain[0]), signature(chain[-1])
    assert (first == last).sum() < ALIKE
    assert found[-1] != 0


def test_copies_are_found_however_far_apart_they_stand() -> None:
    texts = [f"{ASKED} {i} {i * i} and {i * 7} or {i * 11} {i + 3}" for i in range(0, 4000, 10)]
    # A template of which all share most: still, the identical ones are found.
    assert grouped(*texts, *texts)[len(texts) :] == grouped(*texts)


def test_texts_that_share_half_are_taken_for_copies_less_than_once_in_ten_thousand() -> None:
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(1000):
        words = rng.integers(0, 10**9, 46)
        one = " ".join(map(str, words[:31]))
        other = " ".join(map(str, [*words[10:31], *words[36:46]]))  # 20 of 40 pairs shared
        wrong += int((signature(one) == signature(other)).sum() >= ALIKE)
    assert wrong == 0
    assert ALIKE / HASHES > 0.8


def test_ten_times_as_many_texts_take_hardly_more_than_ten_times_as_long() -> None:
    rng = np.random.default_rng(7)
    signed = list(rng.integers(0, 2**31 - 1, (20_000, HASHES), np.uint32))

    def seconds(n: int) -> float:
        began = time.process_time()
        groups(signed[:n])
        return time.process_time() - began

    assert seconds(20_000) < 25 * max(seconds(2_000), 0.01)

"""The index of what is known: found in it is what is near, and bytes bring it back."""

import numpy as np
import pytest

from ratchet.datasets.dedupe.near_index import NearIndex
from ratchet.kernel.errors import NotWhole
from tests.support.repeated import edited, signatures, signed_texts, text

KNOWN = {f"k{i}": text(i) for i in range(20)}


def index() -> NearIndex:
    return NearIndex().plus(*signed_texts(KNOWN))


def near(held: NearIndex, new: dict[str, str]) -> dict[str, str]:
    return held.near(*signed_texts(new), (KNOWN | new).__getitem__, 0.8)


def test_each_near_one_is_found_with_whom_it_is_near() -> None:
    new = {"copy": KNOWN["k3"], "edit": edited(KNOWN["k5"], 2), "far": text(99)}
    assert near(index(), new) == {"copy": "k3", "edit": "k5"}
    assert near(NearIndex(), new) == {}


def test_who_shares_keys_and_is_too_far_is_not_near() -> None:
    # 14 of 60 words are others: some bands agree, and the Jaccard is about 0.57.
    assert near(index(), {"far": edited(KNOWN["k5"], 14)}) == {}


def test_one_that_is_added_is_found_from_then_on_and_added_once() -> None:
    new = {"n": text(50)}
    grown = index().plus(*signed_texts(new))
    assert grown.ids == (*KNOWN, "n")
    assert grown.plus(*signed_texts(new)) is grown
    assert grown.near(["x"], signatures([text(50)]), lambda _: text(50), 0.8) == {"x": "n"}


def test_bytes_bring_it_back_and_are_the_same_however_it_grew() -> None:
    ids, signed = signed_texts(KNOWN)
    at_once, by_parts = index(), NearIndex().plus(ids[:7], signed[:7]).plus(ids[3:], signed[3:])
    assert at_once.to_bytes() == by_parts.to_bytes()
    again = NearIndex.from_bytes(at_once.to_bytes())
    assert again.ids == at_once.ids
    assert np.array_equal(again.keys, at_once.keys)
    assert NearIndex.from_bytes(NearIndex().to_bytes()).keys.shape == at_once.keys[:0].shape


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\xff\n",
        b"[]\n",
        b"{}\n",
        index().to_bytes()[:-1],
        index().to_bytes().replace(b'"bands":48', b'"bands":47'),
        index().to_bytes().replace(b'"dedupe":"', b'"dedupe":"0'),
    ],
)
def test_bytes_that_are_no_whole_index_of_this_code_are_refused(broken: bytes) -> None:
    with pytest.raises(NotWhole) as caught:
        NearIndex.from_bytes(broken)
    assert caught.value.mend

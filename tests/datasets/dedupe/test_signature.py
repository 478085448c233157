"""Signatures: the same everywhere and for ever, or another version of the code."""

import sys

import numpy as np
import pytest

from ratchet.datasets.dedupe import signature as module
from ratchet.datasets.dedupe.shingles import shingles_of
from ratchet.datasets.dedupe.signature import BANDS, ROWS, band_keys, min_hashes, signature_of
from ratchet.kernel.errors import InvalidInput


def test_a_signature_is_the_one_that_other_machines_and_versions_kept() -> None:
    # Kept signatures are compared with new ones: where these numbers change, so must DEDUPE.
    kept = signature_of("fly to rome on may 20\ndone.")
    assert kept.shape == (BANDS,)
    assert kept[:3].tolist() == [
        7694163569346954318,
        10693126724512029883,
        13094899232492244961,
    ]


def test_the_share_of_equal_hashes_is_the_jaccard() -> None:
    # 900 of 1100 numbers are shared; over 2,520 hashes the standard error is under 0.008.
    numbers = np.random.default_rng(5).integers(0, 2**63, 1100, dtype=np.uint64)
    one, other = min_hashes(numbers[:1000], 2520), min_hashes(numbers[100:], 2520)
    assert float((one == other).mean()) == pytest.approx(900 / 1100, abs=0.03)


def test_the_order_of_shingles_does_not_matter() -> None:
    numbers = shingles_of("the order of shingles does not matter")
    assert min_hashes(numbers).tolist() == min_hashes(numbers[::-1].copy()).tolist()


def test_one_changed_hash_changes_the_key_of_its_band_alone() -> None:
    hashes = min_hashes(shingles_of("any text will do"))
    other = hashes.copy()
    other[3 * ROWS] += np.uint64(1)
    assert np.flatnonzero(band_keys(hashes) != band_keys(other)).tolist() == [3]


def test_equal_hashes_in_two_bands_make_two_keys() -> None:
    assert len(set(band_keys(np.ones(BANDS * ROWS, np.uint64)).tolist())) == BANDS


def test_without_rensa_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(InvalidInput) as caught:
        signature_of("text")
    assert "ratchet[datasets]" in caught.value.mend


def test_a_rensa_of_other_signatures_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ALGORITHM", 1)
    with pytest.raises(InvalidInput, match="algorithm 2"):
        signature_of("text")

"""The MinHash signature of a text, by rensa: the keys of its bands for locality-sensitive hashing.

Two texts of Jaccard s share the key of a band with probability s**7, and two or more of 48 keys
with 0.9998 at 0.8, 0.05 at 0.5, and 3e-9 at 0.15, where by one key it would be 8e-5: of 100,000
texts that have only common words in common 400,000 pairs. What shares two is verified, so
bands decide what is missed and what work is done, and never what is called a duplicate.
`bench/duplicates.py` measures this choice, and rensa against datasketch.
"""

import numpy as np

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.shingles import Numbers, mixed, shingles_of
from ratchet.datasets.versions.prepared import Signature
from ratchet.kernel.errors import InvalidInput

BANDS, ROWS = 48, 7
SHARED = 2  # keys of those that are compared
_SEED = 8
_ALGORITHM = int(DEDUPE.rpartition("-a")[2])
_ODD = np.uint64(0x9E3779B185EBCA87)


def signature_of(text: str) -> Signature:
    """Return the signature of a text in its normal form.

    Shapes: (48,), a key for each band. Raises: InvalidInput where rensa is missing, or is one whose
    signatures are others.

    >>> bool((signature_of("fly to rome") == signature_of("fly to rome")).all())
    True
    """
    return band_keys(min_hashes(shingles_of(text)))


def min_hashes(numbers: Numbers, permutations: int = BANDS * ROWS) -> Numbers:
    """Return the MinHashes of a set of shingles.

    Shapes: (permutations,). Source: R-MinHash of rensa, after Dahlgaard et al., FOCS 2017.
    Raises: InvalidInput.
    """
    try:
        from rensa import RMinHash  # type: ignore[import-untyped]  # it ships no types
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"near duplicates want a package more: {error.name}",
            mend="pip install 'ratchet[datasets]'",
        ) from error
    if RMinHash.ALGORITHM_VERSION != _ALGORITHM:
        raise InvalidInput(
            f"rensa has algorithm {RMinHash.ALGORITHM_VERSION}, and kept signatures are of"
            f" {_ALGORITHM}",
            mend="install the rensa of ratchet[datasets]",
        )
    rows = RMinHash.digest_matrix_from_flat_token_hashes(
        numbers, [0, numbers.size], permutations, _SEED
    ).to_rows()
    return np.array(rows[0], dtype=np.uint64)


def band_keys(hashes: Numbers, bands: int = BANDS) -> Signature:
    """Return one key for each band of MinHashes; bands share none, whatever is in them.

    Shapes: (bands * rows,) in, (bands,) out.
    """
    keys = mixed(np.arange(1, bands + 1, dtype=np.uint64))
    for column in hashes.reshape(bands, -1).T:
        keys = mixed(keys * _ODD + column)
    return keys

"""The MinHash signature of a text, by rensa: the keys of its bands for locality-sensitive hashing.

Two texts of Jaccard s share a key of one band with probability s**7, and one of 36 with
1 - (1 - s**7)**36: 0.9998 at 0.8, 0.25 at 0.5, 0.008 at 0.3. What shares a key is verified, so the
bands decide what is missed and what work is done, and never what is called a duplicate.
`bench/duplicates.py` measures this choice, and rensa against datasketch.
"""

import numpy as np

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.shingles import Numbers, mixed, shingles_of
from ratchet.datasets.prepared import Signature
from ratchet.kernel.errors import InvalidInput

BANDS, ROWS = 36, 7
_SEED = 8
_ALGORITHM = int(DEDUPE.rpartition("-a")[2])
_ODD = np.uint64(0x9E3779B185EBCA87)


def signature_of(text: str) -> Signature:
    """Return the signature of a text in its normal form.

    Shapes: (36,), a key for each band. Raises: InvalidInput where rensa is missing, or is one whose
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

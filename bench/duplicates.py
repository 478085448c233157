"""Near duplicates: recall and precision against exact Jaccard, rensa against datasketch, growth.

The texts are of a vocabulary in Zipf's manner. Two of three are copies of another in which words
were replaced, from none to so many that the Jaccard of five-character shingles is about 0.5; most
lie between 0.7 and 0.9. All pairs of at least 0.8 are found exactly, by prefix filtering. Times are
the processor's: all of it is one thread, and what else the machine does is no figure of ours.
"""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from bench.figure import Figure
from ratchet.datasets.dedupe.clusters import repeated
from ratchet.datasets.dedupe.near import near_pairs
from ratchet.datasets.dedupe.shingles import Numbers, jaccard, shingles_of
from ratchet.datasets.dedupe.signature import (
    BANDS,
    ROWS,
    SHARED,
    band_keys,
    min_hashes,
    signature_of,
)
from ratchet.datasets.versions.prepared import Signature

TEXTS = 20_000
SIZES = (12_500, 25_000, 50_000, 100_000)
REPEATS = 2
CROWD = 10_000
THRESHOLD, SLOPE = 0.8, 1.1
CROWDED = 3.0  # by twice the texts: a square would be 4
FIRST, BLOCK = 32, 500  # of the exact join: members shared at first, rows at once
PERMUTATIONS = 128  # datasketch's default, whose bands for 0.8 it chooses by itself
Pairs = set[tuple[str, str]]


def figures() -> list[Figure]:
    """Measure all of it."""
    return quality() + growth() + crowds()


def drawn(n: int, seed: int = 0, words: int = 20_000) -> list[str]:
    """Return n texts of 20 to 140 words; two in three are another with words replaced."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    vocabulary = np.array(
        ["".join(rng.choice(letters, size)) for size in rng.integers(2, 11, words)]
    )
    chances = 1 / np.arange(10, words + 10)
    chances /= chances.sum()
    texts: list[list[str]] = []
    for i in range(n):
        if i % 3 == 0:
            said = rng.choice(vocabulary, int(rng.integers(20, 141)), p=chances).tolist()
        else:
            said = list(texts[-1 if i % 3 == 1 else -2])
            # A replaced word takes some 11 of 7 shingles each with it: 0.8 is at about 7 %.
            for _ in range(int(len(said) * max(0.0, rng.normal(0.06, 0.03)))):
                said[int(rng.integers(len(said)))] = str(rng.choice(vocabulary))
        texts.append(said)
    return [" ".join(said) for said in texts]


def exact_pairs(sets: Sequence[Numbers], threshold: float) -> dict[tuple[int, int], float]:
    """Return every pair of at least the threshold, and its Jaccard; nothing is missed.

    Of sets in one order of their members, rarest first, two that are alike share k of their first
    |x| - ceil(t |x|) + k. Source: Chaudhuri et al., ICDE 2006; Wang et al., SIGMOD 2012.
    """
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # it ships no types

    k = min(FIRST, *(math.ceil(threshold * one.size) for one in sets))
    values, counts = np.unique(np.concatenate(sets), return_counts=True)
    rank = np.empty(values.size, np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(values.size)
    first = []
    for one in sets:
        most = one.size - math.ceil(threshold * one.size) + k
        first.append(np.sort(rank[np.searchsorted(values, one)])[:most])
    ends = np.cumsum([0, *(one.size for one in first)])
    ones = np.ones(ends[-1], np.int32)
    shelves = csr_matrix((ones, np.concatenate(first), ends), (len(sets), values.size))
    found = {}
    for start in range(0, len(sets), BLOCK):
        shared = (shelves[start : start + BLOCK] @ shelves.T).tocoo()
        rows, columns = shared.row + start, shared.col
        at = (shared.data >= k) & (rows < columns)
        for a, b in zip(rows[at].tolist(), columns[at].tolist(), strict=True):
            value = jaccard(sets[a], sets[b])
            if value >= threshold:
                found[a, b] = value
    return found


def quality() -> list[Figure]:
    """Hold pairs against the exact ones, and both libraries' signatures against each other."""
    texts = drawn(TEXTS)
    sets = [shingles_of(text) for text in texts]
    ids = [f"{i:05d}" for i in range(TEXTS)]
    exact = {(ids[a], ids[b]): value for (a, b), value in exact_pairs(sets, THRESHOLD).items()}
    close = {pair for pair, value in exact.items() if value < 0.82}
    named = dict(zip(ids, texts, strict=True))
    signatures = [band_keys(min_hashes(one)) for one in sets]
    began = time.process_time()
    found = set(near_pairs(ids, signatures, named.__getitem__, THRESHOLD))
    took = time.process_time() - began
    told = f"of {TEXTS:,} texts"
    out = [
        Figure(f"near duplicates {told} by exact Jaccard", len(exact), "pairs"),
        Figure(f"recall {told}", recall(found, set(exact)), "", 0.95, "higher"),
        Figure(f"precision {told}", recall(set(exact), found), "", 0.95, "higher"),
        Figure(f"recall of {len(close)} pairs from 0.80 to 0.82", recall(found, close), ""),
        Figure(f"pairs found and verified a second {told}", TEXTS / took, "texts/s"),
    ]
    return out + libraries(ids, sets, set(exact))


def recall(found: Pairs, wanted: Pairs) -> float:
    """Return the part of wanted pairs that was found."""
    return len(found & wanted) / len(wanted)


def libraries(ids: Sequence[str], sets: Sequence[Numbers], exact: Pairs) -> list[Figure]:
    """Measure rensa, which won, and datasketch on the same shingles."""
    ours, rate = timed(min_hashes, sets)
    out = [Figure(f"signatures a second, rensa, {BANDS * ROWS} hashes", rate, "/s")]
    tuned = met(ids, [band_keys(one) for one in ours])
    out += [
        Figure(f"recall before verifying, rensa, {BANDS} x {ROWS}", recall(tuned, exact), ""),
        Figure(f"precision before verifying, rensa, {BANDS} x {ROWS}", recall(exact, tuned), ""),
        Figure("bytes kept of a text, rensa", BANDS * 8, "B"),
    ]
    theirs, rate = timed(datasketch_hashes, sets[: TEXTS // 4])
    out.append(Figure(f"signatures a second, datasketch, {PERMUTATIONS} hashes", rate, "/s"))
    begun = time.process_time()
    found, few = datasketch_met(ids[: TEXTS // 4], theirs), set(ids[: TEXTS // 4])
    some = {pair for pair in exact if few.issuperset(pair)}
    rate = len(few) / (time.process_time() - begun)
    return [
        *out,
        Figure("texts indexed and asked a second, datasketch's LSH", rate, "/s"),
        Figure("recall before verifying, datasketch as it comes", recall(found, some), ""),
        Figure("precision before verifying, datasketch as it comes", recall(some, found), ""),
        Figure("bytes kept of a text, datasketch", PERMUTATIONS * 8, "B"),
    ]


def timed(
    hashed: Callable[[Numbers], Numbers], sets: Sequence[Numbers]
) -> tuple[list[Numbers], float]:
    """Return what is made of each, and how many a second."""
    began = time.process_time()
    made = [hashed(one) for one in sets]
    return made, len(sets) / (time.process_time() - began)


def met(ids: Sequence[str], keys: Sequence[Signature]) -> Pairs:
    """Return all pairs that share as many keys as are wanted."""
    shelves: dict[int, list[str]] = defaultdict(list)
    for name, row in zip(ids, keys, strict=True):
        for key in row.tolist():
            shelves[key].append(name)
    shared = Counter(pair for shelf in shelves.values() for pair in combinations(shelf, 2))
    return {pair for pair, keys in shared.items() if keys >= SHARED}


def datasketch_hashes(numbers: Numbers) -> Numbers:
    """Return the MinHashes of datasketch, by its scheme for hashes of 64 bits."""
    from datasketch import MinHash  # type: ignore[import-untyped]  # it says it has no types

    made = MinHash(num_perm=PERMUTATIONS, scheme="affine64", hashfunc=int)
    made.update_batch(numbers.tolist())
    return np.asarray(made.hashvalues, np.uint64)


def datasketch_met(ids: Sequence[str], hashes: Sequence[Numbers]) -> Pairs:
    """Return all pairs that datasketch's own index finds at the threshold."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found = set()
    for name, values in zip(ids, hashes, strict=True):
        made = MinHash(num_perm=PERMUTATIONS, scheme="affine64", hashfunc=int, hashvalues=values)
        found |= {(str(other), name) for other in index.query(made)}
        index.insert(name, made)
    return found


def seconds(texts: Sequence[str]) -> tuple[float, int]:
    """Return how long signatures and pairs of texts take, and how many texts are kept."""
    ids = [f"{i:06d}" for i in range(len(texts))]
    named = dict(zip(ids, texts, strict=True))
    began = time.process_time()
    pairs = near_pairs(ids, [signature_of(t) for t in texts], named.__getitem__, THRESHOLD)
    left_out = repeated(ids, pairs)
    return time.process_time() - began, len(ids) - len(left_out)


def growth() -> list[Figure]:
    """Measure the slope of time, with signatures and verifying."""
    texts = drawn(SIZES[-1], seed=1)
    times = [min(seconds(texts[:size])[0] for _ in range(REPEATS)) for size in SIZES]
    slope = float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
    return [
        Figure("texts deduplicated a second at 100k", SIZES[-1] / times[-1], "texts/s"),
        Figure("slope of time from 12.5k to 100k in log-log", slope, "", SLOPE),
    ]


def crowds() -> list[Figure]:
    """Measure inputs in which very many are alike, and ones on one form, and what is missed."""
    rng = np.random.default_rng(2)
    body = drawn(1, seed=3)[0].split() * 2
    own = [form.split()[:30] for form in drawn(3 * CROWD, seed=4)[::3]]
    # The last hundredth are the first but for three words: some 0.85 alike.
    for i in range(CROWD // 100):
        own[-1 - i] = [*own[i][:-3], *map(str, rng.integers(10**6, size=3))]
    inputs = {
        "of one cluster": [" ".join([*body, str(rng.integers(10**6))]) for _ in range(CROWD)],
        "on one form": [" ".join([*body[:60], *said]) for said in own],
    }
    out = []
    for name, texts in inputs.items():
        half, _ = seconds(texts[: CROWD // 2])
        whole, kept = seconds(texts)
        out += [
            Figure(f"time of {CROWD:,} texts {name}, by that of half", whole / half, "x", CROWDED),
            Figure(f"seconds for {CROWD:,} texts {name}", whole, "s"),
            Figure(f"kept of {CROWD:,} texts {name}", kept, "texts"),
        ]
    told = f"near duplicates found of {CROWD // 100} among {CROWD:,} texts on one form"
    return [*out, Figure(told, CROWD - kept, "", 0.95 * CROWD // 100, "higher")]

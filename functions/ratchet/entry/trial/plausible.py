"""Plausible: whether the cells of a column can be what its name makes one guess."""

import numpy as np

from ratchet.entry.trial.cells import Cells, numbers
from ratchet.entry.trial.names import ALIKE, rank, unit_of, words

EPOCH = 1e8  # seconds; a smaller number, in 1970 to 1973, is hardly a request's time
BARE = ("time",)


def is_plausible(part: str, name: str, cells: Cells) -> bool:
    """Say whether a column whose name fits a part may be guessed as it.

    Asked only of what is easily mistaken: an arm by a word inside its name has names, no numbers;
    a time of day is no latency, nor the other way round.
    """
    place = rank(part, name)
    alike = place is not None and place >= ALIKE
    if part == "arm":
        return not alike or bool(numbers(cells, "").bad)
    if part == "latency":
        return bool(unit_of(part, name)) or not _are_moments(name, cells)
    return part != "ts" or not (alike or words(name) == BARE) or _are_moments(name, cells)


def _are_moments(name: str, cells: Cells) -> bool:
    """Say whether cells are times of day: texts, seconds since 1970, or `time` that only grows."""
    parsed = numbers(cells, "")
    known = parsed.values[~np.isnan(parsed.values)]
    if len(parsed.bad) > known.size or not known.size:
        return bool(parsed.bad)
    grows = words(name) == BARE and known[0] < known[-1] and bool((np.diff(known) >= 0).all())
    return grows or float(np.median(known)) >= EPOCH

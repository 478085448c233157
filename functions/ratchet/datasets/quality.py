"""Quality: the one place where what was said of how good something is becomes 0..100."""

import math
from typing import Literal, get_args

from ratchet.kernel.errors import InvalidInput

Scale = Literal["1-5", "0-1", "0-100"]
_ENDS: dict[str, tuple[float, float]] = {"1-5": (1, 5), "0-1": (0, 1), "0-100": (0, 100)}


def quality_from(value: float, scale: Scale) -> float:
    """Return a quality 0..100 of a value on a scale, whose least is 0 and whose most is 100.

    Four of five is 75: what is said on 1..5 has its zero at 1.

    Units: as the scale's name says; returns 0..100, on a grid of a millionth.
    Raises: InvalidInput for a scale that is not known, and for no number on it.

    >>> quality_from(4.0, "1-5"), quality_from(0.75, "0-1"), quality_from(75, "0-100")
    (75.0, 75.0, 75.0)
    """
    if scale not in _ENDS:
        raise InvalidInput(
            f"{scale!r} is no scale of quality",
            field="scale",
            mend="one of " + ", ".join(get_args(Scale)),
        )
    low, high = _ENDS[scale]
    if isinstance(value, bool) or not isinstance(value, int | float) or not _within(value, scale):
        raise InvalidInput(
            f"a quality of {_told(value)} is not on the scale {scale}",
            field="quality",
            mend=f"say a number {low:g}..{high:g}, or another scale",
        )
    # The grid makes 0.29 on 0..1 the 29 that it is on 0..100, so that both pass the same bound.
    return round((value - low) / (high - low) * 100, 6)


def _told(value: object) -> str:
    """Return a value as a person wrote it; what is no number stands in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(str(value)[:40])
    return f"{value:.10g}" if isinstance(value, float) else str(value)[:40]


def _within(value: float, scale: Scale) -> bool:
    low, high = _ENDS[scale]
    return math.isfinite(value) and low <= value <= high

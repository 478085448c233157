"""Spending: how much error the next draft of a policy's programme of drafts may spend; pure.

LORD++: every draft spends from one budget, and a promotion earns some back. While every draft is
in truth no better, the chance that any is promoted at all is at most `start`; in any mix, the
expected share of false ones among the promoted (FDR) is at most alpha, for independent drafts.

Source: Ramdas, Yang, Wainwright and Jordan, NIPS 2017; the sequence j ** -1.6 of Ramdas, Zrnic,
Wainwright and Jordan, ICML 2018, which leaves the first drafts enough to show something with.
"""

from collections.abc import Sequence

from ratchet.kernel.errors import InvalidInput

_FALL = 1.6
_SCALE = 0.4374  # one over the sum of all place ** -1.6, which is 2.28577, rounded down


def gamma(place: int) -> float:
    """Return the part of a budget for the test at a place from 1; all parts sum to 1 at most.

    >>> round(gamma(1), 4), round(gamma(2), 4)
    (0.4374, 0.1443)
    """
    return float(_SCALE * place**-_FALL) if place > 0 else 0.0


def next_level(
    history: Sequence[bool], alpha: float = 0.05, *, start: float | None = None
) -> float:
    """Return the error that the promotion of the next draft may have.

    `history` says of each draft before, the oldest first, whether it was promoted; `start` is the
    budget before any promotion, half of alpha if absent.

    >>> round(next_level([]), 6), round(next_level([False]), 6), round(next_level([True]), 6)
    (0.010935, 0.003607, 0.014542)

    Raises: InvalidInput.
    """
    first = alpha / 2 if start is None else start
    if not 0 < alpha < 1:
        raise InvalidInput(f"alpha {alpha} is no error", field="alpha", mend="like 0.05")
    if not 0 < first <= alpha:
        raise InvalidInput(
            f"a start of {first} is not within alpha",
            field="start",
            mend=f"above 0, at most {alpha}",
        )
    now = len(history) + 1
    since = [now - place for place, promoted in enumerate(history, 1) if promoted]
    earned = [alpha * gamma(age) for age in since]
    if since:
        earned[0] -= first * gamma(since[0])
    return first * gamma(now) + sum(earned)

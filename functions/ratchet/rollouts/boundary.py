"""Boundary: how far a standardised difference may stray, over all looks together."""

import math
from typing import overload

import numpy as np

from ratchet.stats.moments import Floats


@overload
def tuning(alpha: float) -> float: ...
@overload
def tuning(alpha: Floats) -> Floats: ...
def tuning(alpha: float | Floats) -> float | Floats:
    """Return the product of rho squared and the planned sample at which the bound is tightest.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv:2103.06476, eq. 161.

    >>> round(float(tuning(0.05)), 2)
    7.94
    """
    double: float | Floats = -2 * np.log(alpha)
    out: float | Floats = double + np.log(double + 1)
    return out


def reach(alpha: float, information: Floats) -> Floats:
    """Return the half-width of an asymptotic confidence sequence, in standard errors.

    Shapes: information and the result (...). Units: information as a share of the planned one
    (the squared ratio of the planned standard error to the present one). alpha is two-sided.
    Source: as `tuning`, eq. 9.

    >>> reach(0.05, np.array([0.1, 1.0, 10.0])).round(2)
    array([3.86, 3.04, 3.24])
    """
    tau = np.maximum(information, 1e-12) * tuning(alpha)
    return np.asarray(np.sqrt((1 + 1 / tau) * 2 * (0.5 * np.log1p(tau) - math.log(alpha))))

"""How well a judge agrees with the labels, beyond what chance gives, and the weight it earns."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.judge_weight import Finding
from ratchet.stats.moments import Floats, Ints

HALF_LIFE_DAYS: Final = 7.0
BINS: Final = 10
# Fewer in a bin measure its noise, not its calibration.
LEAST_IN_BIN: Final = 10
# A judge is said nothing about below this many effective judgements.
LEAST: Final = 10.0
# Nor is it where so few are of any but the most frequent class: normal theory fails there.
LEAST_RARE: Final = 5.0
# Shrinkage k in n / (n + k): the variance of one judgement's agreement beyond chance, at most 1,
# over that of skills among judges, about 0.22 squared.
SHRINK: Final = 20.0
# One-sided error of saying that a judge knows more, or less, than chance: 0.5 %.
SURE: Final = NormalDist().inv_cdf(0.995)
# One-sided error of saying that a judge knows nothing to speak of: 5 %.
CLEAR: Final = NormalDist().inv_cdf(0.95)
# Agreement beyond chance up to here is slight (Landis and Koch, Biometrics 1977).
SLIGHT: Final = 0.2
# A judge that gives one class this often follows that class.
ALWAYS: Final = 0.9


@dataclass(frozen=True)
class Judged:
    """What one judge said of labelled subjects.

    Shapes: all (n,); classes are 0..classes - 1, `subject` tells which are of one subject (as
    repeats and swapped pairs are). Units: the judge's confidence 0..1 or NaN, `sure` 0..1 of the
    label, age in days, `propensity` with which the subject was drawn to be labelled, or NaN.
    """

    said: Ints
    label: Ints
    confidence: Floats
    sure: Floats
    age: Floats
    subject: Ints
    classes: int
    propensity: Floats | None = None


@dataclass(frozen=True)
class Accuracy:
    """A judge's record in numbers; `weight` is what it earns, and `reason` says why not more."""

    n: int
    effective_n: float
    agreement: float
    chance_corrected: float
    calibration_error: float | None
    plain: float
    weight: float
    finding: Finding | None
    reason: str


class Margins(NamedTuple):
    """What shares of the labels and of what is said are of each class, and how much of it agrees.

    Kappa and its error want no more, and pairs of classes would be very many. Shapes: label, said
    (classes,). Units: shares, each in sum 1.
    """

    label: Floats
    said: Floats
    agreed: float


def judge_accuracy(
    judged: Judged, *, half_life: float = HALF_LIFE_DAYS, bins: int = BINS
) -> Accuracy:
    """Return the record of one judge and the weight 0..1 that it earns.

    Agreement is decayed by 2 ** (-age / half_life), and what was drawn counts by 1 / propensity:
    people are asked where judges disagree, so plainly counted the best of them would seem to guess.
    The weight is Cohen's kappa of what so counts, shrunk by n / (n + 20) at the effective n, and 0
    unless the kappa is surely above 0.
    Raises: InvalidInput for arrays that are unequal or outside their ranges.

    >>> said = np.array([0, 1] * 40)
    >>> unsaid, sure, now = np.full(80, np.nan), np.ones(80), np.zeros(80)
    >>> found = judge_accuracy(Judged(said, said, unsaid, sure, now, np.arange(80), 2))
    >>> found.agreement, found.chance_corrected, round(found.weight, 9)
    (1.0, 1.0, 0.8)
    """
    _check(judged)
    n = int(np.count_nonzero(judged.sure))
    if not n:
        return Accuracy(0, 0.0, 0.0, 0.0, None, 0.0, 0.0, "few", "no label bears on it")
    w, effective = _weights(judged, half_life)
    found = margins(judged.said, judged.label, w, judged.classes)
    kappa, error = cohen_kappa(found, effective)
    agreement = min(1.0, found.agreed)
    given = ~np.isnan(judged.confidence)
    calibration = None
    if given.any():
        right = (judged.said == judged.label)[given].astype(np.float64)
        calibration = calibration_error(judged.confidence[given], right, w[given], bins)
    finding, reason = _find(found, kappa, error, effective)
    shrunk = kappa * effective / (effective + SHRINK)
    return Accuracy(
        n=n,
        effective_n=effective,
        agreement=agreement,
        chance_corrected=kappa,
        calibration_error=calibration,
        plain=agreement - 0.5 * (calibration or 0.0),
        weight=0.0 if finding else min(1.0, max(0.0, shrunk)),
        finding=finding,
        reason=reason,
    )


def _check(judged: Judged) -> None:
    columns = (judged.label, judged.confidence, judged.sure, judged.age, judged.subject)
    if any(column.shape != judged.said.shape for column in columns) or judged.said.ndim != 1:
        raise InvalidInput("the columns differ in length", field="judged", mend="one row each")
    for name, column in (("said", judged.said), ("label", judged.label)):
        if column.size and not 0 <= column.min() <= column.max() < judged.classes:
            raise InvalidInput(f"{name} holds an unknown class", field=name, mend="0..classes - 1")
    if judged.subject.size and judged.subject.min() < 0:
        raise InvalidInput("a subject is no place", field="subject", mend="0 or more")
    if judged.age.size and not judged.age.min() >= 0:
        raise InvalidInput("a judgement is of the future", field="age", mend="0 days or more")
    p = judged.propensity
    if p is not None and (p.shape != judged.said.shape or (p <= 0).any() or (p > 1).any()):
        raise InvalidInput("not drawn so", field="propensity", mend="in (0, 1], NaN where not")
    if judged.sure.size and not 0 <= judged.sure.min() <= judged.sure.max() <= 1:
        raise InvalidInput("a label is surer than sure", field="sure", mend="0..1")


def _weights(judged: Judged, half_life: float) -> tuple[Floats, float]:
    """Return each judgement's share of the whole, and how many equal subjects say as much (Kish).

    Several judgements of one subject are one subject's worth: they repeat each other. The drawn
    and the others count by what each say.
    """
    times = np.bincount(judged.subject)[judged.subject]
    decayed = judged.sure * np.exp2(-judged.age / half_life) / times
    chosen = np.full(len(times), np.nan) if judged.propensity is None else judged.propensity
    drawn = ~np.isnan(chosen)
    parts = np.where(drawn, decayed / chosen, 0.0), np.where(drawn, 0.0, decayed)
    of_subjects = [np.bincount(judged.subject, part) for part in parts]
    # Scaled so, each part's sum is how many equal subjects it is worth.
    scales = [each.sum() / (float(each @ each) or 1.0) for each in of_subjects]
    w = sum((part * scale for part, scale in zip(parts, scales, strict=True)), np.zeros(len(times)))
    return w / w.sum(), float(w.sum())


def margins(said: Ints, label: Ints, w: Floats, classes: int) -> Margins:
    """Return the shares of what judgements with these weights say. Shapes: (n,) each."""
    share = w / w.sum()
    return Margins(
        label=np.bincount(label, share, classes).astype(np.float64),
        said=np.bincount(said, share, classes).astype(np.float64),
        agreed=float(share[said == label].sum()),
    )


def cohen_kappa(found: Margins, n: float) -> tuple[float, float]:
    """Return agreement beyond chance, and its standard error where there is none.

    Labels of one class tell nothing: 0 with an infinite error. One class said always is 0 exactly.
    Source: Cohen, Educational and Psychological Measurement 1960; the error under no agreement of
    Fleiss, Cohen and Everitt, Psychological Bulletin 1969, eq. 14, at an effective n.

    >>> half = np.array([0.5, 0.5])
    >>> kappa, error = cohen_kappa(Margins(half, half, 0.8), 100)
    >>> round(kappa, 12), round(error, 12)
    (0.6, 0.1)
    """
    row, column = found.label, found.said
    if np.count_nonzero(row) < 2:
        return 0.0, math.inf
    if np.count_nonzero(column) < 2:
        return 0.0, 0.0
    by_chance = float(row @ column)
    room = 1.0 - by_chance
    spread = by_chance + by_chance**2 - float((row * column * (row + column)).sum())
    kappa = min(1.0, (found.agreed - by_chance) / room)
    return kappa, math.sqrt(max(spread, 0.0) / n) / room


def skewness(found: Margins, n: float) -> float:
    """Return the skewness of kappa where there is no agreement beyond chance.

    Where both say one class mostly, a few lucky meetings of a rare one make it: normal theory
    alone would reward three guessers for one.
    A pair (i, j) of label and what is said is the term [i = j] + u, u = chance - said[i] -
    label[j]: its moments are those of u, which are sums over i and over j, and more where i = j.
    Source: the third moment of the terms of which Fleiss, Cohen and Everitt (1969) take the second.

    >>> even, rare = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    >>> [round(skewness(Margins(x, x, 0.0), 100), 3) for x in (even, rare)]
    [0.0, 0.711]
    """
    row, column = found.label, found.said
    chance = float(row @ column)
    second, third = (
        float(row @ (column - chance) ** k + column @ (row - chance) ** k) for k in (2, 3)
    )
    met, u = row * column, chance - column - row
    spread = second + chance**2 + float(met @ (2 * u + 1))
    skew = float(met @ (3 * u**2 + 3 * u + 1)) - third - 3 * chance * second - chance**3
    return skew / (spread**1.5 * math.sqrt(n)) if spread > 1e-12 else 0.0


def calibration_error(confidence: Floats, right: Floats, w: Floats, bins: int = BINS) -> float:
    """Return the mean distance of confidence and accuracy over bins of equal mass.

    Equal confidences share a bin; a bin has ten judgements or more. It is biased upwards where
    there are few: of 100 judgements a perfectly calibrated judge shows 0.10 to 0.13. So it is
    reported, and earns nothing. Shapes: (n,) each, n > 0.
    Source: Nguyen and O'Connor, EMNLP 2015 (adaptive binning).

    >>> said = np.repeat([0.6, 0.9], 50)
    >>> right = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 20, 25, 25])
    >>> round(calibration_error(said, right, np.ones(100)), 6)
    0.2
    """
    _, place = np.unique(confidence, return_inverse=True)
    mass = np.bincount(place, w)
    count = max(1, min(bins, len(confidence) // LEAST_IN_BIN))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    bin_of = np.minimum((middle * count).astype(np.int64), count - 1)[place]
    gap = np.bincount(bin_of, w * (confidence - right), count)
    return min(1.0, float(np.abs(gap).sum() / w.sum()))


def _find(found: Margins, kappa: float, error: float, n: float) -> tuple[Finding | None, str]:
    """Return why a judge earns nothing, or None where it surely knows more than chance."""
    label, said = found.label, found.said
    if n < LEAST:
        return "few", f"too little to tell: {n:.1f} effective judgements, {LEAST:g} wanted"
    if math.isinf(error):
        return "few", "too little to tell: the labels are of one class only"
    told = f"agreement beyond chance {kappa:.3f}, standard error {error:.3f}"
    sure = SURE + (SURE**2 - 1) / 6 * skewness(found, n)  # Cornish and Fisher 1938
    if kappa > sure * error:
        rare = n * (1 - max(float(label.max()), float(said.max())))
        if rare >= LEAST_RARE:
            return None, ""
        return "few", f"too little to tell: {rare:.1f} effective judgements of the rarer classes"
    if kappa < -SURE * error or kappa < min(-SLIGHT, -CLEAR * error):
        return "flipped", f"it says the opposite of the labels: {told}"
    if kappa + CLEAR * error >= SLIGHT:
        return "few", f"too little to tell: {told}"
    if said.max() >= ALWAYS and said.argmax() == label.argmax():
        return (
            "majority",
            f"it follows the most frequent class, {said.max():.0%} of the time: {told}",
        )
    return "random", f"what it says tells nothing of the labels: {told}"

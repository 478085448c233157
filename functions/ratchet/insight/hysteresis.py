"""Hysteresis: a condition opens and closes after looks in a row, so that noise does not flap."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ratchet.kernel.document import Model

Looks = Annotated[int, Field(ge=1, le=1000)]


class Band(Model):
    """When a level is bad and when it is well again, and for how many looks in a row.

    A look is bad over `opens`, and well at `closes` or under it; between them nothing changes.
    """

    opens: float
    closes: float
    opens_after: Looks = 1
    closes_after: Looks = 1

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.closes > self.opens:
            raise ValueError("closes is over opens: one level would be bad and well")
        return self


class Standing(Model):
    """Whether a condition is open, and how many looks in a row have spoken for a change."""

    is_open: bool = False
    streak: int = 0


def stepped(before: Standing, level: float, band: Band, unsure: float = 0.0) -> Standing:
    """Return how a condition stands after one look more.

    A level that chance may have moved by `unsure` is well only where it would be without: a day of
    few is seen at many looks in a row, so that these do not tell its noise from what is so.

    >>> band = Band(opens=10, closes=5, opens_after=2)
    >>> bad = stepped(Standing(), 11, band)
    >>> (bad.is_open, stepped(bad, 12, band).is_open)
    (False, True)
    """
    speaks = level + unsure <= band.closes if before.is_open else level > band.opens
    streak = before.streak + 1 if speaks else 0
    wanted = band.closes_after if before.is_open else band.opens_after
    if streak < wanted:
        return before.model_copy(update={"streak": streak})
    return Standing(is_open=not before.is_open)

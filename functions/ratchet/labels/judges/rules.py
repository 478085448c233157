"""Rules judge: the first rule that holds of an observation says what it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from ratchet.kernel.document import Listed, Model
from ratchet.labels.judges.judge import Case, Judge, Path, Said, Seat, Unsaid, Verdict
from ratchet.labels.label import Class
from ratchet.observe.observation import Share

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr


class Outcome(Model):
    """What is said: a class, a score 0..1, or both."""

    label: Class | None = None
    score: Share | None = None
    confidence: Share | None = None

    @model_validator(mode="after")
    def _says(self) -> Self:
        if self.label is None and self.score is None:
            raise ValueError("a label or a score is wanted")
        return self

    def verdict(self) -> Verdict:
        """Return it as a judge's."""
        return Verdict(label=self.label, score=self.score, confidence=self.confidence)


class Rule(Outcome):
    """It holds where all its tests do of what lies `at` a path; of nothing, no test holds.

    `longerThan` counts the characters of a text, or the items of a list; `matches` is a regular
    expression that is found anywhere in a text.
    """

    at: Path
    equals: Scalar | None = None
    within: Annotated[tuple[Scalar, ...] | None, Listed, Field(alias="in", min_length=1)] = None
    above: float | None = None
    below: float | None = None
    longer_than: Annotated[int, Field(ge=0)] | None = None
    matches: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def _tests(self) -> Self:
        tests = (self.equals, self.within, self.above, self.below, self.longer_than, self.matches)
        if all(test is None for test in tests):
            raise ValueError("one of equals, in, above, below, longerThan, matches is wanted")
        try:
            re.compile(self.matches or "")
        except re.error as error:
            raise ValueError(f"matches is no regular expression: {error}") from error
        return self

    def holds(self, value: Any) -> bool:
        """Say whether every test holds of a value."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        sized = isinstance(value, str | list | dict)
        return value is not None and all(
            (
                self.equals is None or _same(value, self.equals),
                self.within is None or any(_same(value, one) for one in self.within),
                self.above is None or (number and value > self.above),
                self.below is None or (number and value < self.below),
                self.longer_than is None or (sized and len(value) > self.longer_than),
                self.matches is None
                or (isinstance(value, str) and re.search(self.matches, value) is not None),
            )
        )


class RulesSettings(Model):
    """The rules in their order, and what is said `otherwise`, if anything is."""

    rules: Annotated[tuple[Rule, ...], Listed, Field(min_length=1, max_length=200)]
    otherwise: Outcome | None = None


@contextmanager
def opened(seat: Seat) -> Iterator[Judge]:
    """Open a judge that asks nobody."""
    settings = RulesSettings.model_validate(seat.settings)

    def judge(case: Case) -> Said:
        first = next((r for r in settings.rules if r.holds(case.at(r.at))), settings.otherwise)
        return _unsaid(settings, case) if first is None else (first.verdict(),)

    yield judge


def _unsaid(settings: RulesSettings, case: Case) -> Unsaid:
    """Say why no rule holds: a path that nothing lies at may be misspelt."""
    absent = [at for at in dict.fromkeys(r.at for r in settings.rules) if case.at(at) is None]
    told = f", and it has no {', no '.join(absent)}" if absent else ""
    return Unsaid(f"no rule holds of it{told}")


def _same(value: Any, wanted: Scalar) -> bool:
    """Compare as JSON does: `true` is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)

"""The one base class of everything that is stored or travels: frozen, camelCase outside."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from ratchet.kernel.clock import from_millis, millis
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.fault import WHOLE, first_fault
from ratchet.kernel.upcast import upcast

INT64_MAX = 2**63 - 1


def _wide(value: int) -> int | str:
    """Stored integers have 64 bits; a wider exact sum is kept as its decimal text."""
    return value if -INT64_MAX <= value <= INT64_MAX else str(value)


def _instant(value: object) -> object:
    """Take wire milliseconds as well as a stored timestamp."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return from_millis(value)
        except OverflowError as error:
            raise ValueError("milliseconds since 1970 out of range") from error
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            utc = value.astimezone(UTC)
        except OverflowError as error:  # at the ends of the calendar
            raise ValueError("an instant out of range") from error
        return datetime(*utc.timetuple()[:6], utc.microsecond, tzinfo=UTC)
    raise ValueError("wants whole milliseconds since 1970")


def _listed(value: object) -> object:
    """Return a list as a tuple: what is parsed strictly wants one, and a store has lists alone."""
    return tuple(value) if isinstance(value, list) else value


Listed = BeforeValidator(_listed)
ExactInt = Annotated[int, PlainSerializer(_wide, return_type=int | str)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]


class Model(BaseModel):
    """A frozen value with camelCase names outside and snake_case names in Python."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_inf_nan="strings",
        allow_inf_nan=False,
        defer_build=True,  # at first use: a function's cold start builds what it needs
    )

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Return the value of a map.

        Raises: InvalidInput that names the first wrong field.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise invalid(error, cls) from error

    def to_map(self) -> dict[str, Any]:
        """Return the map that is stored: camelCase, absent instead of null."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def to_wire(self) -> dict[str, Any]:
        """Return the map that travels: as stored, with instants in milliseconds."""
        return {k: on_wire(v) for k, v in self.to_map().items()}


class Document(Model):
    """A value with a place in the store: a collection, a key and a schema version."""

    collection: ClassVar[str]
    schema_version: ClassVar[int] = 1

    v: int = 1

    @abstractmethod
    def key(self) -> str:
        """Return the document's id inside its collection."""

    @classmethod
    def from_store(cls, data: Mapping[str, Any]) -> Self:
        """Return the document of a stored map, upcast from whatever version wrote it."""
        return cls.parse(upcast(cls.collection, data, to=cls.schema_version))


def invalid(error: ValidationError, kind: Any, what: str = "") -> InvalidInput:
    """Turn pydantic's report into ours: the first wrong field and what it should be."""
    field, reason = first_fault(error, kind)
    named = what or re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
    where = named if field == WHOLE else f"{named}: {field}"
    return InvalidInput(f"{where}: {reason}", field=field, mend="mend that field")


def on_wire(value: Any) -> Any:
    """Return a stored value with every instant inside it as milliseconds."""
    if isinstance(value, datetime):
        return millis(value)
    if isinstance(value, Mapping):
        return {k: on_wire(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [on_wire(v) for v in value]
    return value

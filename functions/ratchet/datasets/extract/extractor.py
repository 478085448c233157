"""Extractor: how what arrived becomes an example, and what every source shares in doing so."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from pydantic.alias_generators import to_camel

from ratchet.datasets.example import (
    Content,
    Example,
    ExampleLabel,
    Facts,
    Lineage,
    TaskType,
    example_id,
)
from ratchet.datasets.extract.classify import difficulty_of, domain_of, task_type_of, tokens_of
from ratchet.datasets.extract.clean import check_payload
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, Malformed

M = TypeVar("M", bound=Model)
T = TypeVar("T")
UNPLACED = "0" * 64  # the content's address until `place.placed` gives it one


class Extracted(NamedTuple):
    """An example without its place, and the words that it is about."""

    example: Example
    content: Content


class Extractor(Protocol):
    """How one source is read: pure, so that the same payload gives the same example anywhere."""

    def __call__(self, payload: Any, *, source_id: str, at: datetime) -> Extracted:
        """Return the example of a payload that arrived at an instant.

        Raises: Malformed that names the field, Poisoned for text that is none.
        """


class Told(NamedTuple):
    """What a source says of one example beside its words; `task_type` where it says even that."""

    task_id: str
    ts: datetime
    component: str
    tenant: str = "default"
    quality: float | None = None
    confidence: float | None = None
    task_type: TaskType | None = None
    facts: Facts = Facts()
    lineage: Lineage = Lineage()
    labels: tuple[ExampleLabel, ...] = ()


def parsed(kind: type[M], payload: Any, *, own: tuple[str, ...] = ()) -> M:
    """Return a payload as a model of its kind, once nothing in it is poisoned.

    `own` are fields that Ratchet wrote itself: sums there may be wider than JSON's numbers.

    Raises: Malformed, Poisoned.
    """
    if not isinstance(payload, Mapping):
        raise Malformed("a trace is a JSON object", field="(whole)", mend="send an object")
    check_payload({name: value for name, value in payload.items() if name not in own})
    return or_malformed(lambda: kind.parse(payload))


def extracted(source: str, source_id: str, content: Content, told: Told) -> Extracted:
    """Return the example of some words: classified, and yet without a place.

    Raises: Malformed where a field is none that an example may have.
    """
    if not content.input.strip():
        raise Malformed("nothing was asked", field="input", mend="tell the input, as text")
    known = told._asdict() | {
        "id": example_id(source, source_id),
        "source": source,
        "source_id": source_id,
        "domain": domain_of(content),
        "task_type": told.task_type or task_type_of(content),
        "difficulty": difficulty_of(content),
        "tokens": tokens_of(content),
        "content": UNPLACED,
        "content_bytes": 0,
        "collected_at": told.ts,
        "changed_at": told.ts,
        "expire_at": told.ts,
    }
    named = {to_camel(name): value for name, value in known.items()}
    return Extracted(or_malformed(lambda: Example.parse(named)), content)


def or_malformed(read: Callable[[], T], *, inside: str = "") -> T:
    """Return what is read; what is no input is a trace that becomes no example.

    `inside` is the path of the object whose fields are read, with a dot at its end.

    Raises: Malformed.
    """
    try:
        return read()
    except Malformed:
        raise
    except InvalidInput as error:
        raise Malformed(error.message, field=inside + error.field, mend=error.mend) from error

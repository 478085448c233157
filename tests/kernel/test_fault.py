"""Faults: what is wrong with data is said in words, and what is known is named."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ratchet.entry.configs import CONFIGS
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.kernel.document import Document, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.fault import first_fault, in_words
from ratchet.labels.gold import GoldLine
from ratchet.observe.observation import DocumentId, Name
from ratchet.policies.space import TuningSpace


class Leaf(Model):
    kind: Literal["leaf"]
    max_size: int = 0


class Stone(Model):
    kind: Literal["stone"]
    weight: float = 0


class Tree(Model):
    name: Name
    leaf: Leaf | None = None
    leaves: tuple[Annotated[Leaf, Field(description="one")], ...] = ()
    by_name: dict[str, Leaf] = {}
    things: list[Annotated[Leaf | Stone, Field(discriminator="kind")]] = []
    pair: Annotated[tuple[int, ...], Field(min_length=2, max_length=3)] = (1, 2)


LEAF = {"kind": "leaf", "maxsize": 1}
LEAVES = "unknown field; did you mean maxSize? known are kind, maxSize"
MORE = "name, leaf, leaves, byName, things, pair"


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"colour": 1}, "colour", f"unknown field; known are {MORE}"),
        ({"by_names": 1}, "by_names", f"unknown field; did you mean byName? known are {MORE}"),
        ({"leaf": LEAF}, "leaf.maxsize", LEAVES),
        ({"leaves": [LEAF]}, "leaves.0.maxsize", LEAVES),
        ({"byName": {"a": LEAF}}, "byName.a.maxsize", LEAVES),
        ({"things": [LEAF]}, "things.0.leaf.maxsize", LEAVES),
        ({"name": "a b"}, "name", in_words(r"^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$")),
        ({"pair": [1]}, "pair", "2 or more are wanted, not 1"),
        ({"pair": [1, 2, 3, 4]}, "pair", "at most 3 are taken"),
        ({"pair": 1}, "pair", "a JSON array is wanted"),
        ({"byName": 1}, "byName", "a JSON object is wanted"),
        ({"leaf": 1}, "leaf", "a JSON object is wanted"),
        ({"leaf": {"kind": "stem"}}, "leaf.kind", "Input should be 'leaf'"),
    ],
)
def test_a_fault_is_told_by_its_field_in_words(data: Any, field: str, reason: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Tree.model_validate({"name": "t"} | data)
    assert first_fault(raised.value, Tree) == (field, reason)


def test_of_many_fields_twenty_are_named() -> None:
    wide: Any = type("Wide", (Model,), {"__annotations__": {f"field{n}": int for n in range(30)}})
    with pytest.raises(InvalidInput, match=r"known are field0, .*field19, \.\.\. "):
        wide.parse({f"field{n}": n for n in range(30)} | {"zzz": 1})


def test_what_is_no_model_names_the_fields_of_those_that_it_holds() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(TuningSpace).validate_python(
            {"p": {"kind": "choice", "options": [1], "option": [2]}}
        )
    _, reason = first_fault(raised.value, TuningSpace)
    assert reason == "unknown field; did you mean options? known are kind, options"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (
            r"^[A-Za-z0-9][A-Za-z0-9 ._:/+-]*$",
            "letters, digits, spaces and . _ : / + - are taken, beginning with letters or digits",
        ),
        (r"^[0-9a-f]{64}$", "a to f and digits are taken"),
        (r"^[A-Za-z0-9_-]+$", "letters, digits and _ - are taken"),
        (r"^[0-9a-f]+|x$", ""),
    ],
)
def test_a_pattern_is_told_by_the_characters_that_it_takes(pattern: str, words: str) -> None:
    assert in_words(pattern) == words


def patterns(schema: Any) -> Iterator[str]:
    """Yield every pattern that a schema holds texts to."""
    if isinstance(schema, dict):
        if isinstance(found := schema.get("pattern"), str):
            yield found
        schema = list(schema.values())
    if isinstance(schema, list):
        for one in schema:
            yield from patterns(one)


def test_every_pattern_that_a_caller_can_miss_is_told_in_words() -> None:
    kinds: list[type[BaseModel]] = [*CONFIGS.values(), GoldLine]
    kinds += [kind for route in ROUTES for kind in (route.body, route.query) if kind]
    found = {p for kind in kinds for p in patterns(kind.model_json_schema())}
    found |= set(patterns(TypeAdapter(DocumentId).json_schema()))
    assert len(found) > 8
    assert [p for p in sorted(found) if not in_words(p)] == []


def test_the_kind_of_a_document_is_told_in_words_and_the_whole_of_it_by_no_field() -> None:
    with pytest.raises(InvalidInput) as raised:
        GoldLine.parse({"goldSet": "a b"})
    assert raised.value.message.startswith("gold line: goldSet: letters, digits and . _ - are")
    with pytest.raises(InvalidInput) as raised:
        GoldLine.parse([])
    assert raised.value.message == "gold line: a JSON object is wanted"
    assert issubclass(GoldLine, Document)
    assert json.loads(json.dumps(raised.value.as_dict()))["field"] == "(whole)"

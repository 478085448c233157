"""Every extractor is registered, says the same of the same, and refuses what it cannot read."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets import extract as extractors
from ratchet.datasets.example import Content, Example, example_id
from ratchet.datasets.extract import EXTRACTORS
from ratchet.datasets.extract.extractor import Extracted
from ratchet.kernel.errors import Malformed, Poisoned
from tests.contracts.test_registries import modules
from tests.support.extracting import extract, payloads

every_source = pytest.mark.parametrize("source", EXTRACTORS)
GOOD = payloads()
Path = tuple[str | int, ...]
# Text with halves of characters, NUL and marks of direction; numbers that no double holds.
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**53, 2**80)
    | st.floats()
    | st.text(max_size=20)
    | st.text(alphabet="a\x00\x07\ud800\u202e\u200b\ufffd", max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield where something is in a JSON value."""
    if at:
        yield at
    if isinstance(value, dict | list):
        for name, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(below, (*at, name))


def put(payload: Any, path: Path, value: Any) -> Any:
    """Return a payload with another value at one place."""
    changed = copy.deepcopy(payload)
    inside = changed
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    return changed


def turned(value: Any) -> Any:
    """Return a JSON value with the names of its objects in the other order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


def test_every_file_that_extracts_is_registered_under_its_name() -> None:
    found = {n: m.extract for n, m in modules(extractors).items() if hasattr(m, "SOURCE")}
    assert dict(EXTRACTORS) == found
    assert list(EXTRACTORS) == sorted(EXTRACTORS) == sorted(GOOD)


@every_source
def test_the_same_payload_is_the_same_example_and_another_id_another(source: str) -> None:
    found, again = extract(source, GOOD[source]), extract(source, turned(GOOD[source]))
    assert repr(found) == repr(again)
    assert found.example.id == example_id(source, "s-1")
    assert extract(source, GOOD[source], "s-2").example.id == example_id(source, "s-2")
    assert (found.example.source, found.example.source_id) == (source, "s-1")


@every_source
def test_words_and_example_come_back_from_what_is_stored(source: str) -> None:
    found = extract(source, GOOD[source])
    assert Content.parse(json.loads(found.content.to_bytes())) == found.content
    assert Example.from_store(found.example.to_map()) == found.example
    assert found.content.input.strip()
    assert found.example.tokens > 0


@every_source
@given(payload=junk)
def test_any_json_is_malformed_and_nothing_else(source: str, payload: Any) -> None:
    with pytest.raises(Malformed):
        extract(source, payload)


@every_source
@given(data=st.data())
def test_any_json_at_any_place_is_an_example_or_malformed(source: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(paths(GOOD[source]))))
    found = tried(source, put(GOOD[source], place, data.draw(junk)))
    if isinstance(found, Malformed):
        assert found.field
        assert found.message.encode()  # what is told of poison can be stored
        assert found.field.encode()
    else:
        assert Content.parse(json.loads(found.content.to_bytes())) == found.content


def tried(source: str, payload: Any) -> Extracted | Malformed:
    """Return what is extracted, or why it is not; any other error is raised."""
    try:
        return extract(source, payload)
    except Malformed as error:
        return error


@every_source
@pytest.mark.parametrize("poison", ["a\x00b", "\ud83d", "\x01\x02\x03\x04"])
def test_text_that_is_none_is_poisoned_wherever_it_stands(source: str, poison: str) -> None:
    texts = [p for p in paths(GOOD[source]) if isinstance(value_at(GOOD[source], p), str)]
    assert texts
    for place in texts:
        with pytest.raises(Poisoned) as raised:
            extract(source, put(GOOD[source], place, poison))
        assert raised.value.field == ".".join(map(str, place))


@every_source
def test_what_is_nested_without_end_is_poisoned(source: str) -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Poisoned, match="nested deeper than 100"):
        extract(source, {**GOOD[source], "more": deep})


def value_at(payload: Any, path: Path) -> Any:
    """Return what is at one place."""
    for name in path:
        payload = payload[name]
    return payload

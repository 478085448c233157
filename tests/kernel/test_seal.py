"""Seals: what a verb wrote is told from what a hand wrote."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from ratchet.kernel.document import Instant
from ratchet.kernel.errors import BadSignature
from ratchet.kernel.keys import derive_keys
from ratchet.kernel.seal import Sealed, is_sealed, load_sealed, sealed
from ratchet.store.port import Ref, Store

KEYS = derive_keys("a secret of the tests, 32 bytes.")
OTHERS = derive_keys("another secret of tests 32 bytes")
NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Note(Sealed):
    """A document with a few kinds of values."""

    collection: ClassVar[str] = "ops_notes"

    id: str
    share: float = 0.5
    at: Instant = NOON
    shares: tuple[dict[str, float], ...] = ({"a": 1.0},)
    said: str | None = None

    def key(self) -> str:
        return self.id


class Letter(Note):
    """Another document with the same fields."""

    collection: ClassVar[str] = "ops_letters"


def test_a_sealed_document_is_known_again_when_it_comes_out_of_a_store(store: Store) -> None:
    note = sealed(KEYS, Note(id="n1", said="yes"))
    store.set(Ref(Note.collection, "n1"), note.to_map())
    found = store.get(Ref(Note.collection, "n1"))
    assert found is not None
    assert load_sealed(KEYS, Note, "n1", found.data, mend="") == note


def test_a_seal_is_of_the_content_and_not_of_the_seal_before() -> None:
    once = sealed(KEYS, Note(id="n1"))
    assert sealed(KEYS, once) == once
    assert sealed(KEYS, once.model_copy(update={"share": 0.6})).seal != once.seal


@pytest.mark.parametrize(
    "changes",
    [
        {"share": 0.6},
        {"said": "yes"},
        {"more": 1},
        {"at": datetime(2026, 1, 1, 12, tzinfo=UTC)},
        {"shares": []},
        {"seal": ""},
        {"seal": "é"},
        {"seal": None},
        {"share": float("nan")},
    ],
)
def test_whatever_is_changed_by_hand_is_seen(changes: dict[str, Any]) -> None:
    stored = sealed(KEYS, Note(id="n1")).to_map() | changes
    assert not is_sealed(KEYS, Note, "n1", stored)
    with pytest.raises(BadSignature, match="ops_notes/n1 is not what was sealed") as caught:
        load_sealed(KEYS, Note, "n1", stored, mend="mend it")
    assert (caught.value.field, caught.value.mend) == ("seal", "mend it")


def test_a_field_that_is_taken_out_is_seen() -> None:
    stored = sealed(KEYS, Note(id="n1", said="no")).to_map()
    del stored["said"]
    assert not is_sealed(KEYS, Note, "n1", stored)


def test_a_seal_holds_for_its_own_place_and_key_alone() -> None:
    stored = sealed(KEYS, Note(id="n1")).to_map()
    assert is_sealed(KEYS, Note, "n1", stored)
    assert not is_sealed(KEYS, Note, "n2", stored)
    assert not is_sealed(KEYS, Letter, "n1", stored)
    assert not is_sealed(OTHERS, Note, "n1", stored)


def test_what_nobody_sealed_is_not_sealed() -> None:
    assert not is_sealed(KEYS, Note, "n1", Note(id="n1").to_map())
    assert not is_sealed(KEYS, Note, "n1", {})

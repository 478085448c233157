"""What a run refers to is text of ours, or the error that a person can mend it by."""

import pytest

from ratchet.datasets.collecting.gather.references import text_of
from ratchet.datasets.extract.clean import MAX_RAW
from ratchet.kernel.errors import Malformed, Poisoned, Unreachable
from ratchet.store.blobs import address_of
from ratchet.store.memory_blobs import MemoryBlobs

TEXT = "What is the capital of Österreich?"
ADDRESS = address_of(TEXT.encode())


@pytest.fixture
def blobs() -> MemoryBlobs:
    blobs = MemoryBlobs()
    blobs.put(TEXT.encode())
    return blobs


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (f"blob:{ADDRESS}", TEXT),
        (f"gs://bucket/any/prefix/{ADDRESS}", TEXT),
        ("Which way is shorter?", "Which way is shorter?"),
        ("https://example.com says so. Is it true?", "https://example.com says so. Is it true?"),
        ("note: the left one", "note: the left one"),
    ],
)
def test_a_blob_is_its_text_and_what_names_no_place_is_the_text_itself(
    blobs: MemoryBlobs, reference: str, text: str
) -> None:
    assert text_of(blobs, reference, "input") == text


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/a.txt",
        "s3://bucket/key",
        "gs://bucket/run-1/input.txt",
        "file:///etc/passwd",
        "blob:../../etc/passwd",
        f"blob:{'0' * 64}",
    ],
)
def test_any_other_place_and_what_is_not_there_are_out_of_reach(
    blobs: MemoryBlobs, reference: str
) -> None:
    with pytest.raises(Unreachable) as error:
        text_of(blobs, reference, "traces.3")
    assert error.value.field == "traces.3"
    assert reference in error.value.message


def test_bytes_that_are_no_text_and_too_much_of_it_are_refused(blobs: MemoryBlobs) -> None:
    binary, long = blobs.put(b"\x89PNG\r\n\x1a\n"), blobs.put(b"a" * (MAX_RAW + 1))
    with pytest.raises(Poisoned, match="byte 0 is no UTF-8"):
        text_of(blobs, f"blob:{binary}", "output")
    with pytest.raises(Malformed, match="8388609 bytes"):
        text_of(blobs, f"blob:{long}", "output")

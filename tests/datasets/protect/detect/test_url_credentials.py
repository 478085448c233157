import pytest

from ratchet.datasets.protect.detect.url_credentials import detect


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


@pytest.mark.parametrize(
    ("text", "credentials"),
    [
        ("https://jane:pa55@example.com/x", ["jane:pa55"]),
        ("postgres://app:S3cure@db:5432/app", ["app:S3cure"]),
        ("https://token99@example.com", ["token99"]),
        ("/a?access_token=ya9dk&b=1&sig=Zm9v", ["ya9dk", "Zm9v"]),
        ("/reset?Token=8d7f6g#top", ["8d7f6g"]),
    ],
)
def test_credentials_are_found_without_their_host(text: str, credentials: list[str]) -> None:
    assert found(text) == credentials


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/@jane",
        "ssh://git@example.com/x",
        "/a?page=2000&sort=name",
        "/a?code=1",
        "a == b ? keys : values",
    ],
)
def test_other_parts_of_an_address_are_left(text: str) -> None:
    assert found(text) == []

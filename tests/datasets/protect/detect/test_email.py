import pytest

from ratchet.datasets.protect.detect.email import detect


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("(jane.doe+x@example.co.uk).", "jane.doe+x@example.co.uk"),
        ("mailto:jane@example.com?subject=Hi", "jane@example.com"),
        ("?email=jane%40example.com&x", "jane%40example.com"),
        ("'jane@example.com'", "jane@example.com"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        ("请联系wang@example.cn谢谢", "wang@example.cn"),
        ("jürgen@müller.de!", "jürgen@müller.de"),
        ("jane@xn--mller-kva.xn--p1ai", "jane@xn--mller-kva.xn--p1ai"),
        ("see jane@example.com.", "jane@example.com"),
        ("jane@example.com.5", "jane@example.com"),
    ],
)
def test_an_address_is_found_and_nothing_around_it(text: str, address: str) -> None:
    assert found(text) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "@app.route",
        "react@18.2.0",
        "a @ b.com",
        "jane@localhost",
        "git@github.com:owner/name",
        "https://jane:secret@example.com/",
        "..@example.com",
        "",
    ],
)
def test_what_is_no_address_is_left(text: str) -> None:
    assert found(text) == []


def test_addresses_that_touch_are_two() -> None:
    assert found("a@example.com@b.example.com") == ["a@example.com"]
    assert found("a@example.com,b@example.com") == ["a@example.com", "b@example.com"]

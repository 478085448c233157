import pytest

from ratchet.datasets.protect.detect.secrets import detect
from tests.support.private import GITHUB, JWT, PEM, SLACK, STRIPE


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", GITHUB, JWT, PEM, SLACK, STRIPE])
def test_a_key_is_found_by_how_its_issuer_writes_it(key: str) -> None:
    assert found(f"use {key} here") == [key]


def test_a_private_key_without_an_end_goes_on_to_the_end_of_its_letters() -> None:
    begun = PEM.partition("-----END")[0]
    assert found(begun) == [begun]
    assert found(f"{begun}\x00{PEM}") == [begun, PEM]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2", "hunter2"),
        ('"password": "c0rrect-horse",', "c0rrect-horse"),
        ("my password is Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("DB_PASSWD='s3cr3t!pw'", "s3cr3t!pw"),
        ("clientSecret: 9f8e7d6c5b4a3928", "9f8e7d6c5b4a3928"),
        ("x-api-key: 9f8e7d6c5b4a3928", "9f8e7d6c5b4a3928"),
        ("token := f3a9c1d27b8e4650", "f3a9c1d27b8e4650"),
        ("Authorization: Bearer mF_9.B5f-4.1JqMx2", "mF_9.B5f-4.1JqMx2"),
    ],
)
def test_what_is_assigned_to_the_name_of_a_secret_is_one(text: str, secret: str) -> None:
    assert found(text) == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "password: required",
        "the password is required",
        'password = os.environ["DB_PASSWORD"]',
        "password=********",
        "api_key=${API_KEY}",
        "token: str",
        "max_tokens=40960000",
        "token: aaaaaaaaaaaaaaaa1",
        "key: 9f8e7d6c5b4a3928",
        "bypass: 9f8e7d6c5b4a3928",
        "sk-learn-is-a-nickname",
        "the bearer of news",
        "passengers: 12345678",
    ],
)
def test_plain_words_variables_and_other_keys_are_left(text: str) -> None:
    assert found(text) == []

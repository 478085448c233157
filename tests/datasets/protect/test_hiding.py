"""Private values in the forms that programs, forms and robots write them in."""

import pytest

from ratchet.datasets.example import Content
from ratchet.datasets.protect.redact import redact

FOUND = [
    ("a=1&phone=2015550123&x=1", "a=1&phone=[PHONE_1]&x=1"),
    ("PHONE=201-555-0123", "PHONE=[PHONE_1]"),
    ("tel=+442079460958", "tel=[PHONE_1]"),
    ("phone=%2B12015550123", "phone=[PHONE_1]"),
    ("phone #2015550123", "phone #[PHONE_1]"),
    ("mail=ann%2Btag%40example.org", "mail=[EMAIL_1]"),
    ("mail=ann%2Elee%40example%2Eorg", "mail=[EMAIL_1]"),
    ('to "Ann Lee"@example.org', "to [EMAIL_1]"),
    ("ann.lee [at] example [dot] org", "[EMAIL_1]"),
    ("ann(at)example.org", "[EMAIL_1]"),
    ("203.0.113.7-203.0.113.20", "[IP_1]-[IP_2]"),
    ("203.0.113.7- ok", "[IP_1]- ok"),
    ("to dead:beef::cafe", "to [IP_1]"),
    ("GB29.NWBK.6016.1331.9268.19", "[IBAN_1]"),
    ("GB29 NWBK 6016\n1331 9268 19", "[IBAN_1]"),
    ("4111.1111.1111.1111", "[CARD_1]"),
    ("4111/1111/1111/1111", "[CARD_1]"),
    ("4111  1111  1111  1111", "[CARD_1]"),
    ("4111\n1111\n1111\n1111", "[CARD_1]"),
    ("card4111111111111111 cc_4111111111111111", "card[CARD_1] cc_[CARD_1]"),
    ("SSN: 531 - 21 - 7351, SSN 531/21/7351", "SSN: [SSN_1], SSN [SSN_1]"),
    ("ssn 531 217 351", "ssn [SSN_1]"),
    ("my social is 531217351", "my social is [SSN_1]"),
    ("the SSN of whoever holds this account is 531217351", None),
    ('{"social_security_number": "531217351"}', '{"social_security_number": "[SSN_1]"}'),
    ('{"socialSecurityNumber": 531217351}', '{"socialSecurityNumber": "[SSN_1]"}'),
    ('{"customerSsn": "531217351"}', '{"customerSsn": "[SSN_1]"}'),
    ("x&pw=hunter2hunter2", "x&pw=[URL_CREDENTIAL_1]"),
    (
        "https://a.example/cb#access_token=abc123",
        "https://a.example/cb#access_token=[URL_CREDENTIAL_1]",
    ),
    ("Cookie: session=abcdef12; path=/", "Cookie: [SECRET_1]"),
    ("Set-Cookie: sid=s%3Aj9fk2.f", "Set-Cookie: [SECRET_1]"),
    ("curl -s -u ann:hunter2x host", "curl -s -u [SECRET_1] host"),
    ("tool --password hunter2x", "tool --password [SECRET_1]"),
    ("export DB_PASSWORD=letmein", "export DB_PASSWORD=[SECRET_1]"),
    ('{"password": "hunter"}', '{"password": "[SECRET_1]"}'),
    (r"'ssn:\n531-21-7351\n10.2.3.4\t4111111111111111'", r"'ssn:\n[SSN_1]\n[IP_1]\t[CARD_1]'"),
    (r"'mail\nann@example.org\nphone=2015550123'", r"'mail\n[EMAIL_1]\nphone=[PHONE_1]'"),
]
LEFT = [
    "/a?sort=key&key=first_name&code=none&session=none",
    "1.2.3.4-beta, 1.2.3.4-1, version 1.2.3.4",
    "x=2015550123 y-2015550124 z/2015550125",
    "4111.11111111111111 4111/1111/1111/1112",
    "abc4111111111111111",
    "std::vector a::b::c 12:30:45 abc::def",
    '{"password": "string"}',
    "login(user=user, password=secret) --token required",
    "the cookie: a small file; a curl of smoke -u",
    "shape(at)x items[at].name found (at) home",
    r"C:\new\reports\table",
    "social 531217351",
    "BYPASS=enabled COMPASS=northwest",
    "my password: letters and digits",
]


@pytest.mark.parametrize(("text", "clear"), FOUND)
def test_what_is_private_is_found_in_each_of_its_forms(text: str, clear: str | None) -> None:
    once = redact(Content(input=text, output="x"))
    assert once.content.input == (clear or text.replace("531217351", "[SSN_1]"))
    assert redact(once.content) == (once.content, {})


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert redact(Content(input=text, output="x")).content.input == text

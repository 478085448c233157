"""Texts with something private in them, marked by hand as `<TYPE|value>`, and texts with nothing.

No value is anybody's: cards and keys are the ones that issuers publish for tests, account numbers
are of the registry of IBANs, phone numbers of ranges that are kept for films, the rest is made up.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ratchet.datasets.protect.detect import DETECTORS
from ratchet.datasets.protect.detect.detector import Span, Type
from ratchet.datasets.protect.redact import joined
from ratchet.datasets.protect.view import clean

SAMPLE = Path(__file__).parents[3] / "shared/data/pii/presidio_small.json"
_MARK = re.compile(r"<([A-Z_]+)\|(.*?)>", re.DOTALL)
UNSEEN, TURNED, SOFT, NON_BREAKING = "\u200b", "\u202e", "\u00ad", "\u2011"
# Put together here, so that no scanner takes this file for a leak.
STRIPE = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
SLACK = "xox" + "b-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"
GITHUB = "gh" + "p_16C7e42F292c6912E7710c838347Ae178B4a"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow+IBAAK/CAQEA\n-----END RSA PRIVATE KEY-----"


def wide(text: str) -> str:
    """Return a text in the letters of full width."""
    return "".join(c if c == " " else chr(ord(c) + 0xFEE0) for c in text)


def arabic(text: str) -> str:
    """Return a text with its digits as Arabic writes them."""
    return text.translate({48 + i: 0x660 + i for i in range(10)})


POSITIVE = rf"""
Write to <EMAIL|jane.doe@example.com>, please.
My address is <EMAIL|JANE_DOE+news@mail.example.co.uk>.
cc:<EMAIL|o'brien@example.ie>;<EMAIL|x@example.museum>
Contact <<EMAIL|support-7@sub.example.org>> or (<EMAIL|a.b.c@example.io>)!
mailto:<EMAIL|hello@example.dev>?subject=Hi
The link was https://example.com/unsubscribe?email=<EMAIL|jane%40example.com>&x=1
{{"email": "<EMAIL|mia.li3818@example.com>", "n": 1}}
请联系<EMAIL|wang@example.cn>谢谢
Schreiben Sie an <EMAIL|jürgen@müller.de>.
From: "Jane" <<EMAIL|jane@xn--mller-kva.de>>
My e-mail: <EMAIL|a{UNSEEN}@b.com> with nothing between.
Or <EMAIL|jane{wide("@")}example{wide(".")}com> in full width.
Also <EMAIL|ja{TURNED}ne@exam{SOFT}ple.com> with marks.
Two: <EMAIL|one@example.com>,<EMAIL|two@example.com>
user <EMAIL|first.last@example.travel>: booked
<EMAIL|1234567@example.com> has digits only
sent by <EMAIL|no-reply@a.b.c.example.net>.
the Reply-To is <EMAIL|billing@example.com>
ask <EMAIL|q@q.qa> now
<EMAIL|LeaVLind@example.com>
Call me at <PHONE|(415) 555-2671> or <PHONE|415-555-2672>.
Call <PHONE|+1 415 555 2671>, <PHONE|+14155552671>, <PHONE|+1-415-555-2671>
my phone is <PHONE|4155552671>
Phone: <PHONE|415.555.2671>
tel <PHONE|1-800-555-0199> ext
office <PHONE|(212) 555-0142 x338>; fax <PHONE|212-555-0143 ext. 12>
In London it is <PHONE|020 7946 0958>, mobile <PHONE|07700 900123>.
From abroad <PHONE|+44 20 7946 0958> or <PHONE|0044 20 7946 0958>
Berlin: <PHONE|030 90182-0155>, <PHONE|+49 30 901820>
Paris: <PHONE|01 99 00 12 34> and <PHONE|+33 1 99 00 12 34>
Ring <PHONE|(07) 5331 0577> after six
You reach us at <PHONE|027 896 92 86>
Desk: <PHONE|986.291.2294x751>
Fax: <PHONE|001-420-335-7509x38548>
<PHONE|69 987 88 37> office
Text me: <PHONE|98765 43210>
{{"phone": "<PHONE|555-0142>"}}
{{"phone_number": "<PHONE|5550142345>", "name": "x"}}
WhatsApp <PHONE|+55 (11) 91234-5678>
call <PHONE|{arabic("415-555-2671")}> in Arabic digits
call <PHONE|{wide("415-555-2671")}> in full width
call <PHONE|415{NON_BREAKING}555{NON_BREAKING}2671> with dashes that do not break
numbers: <PHONE|415-555-2671>, <PHONE|415-555-2672>
on 2024-05-01 <PHONE|415-555-2671> called
Please have the manager call me at <PHONE|(96) 627-277> today
Mobile: <PHONE|041-412-293>
Can someone call me on <PHONE|21 212 133 2727>?
My card is <CARD|4242424242424242>.
Visa <CARD|4111 1111 1111 1111> exp 12/27
<CARD|4012-8888-8888-1881>
Mastercard: <CARD|5555555555554444>, <CARD|5105 1051 0510 5100>
New range <CARD|2223003122003222>
Amex <CARD|378282246310005> or <CARD|3714 496353 98431>
Discover <CARD|6011111111111117> and <CARD|6011 0009 9013 9424>
Diners <CARD|30569309025904>, <CARD|3852 000002 3237>
JCB <CARD|3530111333300000>; UnionPay <CARD|6200000000000005>
{{"card": "<CARD|3566002020360505>"}}
Charge <CARD|4000056655665556> 123 today
debit <CARD|5200828282828210>!
short <CARD|4222222222222>
prepaid (<CARD|5105105105105100>)
card no <CARD|{wide("4242 4242 4242 4242")}>
card <CARD|{arabic("4242424242424242")}>
<CARD|4242 4242 4242 4242>,<CARD|4000 0000 0000 0077>
Maestro <CARD|6759649826438453>
My SSN is <SSN|531-21-7351>.
SSN: <SSN|594 62 0140>
social security number <SSN|403579558>
(<SSN|078-05-1120>)
ssn=<SSN|212-09-7694>
{{"ssn": "<SSN|123-45-6789>"}}
{{"ssn": "<SSN|123456789>"}}
<SSN|772-34-1298> is mine
Social Security: <SSN|001-01-0001>
for <SSN|665-99-9999>, or <SSN|667-01-1234>
ssn <SSN|219{NON_BREAKING}09{NON_BREAKING}9998>
her ssn was <SSN|{wide("531-21-7352")}>
<SSN|899-12-3456>/<SSN|457-55-5462>
number <SSN|409.52.2002>
dependents <SSN|318-26-1101>, <SSN|318-26-1102>
Pay to <IBAN|GB29 NWBK 6016 1331 9268 19> today
<IBAN|DE89370400440532013000>
IBAN: <IBAN|FR14 2004 1010 0505 0001 3M02 606>.
<IBAN|NL91ABNA0417164300> and <IBAN|BE68539007547034>
Swiss <IBAN|CH93 0076 2011 6238 5295 7>
Norway <IBAN|NO9386011117947>
<IBAN|ES9121000418450200051332>; <IBAN|IT60X0542811101000000123456>
<IBAN|PL61109010140000071219812874>
<IBAN|SE45 5000 0000 0583 9825 7466>
<IBAN|AT611904300234573201> is the account
{{"iban": "<IBAN|PT50000201231234567890154>"}}
<IBAN|MT84MALT011000012345MTLCAST001S>
lower <IBAN|gb29nwbk60161331926819> too
<IBAN|IE29-AIBK-9311-5212-3456-78>
<IBAN|BR1800360305000010009795493C1>
<IBAN|SA0380000000608010167519>, <IBAN|TR330006100519786457841326>
Login from <IP|192.168.0.14>.
<IP|8.8.8.8>:53 and <IP|10.0.0.1>/24
host <IP|203.0.113.77> refused
http://<IP|198.51.100.23>:8080/x
[<IP|2001:db8:85a3::8a2e:370:7334>]:443
<IP|2001:0db8:0000:0000:0000:ff00:0042:8329>
fe80: <IP|fe80::1ff:fe23:4567:890a>
<IP|::ffff:192.0.2.128> mapped
loopback <IP|::1> and <IP|127.0.0.1>
{{"ip": "<IP|100.64.12.1>", "v6": "<IP|2606:4700:4700::1111>"}}
from=<IP|255.255.255.255>
peers <IP|172.16.254.1>, <IP|172.16.254.2>
DNS <IP|1.1.1.1>.
x-forwarded-for: <IP|58.74.121.78>
full width <IP|{wide("192.168.1.1")}>
export AWS_ACCESS_KEY_ID=<SECRET|AKIAIOSFODNN7EXAMPLE>
aws_secret_access_key = <SECRET|wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY>
push with <SECRET|{GITHUB}> please
stripe.api_key = "<SECRET|{STRIPE}>"
slack: <SECRET|{SLACK}>
key <SECRET|AIzaSyA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1v> of Google
OPENAI_API_KEY=<SECRET|sk-proj-abcDEF123456ghiJKL789012>
Authorization: Bearer <SECRET|mF_9.B5f-4.1JqMx2>
Authorization: Basic <SECRET|QWxhZGRpbjpvcGVuIHNlc2FtZQ==>
cookie <SECRET|{JWT}>
<SECRET|{PEM}>
password=<SECRET|hunter2-X>
my password is <SECRET|Tr0ub4dor&3>
{{"password": "<SECRET|c0rrect-horse>"}}
{{"clientSecret": "<SECRET|9f8e7d6c5b4a39281706>"}}
token: <SECRET|f3a9c1d27b8e4650aa91>
DB_PASSWORD='<SECRET|s3cr3t!pw>'
git clone https://<URL_CREDENTIAL|jane:pa55word>@example.com/x.git
postgres://<URL_CREDENTIAL|app:S3cure99>@db.example.com:5432/app
https://<URL_CREDENTIAL|oauth2token99>@example.com/
https://example.com/a?access_token=<URL_CREDENTIAL|ya9dkw02kd82>&b=1
https://example.com/a?b=1&sig=<URL_CREDENTIAL|Zm9vYmFyYmF6>
https://example.com/reset?token=<URL_CREDENTIAL|8d7f6g5h4j>
""".strip("\n")

NEGATIVE = """
Order 4155552671 was shipped.
order number: 10045678901
Invoice 2024-000123, ref 88-1234-5678
The booking reference is NO6JO3, the reservation 4WQ150.
Flight HAT170 departs 2024-05-20 at 06:00:00, arrives 12:30:45.
Released 1.2.3, version 1.2.3.4, v10.4.0.2 and build 5.6.7.8
See section 3.1.4.1 of the manual.
ISBN 978-3-16-148410-0 and ISBN 0-306-40615-2
sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
commit 3f2504e04f8911d39a0c0305e82c3301
id 123e4567-e89b-12d3-a456-426614174000
It costs 1,234,567.89 or 1 234 567 or 12.345.678 in all.
The total is $4999.00, before $1 299.99.
It was 1998-06-28 14:48:14, then 12/27/1986 and 28.06.1998.
timestamp 1715091600 and 1715091600123
Unix time: 1715091600.123456
std::vector and a::b, std::map<int, int>
12:30 or 12:30:45.123, at 10:15-11:45
The MAC is 00:1A:2B:3C:4D:5E.
@decorator and @app.route("/") in code
react@18.2.0 and lodash@4.17.21
git@github.com:owner/name.git
follow @jane on it
GB28NWBK60161331926819 fails its check, as DE00370400440532013000 does
4242424242424241 fails the check of Luhn
1234567890123456 is a number of sixteen digits
0000-0000-0000-0000 is none
SSN 000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000
part 12-345-6789, SKU 123-45-67890
Bearer of good news; basic training takes a week
the password is required; password: required
password = os.environ["DB_PASSWORD"]
api_key=${API_KEY}
token: str, max_tokens=4096, tokens: 123456789
secret: <your-secret-here>
{"id": "credit_card_4421486", "amount": 1000, "zip": "78750"}
{"flight_number": "HAT069", "prices": {"economy": 121}, "seats": [1, 2, 3]}
user mia_li_3668 pays with gift_card_7091239
Call it a day: 10 20 30 40 50 60 70
rows 100 200 300 400 500 600 700 800 900
The score was 21-14, 28-7, 3-2.
pi is 3.14159265358979, e is 2.718281828459045
10.1145/3292500.3330701 is a DOI
https://example.com/a?page=2&sort=asc
https://example.com/@jane/posts/1234567890
ssh://git@example.com/owner/name
lat 52.520008, lon 13.404954
ISO 8601, RFC 5322, HTTP 404, port 8080
Tracking 1Z999AA10123456784
IMEI 490154203237518
VIN 1HGCM82633A004352
the passengers' passes: pass 1, pass 2
a key: value pair; the key is under the mat
[EMAIL_1] and [PHONE_2] stand for something
Python 3.11.4, numpy 1.26.4
half of 5551234 and a third of 98765432
from 2019-2020 to 2023-2024
AUTH is short; the code=1 of exit
1/2/3/4/5 and 9-8-7-6
""".strip("\n")


class Marked(NamedTuple):
    """A text, and what in it is private."""

    text: str
    spans: tuple[Span, ...]


class Found(NamedTuple):
    """Of one type: how many spans are marked, how many of them found, and how many found wrong."""

    marked: int = 0
    hits: int = 0
    wrong: int = 0


def marked(line: str) -> Marked:
    """Return the text of a line without its marks."""
    out, spans, at, length = [], [], 0, 0
    for mark in _MARK.finditer(line):
        before = line[at : mark.start()]
        length += len(before)
        spans.append(Span(length, length + len(mark[2]), mark[1]))  # type: ignore[arg-type]
        out += [before, mark[2]]
        length += len(mark[2])
        at = mark.end()
    return Marked("".join([*out, line[at:]]), tuple(spans))


def own_texts() -> list[Marked]:
    """Return the texts of above."""
    whole = POSITIVE.replace("\n-----END", "\x01-----END").replace("-----\nMII", "-----\x01MII")
    lines = [marked(line.replace("\x01", "\n")) for line in whole.splitlines()]
    return lines + [Marked(line, ()) for line in NEGATIVE.splitlines()]


def detected(text: str) -> list[Span]:
    """Return what the registry's detectors find in a text that is no JSON."""
    view = clean(text)
    found = joined(s for detect in DETECTORS.values() for s in detect(view.text))
    return [Span(*view.back(span.start, span.end), span.type) for span in found]


def compared(texts: list[Marked], found: list[list[Span]]) -> dict[str, Found]:
    """Count by type: a marked span is hit where all of it was found; a found one that covers
    nothing that is marked as its type is wrong."""
    counts: dict[str, Found] = {}
    for one, spans in zip(texts, found, strict=True):
        for want in one.spans:
            hit = any(s.type == want.type and _covers(s, want) for s in spans)
            was = counts.get(want.type, Found())
            counts[want.type] = was._replace(marked=was.marked + 1, hits=was.hits + hit)
        for span in spans:
            wrong = not any(w.type == span.type and _meets(span, w) for w in one.spans)
            was = counts.get(span.type, Found())
            counts[span.type] = was._replace(wrong=was.wrong + wrong)
    return counts


def _covers(found: Span, want: Span) -> bool:
    return found.start <= want.start and want.end <= found.end


def _meets(found: Span, want: Span) -> bool:
    return found.start < want.end and want.start < found.end


_OTHERS_TYPES: dict[str, Type] = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "US_SSN": "SSN",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
}


def sample_texts() -> list[Marked]:
    """Return the sample's texts."""
    return [_of_sample(row) for row in json.loads(SAMPLE.read_text(encoding="utf-8"))]


def _of_sample(row: dict[str, Any]) -> Marked:
    spans = [
        Span(one["start_position"], one["end_position"], _OTHERS_TYPES[one["entity_type"]])
        for one in row["spans"]
        if one["entity_type"] in _OTHERS_TYPES
    ]
    return Marked(row["full_text"], tuple(spans))


def presidio() -> Callable[[str], list[Span]]:
    """Return what presidio's recognisers of patterns find."""
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UsSsnRecognizer,
    )

    kinds: list[Any] = [EmailRecognizer, PhoneRecognizer, CreditCardRecognizer]
    kinds += [UsSsnRecognizer, IbanRecognizer, IpRecognizer]
    recognisers = [kind() for kind in kinds]

    def found(text: str) -> list[Span]:
        return [
            Span(one.start, one.end, _OTHERS_TYPES[one.entity_type])
            for recogniser in recognisers
            for one in recogniser.analyze(text, recogniser.supported_entities, None)
        ]

    return found

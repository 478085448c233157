"""Bodies: bounded whatever they unpack to, parsed strictly, and quickly refused."""

import gzip
import io
import json
import time
import zlib

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from ratchet.entry.http import body
from ratchet.entry.http.body import MAX_BODY, MAX_DEPTH, json_body, parse_json, received, unzip
from ratchet.kernel.errors import InvalidInput, RatchetError, TooLarge, TooSlow, WrongMedia

JSON = "application/json"
LINES = "application/x-ndjson"
QUICK = 3.0  # seconds; what these guard against takes minutes


def sent(data: bytes | str, media: str | None = JSON, encoding: str | None = None) -> Request:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    if media is not None:
        headers["Content-Type"] = media
    return Request(EnvironBuilder(method="POST", data=data, headers=Headers(headers)).get_environ())


def test_json_is_read() -> None:
    assert json_body(sent('{"a": [1, 2.5, null, true, "ß"]}')) == {"a": [1, 2.5, None, True, "ß"]}


def test_lines_of_json_are_a_list_and_empty_lines_none() -> None:
    assert json_body(sent('{"a": 1}\n\n  \r\n{"a": 2}\n', LINES), lines=True) == [
        {"a": 1},
        {"a": 2},
    ]


def test_a_line_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        json_body(sent("{}\n{]\n", LINES), lines=True)
    assert caught.value.field == "line 2"


@pytest.mark.parametrize("encoding", ["gzip", " GZIP "])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert json_body(sent(gzip.compress(b"[1]", mtime=0), encoding=encoding)) == [1]


def test_members_of_gzip_follow_each_other() -> None:
    assert unzip(gzip.compress(b"[1,", mtime=0) + gzip.compress(b"2]", mtime=0)) == b"[1,2]"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_may_be_said(charset: str) -> None:
    assert json_body(sent("[]", f"application/json; charset={charset}")) == []


@pytest.mark.parametrize(
    ("media", "encoding"),
    [
        (None, None),
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=x", None),
        ("application/jsonp", None),
        (LINES, None),
        ("application/json; charset=latin-1", None),
        ("application/json; charset=utf-7", None),
        (JSON, "deflate"),
        (JSON, "br"),
        (JSON, "gzip, gzip"),
        (JSON, "gzip\x00"),
    ],
)
def test_another_content_type_or_encoding_is_refused(media: str | None, encoding: str) -> None:
    with pytest.raises(WrongMedia):
        json_body(sent("[]", media, encoding))


@pytest.mark.parametrize(
    "data",
    [
        "",
        " ",
        "{",
        "[1,]",
        "{'a': 1}",
        "[] []",
        "nan",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "[1e400]",
        "[-1e400]",
        "[" + "9" * 5000 + "]",
        '["\\x"]',
        '["\n"]',
        "\ufeff[]",
        b"[\xff]",
        b"\xed\xa0\x80",
        '{"a": 1, "a": 2}',
        '{"b": {"a": 1, "c": 0, "a": 1}}',
    ],
)
def test_what_is_no_strict_json_is_refused(data: bytes | str) -> None:
    with pytest.raises(InvalidInput) as caught:
        json_body(sent(data.encode() if isinstance(data, str) else data))
    assert type(caught.value) is InvalidInput
    assert "9999" not in str(caught.value)


def test_a_name_that_stands_twice_is_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_json('{"x": 0, "component": 1, "y": 0, "component": 2}')
    assert caught.value.field == "component"


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(start: str, end: str) -> None:
    assert parse_json(start * MAX_DEPTH + "0" + end * MAX_DEPTH)
    with pytest.raises(InvalidInput, match=f"deeper than {MAX_DEPTH}"):
        parse_json(start * (MAX_DEPTH + 1) + "0" + end * (MAX_DEPTH + 1))


@pytest.mark.parametrize("start", ["[", '{"a":', '[{"a":'])
def test_nesting_without_an_end_is_refused(start: str) -> None:
    with pytest.raises(InvalidInput):
        parse_json(start * 100_000)


@pytest.mark.parametrize("media", [JSON, LINES])
def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(media: str) -> None:
    text = '"' + "x" * (MAX_BODY - 2) + '"'
    assert json_body(sent(text, media), lines=True)
    with pytest.raises(TooLarge):
        json_body(sent(text + " ", media), lines=True)


def test_a_bomb_is_put_out_at_the_limit() -> None:
    bomb = gzip.compress(b" " * (MAX_BODY + 1))
    assert len(bomb) < 10_000
    with pytest.raises(TooLarge):
        unzip(bomb)
    with pytest.raises(TooLarge):
        unzip(gzip.compress(b" " * (MAX_BODY // 2)) * 3)


def test_a_bomb_is_never_unpacked_whole() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(256)) + packer.flush()
    start = time.monotonic()
    with pytest.raises(TooLarge):
        json_body(sent(bomb, encoding="gzip"))
    assert time.monotonic() - start < QUICK


@pytest.mark.parametrize(
    "packed",
    [
        b"plain",
        gzip.compress(b"[1]", mtime=0)[:-4],
        gzip.compress(b"[1]", mtime=0)[:12],
        gzip.compress(b"[1]", mtime=0) + b"rest",
        gzip.compress(b"[1]", mtime=0)[:-8] + b"\0" * 8,
        zlib.compress(b"[1]"),
    ],
)
def test_what_is_no_whole_gzip_is_refused(packed: bytes) -> None:
    with pytest.raises(InvalidInput, match="no gzip"):
        unzip(packed)


def test_gzip_in_gzip_is_not_unpacked_twice() -> None:
    with pytest.raises(InvalidInput, match="UTF-8"):
        json_body(sent(gzip.compress(gzip.compress(b"[1]", mtime=0)), encoding="gzip"))


@pytest.mark.parametrize(
    ("data", "media", "encoding", "error"),
    [
        (gzip.compress(b"", mtime=0) * (MAX_BODY // 20), JSON, "gzip", InvalidInput),
        (
            json.dumps(dict.fromkeys(map(str, range(300_000)), 0))[:-1] + ', "299999": 1}',
            JSON,
            None,
            InvalidInput,
        ),
        ("1\n" * (MAX_BODY // 2), LINES, None, TooLarge),
    ],
    ids=["empty members", "a name twice among 300,000", "two million lines"],
)
def test_no_small_body_keeps_a_server_busy(
    data: bytes | str, media: str, encoding: str | None, error: type[RatchetError]
) -> None:
    request = sent(data, media, encoding)
    start = time.monotonic()
    with pytest.raises(error):
        json_body(request, lines=True)
    assert time.monotonic() - start < QUICK


def test_a_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    class Unread:
        def read(self, size: int) -> bytes:
            raise AssertionError("read")

    request = sent(b"")
    request.environ["wsgi.input"] = Unread()
    request.environ["CONTENT_LENGTH"] = str(MAX_BODY + 2)
    with pytest.raises(TooLarge):
        received(request)


@pytest.mark.parametrize("terminated", [True, False])
def test_a_body_that_ends_before_its_length_is_refused(terminated: bool) -> None:
    request = sent(b"[1]")
    request.environ["CONTENT_LENGTH"] = "10"
    if terminated:
        request.environ["wsgi.input_terminated"] = True
    with pytest.raises(InvalidInput, match="ended early"):
        received(request)


def streamed(data: bytes) -> Request:
    request = sent(b"")
    request.environ.pop("CONTENT_LENGTH", None)
    request.environ |= {"wsgi.input": io.BytesIO(data), "wsgi.input_terminated": True}
    return request


def test_a_body_without_a_length_is_never_cut_in_silence() -> None:
    assert len(received(streamed(b" " * MAX_BODY))) == MAX_BODY
    with pytest.raises(TooLarge):
        received(streamed(b" " * (MAX_BODY + 1)))
    with pytest.raises(TooLarge):
        received(streamed(b" " * (2 * MAX_BODY)))


class Slow:
    """As gunicorn's body when its socket times out."""

    def read(self, size: int) -> bytes:
        raise TimeoutError("timed out")


def test_a_body_that_does_not_come_is_too_slow() -> None:
    waited: list[float] = []

    class Socket:
        def settimeout(self, seconds: float) -> None:
            waited.append(seconds)

    request = sent(b"")
    request.environ |= {
        "wsgi.input": Slow(),
        "CONTENT_LENGTH": "10",
        "gunicorn.socket": Socket(),
    }
    with pytest.raises(TooSlow):
        received(request)
    assert waited == [body.SECONDS]

"""Attacks by what is sent."""

import gzip
import json
from typing import Any

from tests.support.attacked import IN_BODIES
from tests.support.attacks.attack import (
    BATCH,
    INVALID,
    LARGE,
    MEDIA,
    NOON_MS,
    Attack,
    an_admin,
    as_json,
    good,
)

MIB = 1024 * 1024
GZIP = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
ONE = json.dumps(good())


def with_field(field: str, text: str) -> bytes:
    """Return an observation with a field as it stands."""
    return f'{ONE[:-1]}, "{field}": {text}}}'.encode()


def of(media: str) -> tuple[tuple[str, str], ...]:
    """Return the header of a content type."""
    return (("Content-Type", media),)


VALUES: dict[str, Any] = {
    "an instant as text": good(ts=str(NOON_MS)),
    "an instant with a fraction": good(ts=NOON_MS + 0.5),
    "an instant of RFC 3339": good(ts="2026-01-01T12:00:00Z"),
    "an instant that is true": good(ts=True),
    "an instant beyond time": good(ts=10**300),
    "an instant before time": good(ts=-(10**18)),
    "an instant long past": good(ts=0),
    "an instant to come": good(ts=NOON_MS + 86_400_000),
    "a number as text": good(durationMs="12"),
    "a truth value as a number": good(tokensIn=True),
    "a number as a truth value": good(shadow=1),
    "a count below zero": good(retries=-1),
    "a share over one": good(quality=1.01),
    "a count beyond 64 bits": good(tokensIn=2**70),
    "a hidden count beyond 64 bits": good(meta={"n": 2**64}),
    "a weight of nothing": good(weight=0),
    "a weight of a million": good(weight=10**6),
    "no component": good(component=None),
    "a component that is a list": good(component=[IN_BODIES]),
    "a component of 1,500 bytes": good(component="x" * 1500),
    "a component with a line break": good(component="a\nb"),
    "a component that ends with one": good(component="planner\n"),
    "a component with NUL": good(component="a\0b"),
    "a component of markup": good(component="<script>alert(1)</script>"),
    "a component in another script": good(component="plаnner"),  # noqa: RUF001
    "an outcome that is none": good(outcome="SUCCESS"),
    "an unknown field": good(admin=True),
    "a field of the store": good(shard=0, ingestedAt=0, expireAt=0),
    "a reward brought along": good(score=1.0, rewardEpoch="e1"),
    "a field named __proto__": good(__proto__={"role": "admin"}),
    "a field named __class__": good(__class__="x"),
    "a reserved name in meta": good(meta={"__x__": 1}),
    "an empty name in meta": good(meta={"": 1}),
    "a list in a list": good(meta={"a": [[1]]}),
    "meta too deep": good(meta={"a": {"b": {"c": {"d": {"e": 1}}}}}),
    "meta of 3 kB": good(meta={"a": "x" * 3000}),
    "meta that is a list": good(meta=[]),
    "a unit of 1 MB": good(unit="x" * MIB),
    "a unit that is a number": good(unit=7),
    "a unit that is a lone surrogate": good(unit="\ud800"),
    "a lone surrogate in meta": good(meta={"a": "\udfff"}),
    "a lone surrogate as a name": good(meta={"\ud800": 1}),
    "an empty unit": good(unit=""),
}
IDS: dict[str, Any] = {
    "with a slash": "a/b",
    "of two dots": "..",
    "of one dot": ".",
    "that is reserved": "__x__",
    "of 1,500 bytes": "x" * 1500,
    "with a line break": "a\nb",
    "that ends with one": "abc\n",
    "with NUL": "a\0b",
    "with a tilde": "a~b",
    "of an item": "b-1.0",
    "in another script": "идентификатор",
    "that is empty": "",
    "that is a number": 7,
    "that is a list": ["a"],
    "that is a lone surrogate": "\ud800",
}
SHAPES: dict[str, Any] = {
    "an empty list": [],
    "a batch of 501": [good()] * 501,
    "an empty batch": {"id": "b-1", "observations": []},
    "a batch that is a map": {"id": "b-1", "observations": {"0": good()}},
    "a batch with an unknown field": {"observations": [good()], "role": "admin"},
    "a text": IN_BODIES,
    "a number": 7,
    "nothing": None,
}
REFUSED = (
    [(f"{name}", value) for name, value in VALUES.items()]
    + [(f"an id {name}", good(id=value)) for name, value in IDS.items()]
    + [(f"{name} as a body", value) for name, value in SHAPES.items()]
)
RAW: list[tuple[str, bytes]] = [
    ("NaN", with_field("quality", "NaN")),
    ("an infinity", with_field("durationMs", "Infinity")),
    ("1e400", with_field("durationMs", "1e400")),
    ("an instant of 1e400", f'{{"ts": 1e400, "component": "{IN_BODIES}"}}'.encode()),
    ("1e400 in meta", with_field("meta", '{"a": -1e400}')),
    ("an integer of 5,000 digits", with_field("tokensIn", "9" * 5000)),
    ("a field twice", with_field("component", '"planner"')),
    ("a field twice inside", with_field("meta", '{"a": 1, "a": 2}')),
    ("a list 100,000 deep", b"[" * 100_000),
    ("a list 40 deep", b"[" * 40 + b"]" * 40),
    ("objects 100,000 deep", b'{"a":' * 100_000),
    ("an empty body", b""),
    ("half a body", ONE[:20].encode()),
    ("a body and more", ONE.encode() + b"{}"),
    ("bytes that are no UTF-8", b'{"component": "\xff\xfe"}'),
    ("a surrogate in UTF-8", b'{"component": "\xed\xa0\x80"}'),
    ("a byte order mark", b"\xef\xbb\xbf" + ONE.encode()),
    ("NUL bytes", b"\0" * 100),
    ("XML", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
]
PACKED: list[tuple[str, bytes, int, str]] = [
    ("a gzip bomb", gzip.compress(b" " * (64 * MIB)), 413, LARGE),
    ("a gzip bomb of members", gzip.compress(b" " * MIB) * 6, 413, LARGE),
    ("gzip of 1,000 empty members", gzip.compress(b"") * 1000, 400, INVALID),
    ("gzip cut short", gzip.compress(ONE.encode())[:-5], 400, INVALID),
    ("gzip in gzip", gzip.compress(gzip.compress(ONE.encode())), 400, INVALID),
    ("gzip with a wrong sum", gzip.compress(ONE.encode())[:-8] + b"\0" * 8, 400, INVALID),
    ("gzip in two members, the second cut", gzip.compress(b" ") * 2 + b"\x1f\x8b", 400, INVALID),
    ("gzip that is none", ONE.encode(), 400, INVALID),
]
ROLLBACKS = [*IDS.items(), ("that is a map", {}), ("of another collection", "../config/flags")]
BY_BODY = [
    *(Attack(name, 400, INVALID, body=as_json(value)) for name, value in REFUSED),
    *(Attack(name, 400, INVALID, body=body) for name, body in RAW),
    *(Attack(n, status, code, body=body, headers=GZIP) for n, body, status, code in PACKED),
    *(
        Attack(
            f"a rollback of an id {name}",
            400,
            INVALID,
            body=as_json({"id": value, "reason": "x"}),
            path="/rollback",
            token=an_admin,
        )
        for name, value in ROLLBACKS
    ),
    Attack("a batch of bad items", 400, BATCH, body=as_json([good(ts=1), good(x=1)])),
    Attack("a body of 5 MB", 413, LARGE, body=b" " * (5 * MIB)),
    Attack("a body of 20 MB", 413, LARGE, body=b" " * (20 * MIB)),
    Attack(
        "two million lines",
        413,
        LARGE,
        body=b"1\n" * (2 * MIB - 1),
        headers=of("application/x-ndjson"),
    ),
    Attack(
        "a line that is none",
        400,
        INVALID,
        body=ONE.encode() + b"\n{",
        headers=of("application/x-ndjson"),
    ),
    Attack("no content type", 415, MEDIA, headers=()),
    Attack("text", 415, MEDIA, headers=of("text/plain")),
    Attack("a form", 415, MEDIA, headers=of("application/x-www-form-urlencoded")),
    Attack("an upload", 415, MEDIA, headers=of("multipart/form-data; boundary=x")),
    Attack("UTF-7", 415, MEDIA, headers=of("application/json; charset=utf-7")),
    Attack("UTF-16", 415, MEDIA, headers=of("application/json; charset=utf-16")),
    Attack("deflate", 415, MEDIA, headers=(*GZIP[:1], ("Content-Encoding", "deflate"))),
    Attack("gzip twice", 415, MEDIA, headers=(*GZIP[:1], ("Content-Encoding", "gzip, gzip"))),
]

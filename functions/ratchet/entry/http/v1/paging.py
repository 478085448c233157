"""Pages: a bounded part of a list, and a signed cursor to the rest; inserts shift nothing.

A cursor says behind which item a page goes on, so an item that comes in meanwhile is on a later
page or on none, and none is shown twice.
"""

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, StringConstraints

from ratchet.entry.http.v1.route import Ask
from ratchet.kernel.canonical import sign, signed_by
from ratchet.kernel.clock import from_micros, micros
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.keys import Keys
from ratchet.store.port import Query, Snapshot

T = TypeVar("T", bound=Model)
LIMIT = 50
MOST = 100
Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=4000)]


class Paged(Model):
    """How much of a list is wanted, and from where on; `cursor` is the `next` of a page before."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = LIMIT
    cursor: Cursor | None = None


class Page(Model, Generic[T]):
    """A part of a list; `next` is the cursor to the rest, absent at the end.

    `broken` says which stored documents cannot be read: they are left out.
    """

    items: tuple[T, ...]
    next: str | None = None
    broken: tuple[str, ...] = ()


def page_of_query(
    ask: Ask, asked: Paged, kind: type[Page[T]], query: Query, load: Callable[[Snapshot], T]
) -> Page[T]:
    """Return a page of a query over one collection.

    Raises: InvalidInput.
    """
    after = read_cursor(ask, asked.cursor) if asked.cursor else None
    found = ask.app.store.query(replace(query, limit=asked.limit + 1, start_after=after))
    shown, broken = found[: asked.limit], list[RatchetError]()
    items = tuple(each(shown, load, broken.append))
    more = None
    if len(found) > asked.limit:
        more = write_cursor(ask, query.after(shown[-1], None).start_after or ())
    return kind(items=items, next=more, broken=tuple(map(str, broken)))


def page_of_list(
    ask: Ask,
    asked: Paged,
    kind: type[Page[T]],
    items: Iterable[T],
    key: Callable[[T], tuple[Any, ...]],
    broken: Sequence[RatchetError] = (),
) -> Page[T]:
    """Return a page of what a verb returns whole, in the order of a key that none share.

    Raises: InvalidInput.
    """
    ordered = sorted(items, key=key)
    after = read_cursor(ask, asked.cursor) if asked.cursor else None
    start = 0 if after is None else bisect_right(ordered, after, key=key)
    shown = tuple(ordered[start : start + asked.limit])
    rest = len(ordered) > start + asked.limit
    more = write_cursor(ask, key(shown[-1])) if rest else None
    return kind(items=shown, next=more, broken=tuple(map(str, broken)))


def write_cursor(ask: Ask, after: Sequence[Any]) -> str:
    """Return the cursor to what is behind some values, good for the same question alone."""
    values = [{"at": micros(v)} if isinstance(v, datetime) else v for v in after]
    told = {"after": values, "seal": sign(ask.app.keys.signing, _under(ask, values))}
    packed = json.dumps(told, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(ask: Ask, cursor: str) -> tuple[Any, ...]:
    """Return what a cursor is behind.

    Raises: InvalidInput where it is none of ours, or of another question.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = json.loads(base64.urlsafe_b64decode(padded))
        values, seal = told["after"], told["seal"]
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError) as error:
        raise _wrong() from error
    if not _is_ours(ask.app.keys, _under(ask, values), seal):
        raise _wrong()
    return tuple(from_micros(v["at"]) if isinstance(v, dict) else v for v in values)


def _is_ours(keys: Keys, content: Any, seal: Any) -> bool:
    try:
        return isinstance(seal, str) and seal.isascii() and signed_by(keys.signing, content, seal)
    except InvalidInput:  # what was sent has no canonical form
        return False


def _under(ask: Ask, values: Sequence[Any]) -> dict[str, Any]:
    asked = {k: v for k, v in ask.query.items() if k not in ("cursor", "limit")}
    return {"cursor": {"path": ask.route.removeprefix("/api"), "asked": asked, "after": values}}


def _wrong() -> InvalidInput:
    return InvalidInput(
        "the cursor is not of this list",
        field="cursor",
        mend="send the `next` of a page of the same question, or begin without one",
    )

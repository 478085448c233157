"""HttpTransport and AsyncHttpTransport: the service over HTTP, its statuses as Ratchet's errors.

httpx is imported with the first request: a function that imports the client need not pay for it.
"""

import asyncio
import gzip
import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ratchet.client.address import base_address
from ratchet.client.batch import PATHS, Batch, dump
from ratchet.client.lifetime import on_exit
from ratchet.client.transport import Resolved, SendResult
from ratchet.kernel.clock import system_clock
from ratchet.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidBatch,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    import httpx

Token = str | Callable[[], str] | None

_BY_STATUS: dict[int, type[RatchetError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    413: TooLarge,
    429: Throttled,
}


class _Wire:
    """Requests and answers, for both transports; `token` may be a function where it expires."""

    def __init__(
        self,
        base_url: str,
        token: Token = None,
        *,
        timeout: float = 10.0,
        resolve_timeout: float = 2.0,
    ) -> None:
        self._base = base_address(base_url)
        self._token = token
        self._timeout = timeout
        self._resolve_timeout = min(timeout, resolve_timeout)
        on_exit(self._at_exit)

    def _at_exit(self, seconds: float) -> None:
        """Close what can be closed without an event loop."""

    def _post(self, path: str, body: bytes) -> dict[str, Any]:
        packed = {"content-type": "application/json", "content-encoding": "gzip"}
        return {
            "method": "POST",
            "url": self._base + path,
            "content": gzip.compress(body, 5),
            "headers": self._headers(packed),
            "timeout": self._timeout,
        }

    def _ask(self, policy: str, etag: str | None) -> dict[str, Any]:
        return {
            "method": "GET",
            "url": self._base + "/resolve",
            "params": {"policy": policy},
            "headers": self._headers({"if-none-match": f'"{etag}"'} if etag else {}),
            "timeout": self._resolve_timeout,
        }

    def _headers(self, own: Mapping[str, str]) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        return {**own, "authorization": f"Bearer {token}"} if token else dict(own)


class HttpTransport(_Wire):
    """The service at a base address, for threads; a forked child gets connections of its own."""

    def send(self, batch: Batch) -> SendResult:
        """POST one batch to /record, or to /record_run."""
        sent = self._post(PATHS[batch.kind], batch.body())
        return SendResult.from_wire(_json(self._request(sent)))

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """POST late grades to /feedback."""
        body = dump({"feedback": list(items)}).encode()
        return SendResult.from_wire(_json(self._request(self._post("/feedback", body))))

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """GET the version to run from /resolve; None where it is the one `etag` names."""
        return _resolved(self._request(self._ask(policy, etag)))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None and self._owner == os.getpid():
            self._client.close()
        self._client = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _at_exit(self, seconds: float) -> None:
        self.close()

    _client: "httpx.Client | None" = None
    _parents: "httpx.Client | None" = None
    _owner = 0

    def _request(self, request: Mapping[str, Any]) -> "httpx.Response":
        import httpx

        if self._client is None or self._owner != os.getpid():
            self._parents = self._client  # kept unclosed: its sockets are the parent's, too
            self._client = httpx.Client()
            self._owner = os.getpid()
        try:
            return self._client.request(**request)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            raise unreached(error) from error


class AsyncHttpTransport(_Wire):
    """The service at a base address, for asyncio; each event loop gets connections of its own."""

    async def send(self, batch: Batch) -> SendResult:
        """POST one batch to /record, or to /record_run."""
        answer = await self._request(self._post(PATHS[batch.kind], batch.body()))
        return SendResult.from_wire(_json(answer))

    async def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """POST late grades to /feedback."""
        body = dump({"feedback": list(items)}).encode()
        return SendResult.from_wire(_json(await self._request(self._post("/feedback", body))))

    async def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """GET the version to run from /resolve; None where it is the one `etag` names."""
        return _resolved(await self._request(self._ask(policy, etag)))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    _client: "httpx.AsyncClient | None" = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def _request(self, request: Mapping[str, Any]) -> "httpx.Response":
        import httpx

        if self._client is None or self._loop is not asyncio.get_running_loop():
            self._client = httpx.AsyncClient()
            self._loop = asyncio.get_running_loop()
        try:
            return await self._client.request(**request)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            raise unreached(error) from error


def unreached(error: Exception) -> Unavailable:
    """Return the error of a request that got no answer."""
    return Unavailable(f"no answer: {type(error).__name__}: {error}", mend="is the address right?")


def error_of(status: int, data: Any, *, retry_after: float = 0.0) -> RatchetError:
    """Return the error of an answer's status and JSON; what is unknown counts as unavailable."""
    body = data.get("error") if isinstance(data, dict) else None
    told = body if isinstance(body, dict) else {}
    message = str(told.get("message") or f"the service answered {status}")
    mend = str(told.get("mend", ""))
    if isinstance(told.get("rejected"), list) and 400 <= status < 500:
        field = str(told.get("field") or "items")
        return InvalidBatch(message, rejected=told["rejected"], field=field, mend=mend)
    kind = _BY_STATUS.get(status, InvalidInput if 400 <= status < 500 else Unavailable)
    code = str(told.get("code", ""))
    if kind is Forbidden and code[:9] == Refused.code[:9] and code != Forbidden.code:
        kind = Refused  # a rule says no, whoever asks
    field = str(told.get("field", ""))
    if kind is Throttled:
        return Throttled(message, field=field, mend=mend, retry_after=retry_after)
    return kind(message, field=field, mend=mend)


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that an answer asks to wait, given so or as a date; else zero.

    >>> retry_after({"retry-after": "7"}, now=datetime.min)
    7.0
    """
    told = headers.get("retry-after", "")
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - now) / timedelta(seconds=1)
        except (TypeError, ValueError):  # no date, or one without a zone
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _json(answer: "httpx.Response") -> Any:
    try:
        data = answer.json()
    except ValueError:
        data = None
    if not answer.is_success:
        wait = retry_after(answer.headers, system_clock())
        raise error_of(answer.status_code, data, retry_after=wait)
    return data


def _resolved(answer: "httpx.Response") -> Resolved | None:
    return None if answer.status_code == 304 else Resolved.from_wire(_json(answer))

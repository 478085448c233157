import asyncio
import gc
import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.client import AsyncHttpTransport, Batch, HttpTransport, Rejected, Resolved, SendResult
from ratchet.client.http import error_of, retry_after
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
from tests.client.service import Service

BATCH = Batch.of("b1", [{"component": "planner", "outcome": "success", "ts": 1}])
POLICY: dict[str, Any] = {
    "policy": "router-core",
    "version": "router-core@1.0.0",
    "params": {"modelWeights": {"gpt-5": 1.0}},
    "etag": "e1",
}


def test_a_batch_travels_compressed_with_the_token(
    service: Service, transport: HttpTransport
) -> None:
    assert transport.send(BATCH) == SendResult(1)
    assert service.stored == {"b1": BATCH.observations}
    sent = {k.lower(): v for k, v in service.headers[-1].items()}
    assert sent["content-encoding"] == "gzip"
    assert sent["authorization"] == "Bearer secret"
    assert int(sent["content-length"]) == len(gzip.compress(BATCH.body(), 5))


def test_a_token_may_be_a_function_asked_every_time(service: Service) -> None:
    tokens = iter(["one", "two"])
    with HttpTransport(service.url + "/", lambda: next(tokens)) as transport:
        transport.send(BATCH)
        transport.send(BATCH)
    assert [h["authorization"] for h in service.headers] == ["Bearer one", "Bearer two"]


def test_the_refused_items_come_back(service: Service, transport: HttpTransport) -> None:
    service.rejections = [{"index": 0, "field": "quality", "reason": "over 1"}]
    assert transport.send(BATCH) == SendResult(0, (Rejected(0, "quality", "over 1"),))


def test_grades_travel(service: Service, transport: HttpTransport) -> None:
    grade = {"observationId": "b1.0", "grade": 1.0}
    assert transport.feedback([grade]) == SendResult(1)
    assert service.grades == [grade]


def test_a_policy_is_resolved_and_its_etag_says_not_modified(
    service: Service, transport: HttpTransport
) -> None:
    service.policies["router-core"] = POLICY
    found = transport.resolve("router-core", None)
    assert found == Resolved("router-core", "router-core@1.0.0", POLICY["params"], "e1")
    assert transport.resolve("router-core", "e1") is None
    asked = {k.lower(): v for k, v in service.headers[-1].items()}
    assert asked["if-none-match"] == '"e1"'
    assert transport.resolve("router-core", "e0") == found
    with pytest.raises(NotFound):
        transport.resolve("other", None)


@pytest.mark.parametrize(("code", "kind"), [("RATCHET-3006", Forbidden), ("RATCHET-3003", Refused)])
def test_a_rule_that_says_no_is_told_from_a_role_that_is_missing(
    code: str, kind: type[RatchetError]
) -> None:
    assert type(error_of(403, {"error": {"code": code, "message": "no"}})) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Unavailable),
        (400, InvalidInput),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (408, Unavailable),
        (409, Conflict),
        (413, TooLarge),
        (418, InvalidInput),
        (429, Throttled),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
    ],
)
def test_statuses_are_ratchets_errors(
    service: Service, transport: HttpTransport, status: int, kind: type[RatchetError]
) -> None:
    service.script.append(status)
    with pytest.raises(RatchetError) as caught:
        transport.send(BATCH)
    assert type(caught.value) is kind
    if status >= 400:
        told = (caught.value.message, caught.value.field, caught.value.mend)
        assert told == ("because", "f", "m")


@pytest.mark.parametrize("data", [None, [], "text", {"error": "text"}, {"error": None}, {}])
def test_an_error_without_a_body_still_says_what_happened(data: Any) -> None:
    error = error_of(503, data)
    assert type(error) is Unavailable
    assert "503" in error.message


def test_a_service_that_throttles_says_for_how_long(
    service: Service, transport: HttpTransport
) -> None:
    service.script.append(429)
    service.retry_after = "7"
    with pytest.raises(Throttled) as caught:
        transport.send(BATCH)
    assert (caught.value.retry_after, caught.value.message) == (7.0, "because")


def test_asyncio_is_told_for_how_long_too(service: Service) -> None:
    service.script.append(429)
    service.retry_after = "0.5"

    async def story() -> float:
        async with AsyncHttpTransport(service.url) as transport:
            with pytest.raises(Throttled) as caught:
                await transport.resolve("router-core", None)
            return caught.value.retry_after

    service.policies["router-core"] = POLICY
    assert asyncio.run(story()) == 0.5


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("12", 12.0),
        ("Fri, 02 Jan 2026 12:00:30 GMT", 30.0),
        ("Fri, 02 Jan 2026 11:00:00 GMT", 0.0),
        ("-5", 0.0),
        ("inf", 0.0),
        ("nan", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_a_wait_is_given_in_seconds_or_as_a_date(told: str, seconds: float) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert retry_after({"retry-after": told}, noon) == seconds


def test_an_error_with_refused_items_keeps_them() -> None:
    items = [{"index": 0, "field": "ts", "reason": "late"}]
    error = error_of(400, {"error": {"message": "all refused", "rejected": items}})
    assert isinstance(error, InvalidBatch)
    assert error.rejected == tuple(items)


def test_a_connection_lost_after_the_act_is_unavailable(
    service: Service, transport: HttpTransport
) -> None:
    service.script.append("lost")
    with pytest.raises(Unavailable):
        transport.send(BATCH)
    assert list(service.stored) == ["b1"]


def test_a_slow_service_is_unavailable(service: Service) -> None:
    service.script.append("slow")
    with HttpTransport(service.url, timeout=0.1) as transport, pytest.raises(Unavailable):
        transport.send(BATCH)


def test_nobody_listening_is_unavailable() -> None:
    with HttpTransport("http://127.0.0.1:9/", timeout=1.0) as transport:
        with pytest.raises(Unavailable):
            transport.send(BATCH)
        with pytest.raises(Unavailable):
            transport.resolve("router-core", None)


@pytest.mark.parametrize("host", ["xn--", "ä..b"])
def test_an_address_that_names_no_host_is_unavailable(host: str) -> None:
    with HttpTransport(f"http://{host}") as transport, pytest.raises(Unavailable, match="address"):
        transport.send(BATCH)


@pytest.mark.parametrize("transport", [HttpTransport, AsyncHttpTransport])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "127.0.0.1:8801",
        "localhost:8801",
        "ftp://x",
        "http://",
        "https:///path",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "http://host/?policy=p",
        "http://host/#top",
        " http://host",
        "http://ho st",
        "http://host\n",
    ],
)
def test_an_address_that_no_service_can_have_is_refused_at_once(
    transport: type[HttpTransport | AsyncHttpTransport], address: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        transport(address, "token")
    assert (caught.value.field, caught.value.mend) == ("base_url", "like https://host")


@pytest.mark.parametrize("path", ["", "/", "/v1/"])
def test_an_address_may_have_a_path_and_a_slash_at_its_end(service: Service, path: str) -> None:
    with HttpTransport(service.url + path) as transport:
        asked = transport._ask("p", None)["url"]
    assert asked == service.url + path.rstrip("/") + "/resolve"


@pytest.mark.parametrize(
    "data", [None, [], {}, {"accepted": "x"}, {"accepted": 1, "rejected": [3]}]
)
def test_an_answer_of_something_else_is_unavailable(data: Any) -> None:
    with pytest.raises(Unavailable):
        SendResult.from_wire(data)


@pytest.mark.parametrize("data", [None, [], {}, {"policy": "p", "version": "v", "params": 3}])
def test_a_policy_of_something_else_is_unavailable(data: Any) -> None:
    with pytest.raises(Unavailable):
        Resolved.from_wire(data)


async def everything(service: Service) -> None:
    async with AsyncHttpTransport(service.url, "secret", timeout=5.0) as transport:
        assert await transport.send(BATCH) == SendResult(1)
        assert await transport.feedback([{"grade": 1}]) == SendResult(1)
        found = await transport.resolve("router-core", None)
        assert found is not None
        assert await transport.resolve("router-core", found.etag) is None
        service.script.extend(["lost", 429, 409])
        for kind in (Unavailable, Throttled, Conflict):
            with pytest.raises(kind):
                await transport.send(BATCH)


def test_asyncio_has_the_same_answers_in_each_of_two_loops(service: Service) -> None:
    service.policies["router-core"] = POLICY
    asyncio.run(everything(service))
    asyncio.run(everything(service))
    assert list(service.stored) == ["b1"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the first loop ended without a close
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_asyncio_has_connections_of_its_own_in_each_loop(service: Service) -> None:
    transport = AsyncHttpTransport(service.url)

    async def story() -> None:
        assert await transport.send(BATCH) == SendResult(1)
        assert await transport.send(BATCH) == SendResult(1)

    async def last() -> None:
        await story()
        await transport.aclose()

    asyncio.run(story())
    asyncio.run(last())
    first, again, second, _ = service.callers
    assert first == again != second
    gc.collect()

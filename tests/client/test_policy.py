import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    AsyncHttpTransport,
    AsyncOfflineTransport,
    AsyncPolicyClient,
    Choice,
    HttpTransport,
    OfflineTransport,
    PolicyClient,
    Resolved,
)
from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, Throttled, Unavailable
from tests.client.service import WAIT, Service

PARAMS: dict[str, Any] = {
    "modelWeights": {"a": 0.6, "b": 0.3, "c": 0.1},
    "fallbackOn": ["timeout", "rate_limit"],
    "cooldownMs": 30_000,
}


def version(number: str, **params: Any) -> dict[str, Any]:
    return {"version": f"router-core@{number}", "params": PARAMS | params}


class Rig:
    """A client, its offline service and its clock."""

    def __init__(self, **options: Any) -> None:
        self.now = 1000.0
        self.offline = OfflineTransport({"router-core": version("1.0.0")})
        self.client = PolicyClient(
            self.offline,
            "router-core",
            clock=lambda: self.now,
            **{"rng": random.Random(3)} | options,
        )


def test_the_answer_is_kept_for_its_time_with_jitter() -> None:
    lengths = []
    for seed in range(20):
        rig = Rig(rng=random.Random(seed))
        rig.client.current()
        while rig.offline.requests == 1:
            rig.now += 0.25
            assert rig.client.current().version == "router-core@1.0.0"
        lengths.append(rig.now - 1000.0)
    assert min(lengths) >= 27.0
    assert max(lengths) <= 33.25
    assert len(set(lengths)) > 5


def test_a_new_version_is_taken_and_an_old_one_confirmed_by_its_etag() -> None:
    rig = Rig()
    first = rig.client.current()
    rig.now += 60
    again = rig.client.current()
    assert (again.version, again.stale, rig.offline.requests) == (first.version, False, 2)
    rig.offline.policies["router-core"] = version("1.0.1")
    rig.now += 60
    assert rig.client.current().version == "router-core@1.0.1"


@pytest.mark.parametrize(("told", "seconds"), [(20.0, 20.0), (3600.0, 60.0)])
def test_a_service_that_throttles_is_not_asked_sooner_than_it_said(
    told: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig()
    first = rig.client.current()
    asked: list[float] = []

    def throttled(policy: str, etag: str | None) -> Resolved | None:
        asked.append(rig.now)
        raise Throttled("too often", retry_after=told)

    monkeypatch.setattr(rig.offline, "resolve", throttled)
    rig.now += 60
    assert rig.client.current().version == first.version
    rig.now += seconds - 0.1
    rig.client.current()
    assert len(asked) == 1
    rig.now += 0.2
    rig.client.current()
    assert len(asked) == 2


def test_the_last_good_version_serves_while_the_service_is_down() -> None:
    rig = Rig()
    rig.client.current()
    rig.offline.down = True
    rig.now += 60
    served = rig.client.current()
    assert (served.version, served.stale) == ("router-core@1.0.0", True)
    rig.offline.down = False
    rig.now += 60
    assert rig.client.current().stale is False


def test_a_service_that_is_down_is_asked_less_and_less_often() -> None:
    rig = Rig()
    rig.client.current()
    rig.offline.down = True
    rig.now += 60
    asked = []
    for _ in range(300):
        before = rig.offline.requests
        rig.client.current()
        asked.append(rig.offline.requests > before)
        rig.now += 1
    gaps = [i for i, hit in enumerate(asked) if hit]
    widths = [b - a for a, b in pairwise(gaps)]
    assert 8 <= len(gaps) <= 20
    assert max(widths) >= 30
    assert max(widths[:2]) <= 2


def test_without_any_answer_the_error_is_the_services_and_is_not_asked_for_again_at_once() -> None:
    rig = Rig()
    rig.offline.down = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            rig.client.current()
    assert rig.offline.requests == 1
    rig.offline.down = False
    rig.now += 2
    assert rig.client.current().version == "router-core@1.0.0"


def test_an_unknown_policy_is_not_found() -> None:
    rig = Rig()
    del rig.offline.policies["router-core"]
    with pytest.raises(NotFound):
        rig.client.choose()


def test_default_params_start_a_component_without_the_service() -> None:
    rig = Rig(default={"modelWeights": {"z": 1}})
    rig.offline.down = True
    served = rig.client.current()
    assert served == Resolved("router-core", None, {"modelWeights": {"z": 1}}, stale=True)
    assert rig.client.choose() == Choice("z", 1.0, None)
    assert rig.client.choose().as_observation() == {"arm": "z", "propensity": 1.0}
    rig.offline.down = False
    rig.now += 2
    assert rig.client.current().version == "router-core@1.0.0"


def test_the_cache_file_serves_after_a_restart_with_the_service_down(tmp_path: Path) -> None:
    cache = tmp_path / "new" / "router-core.json"
    rig = Rig(cache=cache)
    first = rig.client.current()
    assert [p.name for p in cache.parent.iterdir()] == ["router-core.json"]
    later = Rig(cache=cache)
    later.offline.down = True
    served = later.client.current()
    assert (served.version, served.params, served.stale) == (first.version, first.params, True)


def test_the_cache_file_is_confirmed_by_its_etag_and_replaced_by_news(tmp_path: Path) -> None:
    cache = tmp_path / "router-core.json"
    Rig(cache=cache).client.current()
    written = cache.stat().st_mtime_ns
    later = Rig(cache=cache)
    assert later.client.current().stale is False
    assert cache.stat().st_mtime_ns == written
    later.offline.policies["router-core"] = version("1.0.1")
    later.now += 60
    later.client.current()
    assert json.loads(cache.read_text())["version"] == "router-core@1.0.1"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"policy": "other", "version": "v"}'])
def test_a_spoilt_cache_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    cache = tmp_path / "router-core.json"
    cache.write_text(content)
    assert Rig(cache=cache).client.current().version == "router-core@1.0.0"


def test_the_cache_of_another_policy_is_not_served(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text(json.dumps(Resolved("other", "other@1.0.0", {}, "e").to_wire()))
    rig = Rig(cache=cache)
    rig.offline.down = True
    with pytest.raises(Unavailable):
        rig.client.current()


def test_a_disk_that_cannot_be_written_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rig = Rig(cache=tmp_path / "file" / "cache.json")
    assert rig.client.current().version == "router-core@1.0.0"


def test_an_answer_about_another_policy_is_not_taken() -> None:
    rig = Rig()
    rig.client.current()
    rig.offline.resolve = lambda policy, etag: Resolved("other", "other@9.0.0", {})  # type: ignore[method-assign]  # a service that is confused
    rig.now += 60
    assert rig.client.current().version == "router-core@1.0.0"


class Gate(OfflineTransport):
    """A service whose every answer waits to be let through."""

    def __init__(self, policies: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(policies)
        self.entered = threading.Semaphore(0)
        self.through = threading.Event()

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        self.entered.release()
        assert self.through.wait(WAIT)
        return super().resolve(policy, etag)


def test_many_threads_make_one_request() -> None:
    gate = Gate({"router-core": version("1.0.0")})
    client = PolicyClient(gate, "router-core")
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.current().version)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert gate.entered.acquire(timeout=WAIT)
    gate.through.set()
    for thread in threads:
        thread.join(WAIT)
    assert found == ["router-core@1.0.0"] * 8
    assert gate.requests == 1


def test_while_one_thread_asks_the_others_have_the_last_good_version() -> None:
    now = 1000.0
    gate = Gate({"router-core": version("1.0.0")})
    gate.through.set()
    client = PolicyClient(gate, "router-core", clock=lambda: now)
    client.current()
    assert gate.entered.acquire(timeout=WAIT)
    gate.through.clear()
    gate.policies["router-core"] = version("1.0.1")
    now += 60
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(client.current().version))
    asking.start()
    assert gate.entered.acquire(timeout=WAIT)
    assert client.current().version == "router-core@1.0.0"
    gate.through.set()
    asking.join(WAIT)
    assert found == ["router-core@1.0.1"]
    assert gate.requests == 2


def test_draws_follow_the_weights_and_carry_their_propensity() -> None:
    rig = Rig()
    n = 10_000
    choices = [rig.client.choose() for _ in range(n)]
    seen = Counter(c.arm for c in choices)
    weights = PARAMS["modelWeights"]
    chi2 = sum((seen[arm] - n * w) ** 2 / (n * w) for arm, w in weights.items())
    assert chi2 < 13.8  # chi-square, 2 degrees of freedom, p = 0.001
    assert {c.arm: c.propensity for c in choices} == pytest.approx(weights)
    assert {c.policy_version for c in choices} == {"router-core@1.0.0"}


def test_a_unit_keeps_its_arm_while_the_version_stays_and_units_follow_the_weights() -> None:
    rig, other = Rig(), Rig(rng=random.Random(99))
    units = [f"user-{i}" for i in range(5000)]
    arms = [rig.client.choose(unit).arm for unit in units]
    assert [other.client.choose(unit).arm for unit in units] == arms
    n, seen = len(units), Counter(arms)
    chi2 = sum((seen[arm] - n * w) ** 2 / (n * w) for arm, w in PARAMS["modelWeights"].items())
    assert chi2 < 13.8  # chi-square, 2 degrees of freedom, p = 0.001


@pytest.mark.parametrize("weights", [{}, {"a": 0.0, "b": -1.0}, None])
def test_a_policy_without_weights_names_what_to_mend(weights: Any) -> None:
    rig = Rig()
    rig.offline.policies["router-core"] = version("1.0.0", modelWeights=weights)
    with pytest.raises(InvalidInput, match="weight") as caught:
        rig.client.choose()
    assert caught.value.field == "modelWeights"


def test_an_arm_that_is_rate_limited_is_replaced_by_the_others_by_weight() -> None:
    rig = Rig()
    rig.client.report(Choice("a", 0.6, "v"), "failure", 429)  # before the policy is known
    rig.client.current()
    rig.client.choose()
    rig.client.report(Choice("a", 0.6, "v"), "failure", 429)
    choices = [rig.client.choose() for _ in range(8000)]
    fallbacks = [c for c in choices if c.fallback_from is not None]
    drawn = [c for c in choices if c.fallback_from is None]
    assert {c.arm for c in choices} == {"b", "c"}
    assert {(c.fallback_from, c.propensity) for c in fallbacks} == {("a", None)}
    assert {c.arm: c.propensity for c in drawn} == pytest.approx({"b": 0.3, "c": 0.1})
    n, seen = len(fallbacks), Counter(c.arm for c in fallbacks)
    chi2 = sum((seen[arm] - n * s) ** 2 / (n * s) for arm, s in {"b": 0.75, "c": 0.25}.items())
    assert chi2 < 10.8  # chi-square, 1 degree of freedom, p = 0.001
    assert 0.57 < n / 8000 < 0.63


def test_the_fallback_is_an_arm_that_is_not_cooling_down_itself() -> None:
    rig = Rig()
    rig.client.choose()
    for arm in "ab":
        rig.client.report(Choice(arm, 0.1, "v"), "timeout")
    assert {rig.client.choose().arm for _ in range(200)} == {"c"}


def test_after_the_cooldown_one_request_probes_the_arm() -> None:
    rig = Rig()
    rig.offline.policies["router-core"] = version("1.0.0", modelWeights={"a": 1, "b": 1e-9})
    choice = rig.client.choose()
    assert choice.arm == "a"
    rig.client.report(choice, "timeout")
    assert rig.client.choose().arm == "b"
    rig.now += 30
    arms = [rig.client.choose().arm for _ in range(3)]
    assert arms == ["a", "b", "b"]
    rig.client.report(choice, "success")
    assert rig.client.choose() == Choice("a", pytest.approx(1.0), "router-core@1.0.0")  # type: ignore[arg-type]  # approx is a float to ==


def test_with_every_arm_cooling_down_the_drawn_one_serves() -> None:
    rig = Rig()
    rig.client.choose()
    for arm in "abc":
        rig.client.report(Choice(arm, 0.1, "v"), "timeout")
    choices = {rig.client.choose() for _ in range(200)}
    assert {c.arm for c in choices} == {"a", "b", "c"}
    assert {c.fallback_from for c in choices} == {None}
    assert None not in {c.propensity for c in choices}


def test_a_new_version_brings_a_new_rule_to_the_breaker() -> None:
    rig = Rig()
    rig.offline.policies["router-core"] = version("1.0.0", fallbackOn=[])
    choice = rig.client.choose()
    rig.client.report(choice, "timeout")
    assert {rig.client.choose().fallback_from for _ in range(50)} == {None}
    rig.offline.policies["router-core"] = version("1.0.1")
    rig.now += 60
    rig.client.choose()
    rig.client.report(choice, "timeout")
    assert choice.arm in {rig.client.choose().fallback_from for _ in range(50)}


@pytest.mark.parametrize("outcome", ["", "nonsense", 3, None])
def test_a_report_of_anything_does_not_raise(outcome: Any) -> None:
    rig = Rig()
    rig.client.report(rig.client.choose(), outcome, object())  # type: ignore[arg-type]  # a careless caller
    assert rig.client.choose().fallback_from is None


def test_a_component_runs_over_http(service: Service, transport: HttpTransport) -> None:
    service.policies["router-core"] = version("1.0.0") | {"policy": "router-core", "etag": "e1"}
    now = 0.0
    client = PolicyClient(transport, "router-core", clock=lambda: now)
    assert client.choose().arm in PARAMS["modelWeights"]
    now = 60.0
    assert client.current().stale is False
    assert {k.lower(): v for k, v in service.headers[-1].items()}["if-none-match"] == '"e1"'
    now, service.usual = 120.0, 503
    assert client.current().stale is True
    assert service.asked == 3


def test_a_transport_with_a_bug_leaves_the_component_running() -> None:
    rig = Rig()
    rig.client.current()
    rig.offline.policies["router-core"] = {"version": object(), "params": {}}
    rig.now += 60
    assert rig.client.current().stale is True


def test_asyncio_asks_once_and_serves_the_last_good_version(tmp_path: Path) -> None:
    class AsyncGate(AsyncOfflineTransport):
        def __init__(self) -> None:
            super().__init__({"router-core": version("1.0.0")})
            self.entered = asyncio.Event()
            self.through = asyncio.Event()

        async def resolve(self, policy: str, etag: str | None) -> Resolved | None:
            self.entered.set()
            await asyncio.wait_for(self.through.wait(), WAIT)
            return await super().resolve(policy, etag)

    now = 0.0
    cache = tmp_path / "cache.json"

    async def story() -> None:
        nonlocal now
        gate = AsyncGate()
        client = AsyncPolicyClient(gate, "router-core", clock=lambda: now, cache=cache)
        callers = [asyncio.create_task(client.current()) for _ in range(8)]
        await asyncio.wait_for(gate.entered.wait(), WAIT)
        gate.through.set()
        assert {(await c).version for c in callers} == {"router-core@1.0.0"}
        assert gate.offline.requests == 1
        assert json.loads(cache.read_text())["version"] == "router-core@1.0.0"

        now, gate.offline.policies["router-core"] = 60.0, version("1.0.1")
        gate.entered.clear()
        gate.through.clear()
        asking = asyncio.create_task(client.current())
        await asyncio.wait_for(gate.entered.wait(), WAIT)
        assert (await client.current()).version == "router-core@1.0.0"
        gate.through.set()
        assert (await asking).version == "router-core@1.0.1"

        gate.offline.down = True
        now = 120.0
        assert (await client.current()).stale is True
        choice = await client.choose("user-1")
        assert choice == await client.choose("user-1")
        client.report(choice, "timeout")
        assert (await client.choose("user-1")).fallback_from == choice.arm

    asyncio.run(story())


def test_asyncio_goes_on_after_a_caller_was_cancelled_and_in_a_second_loop(
    service: Service,
) -> None:
    service.policies["router-core"] = version("1.0.0") | {"policy": "router-core", "etag": "e1"}
    service.script.append("slow")
    transport = AsyncHttpTransport(service.url)
    client = AsyncPolicyClient(transport, "router-core")

    async def first() -> None:
        asking = asyncio.create_task(client.current())
        assert await asyncio.to_thread(service.until, lambda s: s.asked == 1)
        asking.cancel()
        await asyncio.wait([asking])
        service.let_go.set()
        assert (await client.current()).version == "router-core@1.0.0"
        await transport.aclose()

    async def second() -> None:
        assert (await client.choose()).arm in PARAMS["modelWeights"]

    asyncio.run(first())
    asyncio.run(second())
    assert service.asked == 2


def test_asyncio_without_any_answer_raises_the_services_error() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        with pytest.raises(RatchetError):
            await AsyncPolicyClient(transport, "router-core").choose()

    asyncio.run(story())

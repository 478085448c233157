"""Attacks over a socket: each gets its status and code, stores nothing, and learns nothing."""

import importlib
import json
from collections.abc import Callable, Iterator

import pytest

from ratchet.entry import options
from ratchet.entry.rates import Rates
from ratchet.entry.wiring import the_app
from ratchet.govern.access import Access
from ratchet.govern.config import Config, ConfigReader
from tests.support.attacked import ACCOUNT, IN_BODIES, IN_HEADERS, Target, leaked, under_attack
from tests.support.attacks.attack import JSON, UNKNOWN, Attack, an_admin, as_json, good
from tests.support.attacks.by_body import BY_BODY
from tests.support.attacks.by_protocol import BY_PROTOCOL
from tests.support.attacks.by_token import BY_TOKEN
from tests.support.functions import SERVICE, Functions
from tests.support.minted import AUDIENCE

pytestmark = pytest.mark.slow

ATTACKS = [*BY_TOKEN, *BY_BODY, *BY_PROTOCOL]
STORED = ("an id", "meta", "a lone surrogate", "a name", "a reserved", "a list in", "a hidden")
BAD_BODIES = [a for a in BY_BODY if a.path == "/record" and a.name.startswith(STORED)]

ROLES = {"ada": "admin", "router": "service", "fired": None, "lowered": "service"}
ROLES |= {"revoked": "admin", "disabled": "admin"}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with under_attack() as target:
        target.google.roles |= ROLES
        target.google.revoked.add("revoked")
        target.google.disabled.add("disabled")
        Attack("warm", 200, "", path="/health", method="GET", token=None).made_at(target)
        Attack("warm", 404, "", path="/resolve?component=x", method="GET").made_at(target)
        Attack("warm", 200, "").made_at(target)
        yield target


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_stores_nothing_and_learns_nothing(
    target: Target, attack: Attack
) -> None:
    before, read = target.kept(), len(target.log.getvalue())
    answer, token = attack.made_at(target)
    assert answer.status == attack.status, answer.text
    assert target.kept() == before
    assert leaked(answer, token) == []
    assert "Access-Control-Allow-Origin" not in answer.headers
    if attack.path != "/set_flags":  # the SDK's answer to a POST, which nothing caches
        assert answer.headers["Cache-Control"] == "no-store"
    if attack.method != "HEAD":
        body = json.loads(answer.body)
        assert set(body) == {"error"}
        error = body["error"].get("details", body["error"])
        assert error.get("code", "") == attack.code
        assert error["message"]
    logged = target.log.getvalue()[read:]
    secrets = [token] if len(token) > 20 else []
    assert [s for s in (IN_HEADERS, IN_BODIES, *secrets) if s in logged] == []


def test_no_two_attacks_have_one_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("caller", ["a user", "a service account"])
def test_who_does_as_he_should_is_let_through(target: Target, caller: str) -> None:
    before = target.kept()
    signer = target.google.signer
    token = signer.firebase("router", role="service")
    if caller != "a user":
        token = signer.oidc(ACCOUNT)
    answer, _ = Attack("good", 200, "", token=lambda google: token).made_at(target)
    assert answer.status == 200
    found = target.kept()["ops_observations"]
    assert len(found) == len(before["ops_observations"]) + 1


def test_an_admin_of_now_changes_a_policy(target: Target) -> None:
    body = json.dumps({"id": "router-core", "reason": "errors"}).encode()
    good = Attack("good", 200, "", path="/rollback", body=body, token=an_admin)
    answer, _ = good.made_at(target)
    assert (answer.status, json.loads(answer.body)["active"]) == (200, "1.0.1")


@pytest.mark.parametrize("path", ["/record", "/resolve", "/rollback", "/set_flags"])
def test_a_page_of_a_foreign_origin_is_told_nothing_it_could_use(target: Target, path: str) -> None:
    asked = [
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization"),
    ]
    for origin in (asked, [("Origin", "null"), *asked[1:]]):
        answer = target.send("OPTIONS", path, origin)
        assert [name for name in answer.headers if name.startswith("Access-Control")] == []


def test_app_check_shuts_every_door_to_whoever_has_no_token_of_it(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "APP_CHECK", True)
    before = target.kept()
    for sent in ((), (("X-Firebase-AppCheck", target.google.signer.firebase("ada")),)):
        attack = Attack("x", 401, UNKNOWN, headers=(*JSON, *sent))
        answer, token = attack.made_at(target)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (401, UNKNOWN)
        assert json.loads(answer.body)["error"]["field"] == "X-Firebase-AppCheck"
        assert leaked(answer, token) == []
    assert target.kept() == before


def test_whoever_guesses_too_often_is_told_to_wait_and_his_neighbour_is_not(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = importlib.import_module("ratchet.entry.http.door")
    monkeypatch.setattr(door, "RATES", Rates())
    access = Access(failures_per_minute=1, audiences=[AUDIENCE])
    monkeypatch.setattr(the_app().reader, "read", read_access(the_app().reader, access))
    guess = Attack("guess", 401, UNKNOWN, token=lambda google: "a.b.c")
    answers = [guess.made_at(target)[0] for _ in range(11)]
    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert Attack("good", 200, "").made_at(target)[0].status == 200


def read_access(reader: ConfigReader, access: Access) -> Callable[[type[Config]], Config]:
    """Read every configuration as it is, but one."""
    read = reader.read
    return lambda kind: access if kind is Access else read(kind)


def test_a_batch_that_is_replayed_is_answered_as_first_and_stored_once(target: Target) -> None:
    batch = Attack("batch", 200, "", body=as_json({"id": "twice", "observations": [good()] * 3}))
    first, _ = batch.made_at(target)
    kept = target.kept()
    for _ in range(3):
        again, _ = batch.made_at(target)
        assert again.status == 200
        assert json.loads(again.body) == json.loads(first.body) | {"duplicate": True}
    other = as_json({"id": "twice", "observations": [good(outcome="failure")] * 3})
    refused, _ = Attack("other", 409, "", body=other).made_at(target)
    assert (refused.status, json.loads(refused.body)["error"]["code"]) == (409, "RATCHET-4001")
    assert target.kept() == kept


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: str(bad.name))
def test_the_same_bodies_are_refused_on_each_store(functions: Functions, bad: Attack) -> None:
    found = functions.send("record", actor=SERVICE, data=bad.body, headers=dict(bad.headers))
    assert (found.status, found.error["code"]) == (bad.status, bad.code)

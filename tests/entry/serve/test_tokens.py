"""Development tokens: where they hold, what they say of a caller, and how they are given."""

from collections.abc import Iterable
from typing import Any

import pytest

from ratchet.entry.identity import ACTOR
from ratchet.entry.serve.tokens import DevTokens, dev_tokens, require_loopback, with_dev_tokens
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import InvalidInput, Refused

GIVEN = "service:a-service-token-1,admin:an-admin-token-01"


def seen(tokens: DevTokens, **environ: Any) -> dict[str, Any]:
    """Return the environment that the application sees of a request."""
    caught: dict[str, Any] = {}

    def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        caught.update(environ)
        return []

    with_dev_tokens(wsgi, tokens)(environ, lambda *_: lambda _: None)
    return caught


def test_every_start_has_tokens_of_its_own_one_for_each_role() -> None:
    first, second = dev_tokens(None), dev_tokens("")
    tokens = [*first.by_role.values(), *second.by_role.values()]
    assert set(first.by_role) == {"service", "admin"}
    assert len(set(tokens)) == 4
    assert min(map(len, tokens)) >= 32
    assert not first.given


@pytest.mark.parametrize("text", [GIVEN, " admin:an-admin-token-01 , service:a-service-token-1"])
def test_the_environment_may_give_them_so_that_clients_survive_a_restart(text: str) -> None:
    tokens = dev_tokens(text)
    assert tokens.given
    assert tokens.by_role == {"service": "a-service-token-1", "admin": "an-admin-token-01"}


@pytest.mark.parametrize(
    "text",
    [
        "service:a-service-token-1",
        "service:a-service-token-1,admin:short",
        "service:a-service-token-1,admin:fifteen-letters",
        "service:a-service-token-1,root:an-admin-token-01",
        "service:a-service-token-1,admin:the-same-token-01,admin:an-admin-token-01",
        "service:one-token-for-both,admin:one-token-for-both",
        "service:a-service-token-1,admin:an admin token 01",
        "service:a-service-token-1,admin:ein-ädmin-token-01",
        "nonsense",
    ],
)
def test_weak_or_half_given_tokens_are_refused_by_the_variables_name(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        dev_tokens(text)
    assert caught.value.field == "RATCHET_DEV_TOKENS"
    assert caught.value.mend
    for part in text.split(","):
        assert part.partition(":")[2] == "" or part.partition(":")[2] not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_takes_development_tokens(host: str) -> None:
    require_loopback(host, dev_tokens=True)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "localhost.example.com", "", "2130706433"]
)
def test_any_other_interface_refuses_them_with_the_way_out(host: str) -> None:
    with pytest.raises(Refused) as caught:
        require_loopback(host, dev_tokens=True)
    assert caught.value.field == "host"
    assert "--no-dev-tokens" in caught.value.mend
    require_loopback(host, dev_tokens=False)


@pytest.mark.parametrize("dev_tokens", [True, False])
def test_any_other_interface_is_refused_where_auth_is_emulated(
    monkeypatch: pytest.MonkeyPatch, dev_tokens: bool
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    require_loopback("127.0.0.1", dev_tokens=dev_tokens)
    with pytest.raises(Refused, match="FIREBASE_AUTH_EMULATOR_HOST") as caught:
        require_loopback("0.0.0.0", dev_tokens=dev_tokens)
    assert caught.value.field == "host"
    assert "unset FIREBASE_AUTH_EMULATOR_HOST" in caught.value.mend


@pytest.mark.parametrize("role", ["service", "admin"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_says_who_calls_and_goes_no_further(role: str, scheme: str) -> None:
    tokens = dev_tokens(GIVEN)
    token = {"service": "a-service-token-1", "admin": "an-admin-token-01"}[role]
    environ = seen(tokens, HTTP_AUTHORIZATION=f"{scheme} {token}", PATH_INFO="/record")
    actor = environ[ACTOR]
    assert isinstance(actor, Actor)
    assert (actor.name, actor.role) == (f"dev-{role}", role)
    assert environ["PATH_INFO"] == "/record"
    assert token not in repr(environ)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer a-service-token-2",
        "Bearer a-service-token-",
        "Bearer a-service-token-1x",
        "Basic a-service-token-1",
        "a-service-token-1",
        "Bearer",
        "Bearer \u00ff\u0100",
        "",
    ],
)
def test_another_header_passes_as_it_came_and_says_nobody(header: str) -> None:
    environ = seen(dev_tokens(GIVEN), HTTP_AUTHORIZATION=header)
    assert environ == {"HTTP_AUTHORIZATION": header}


def test_no_header_of_a_request_can_name_the_actor() -> None:
    sent = {"HTTP_RATCHET_ACTOR": "admin", "HTTP_RATCHET.ACTOR": "admin"}
    assert ACTOR not in seen(dev_tokens(GIVEN), **sent)

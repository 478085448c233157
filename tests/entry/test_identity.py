"""Who calls: tokens verified for real, against certificates and users of the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from ratchet.entry.identity import ACTOR, MAX_TOKEN, bearer, check_app, identify, require_role
from ratchet.govern.access import Access
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import Forbidden, RatchetError, Unauthenticated, Unavailable
from tests.support.minted import (
    AUDIENCE,
    Google,
    account_claims,
    google_at_the_edge,
    raw_token,
    user_claims,
)

NOBODY = Access()
ACCOUNT = "router@example.iam.gserviceaccount.com"
LISTED = Access(audiences=[AUDIENCE], service_accounts={ACCOUNT: "service"})


@pytest.fixture(scope="module")
def _edge() -> Iterator[Google]:
    with pytest.MonkeyPatch.context() as patch, google_at_the_edge(patch) as google:
        yield google


@pytest.fixture
def google(_edge: Google) -> Google:
    _edge.roles, _edge.disabled, _edge.revoked, _edge.down = {"ada": "admin"}, set(), set(), False
    return _edge


def asking(token: str | None = None, **environ: Any) -> Request:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Request(
        EnvironBuilder(headers=Headers(headers), environ_overrides=environ).get_environ()
    )


def test_a_door_before_ours_may_say_who_calls() -> None:
    actor = Actor(name="ada", kind="person", role="admin")
    assert identify(asking(None, **{ACTOR: actor}), NOBODY) == actor
    with pytest.raises(Unauthenticated):  # a token that came all the same is held to account
        identify(asking("nonsense", **{ACTOR: actor}), NOBODY)


@pytest.mark.parametrize("said", ["admin", {"name": "eve", "role": "admin"}, None])
def test_only_an_actor_is_one(said: Any) -> None:
    with pytest.raises(Unauthenticated):
        identify(asking(**{ACTOR: said}), NOBODY)


def test_no_header_becomes_the_actor() -> None:
    request = Request(
        EnvironBuilder(headers=[("Ratchet.Actor", "admin"), (ACTOR, "x")]).get_environ()
    )
    with pytest.raises(Unauthenticated):
        identify(request, NOBODY)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YWRhOnB3",
        "Token abc",
        "Bearer " + "x" * (MAX_TOKEN + 1),
        "Bearer \xff",
    ],
)
def test_a_header_without_a_token_of_a_fair_length_is_refused(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    with pytest.raises(Unauthenticated) as caught:
        bearer(Request(EnvironBuilder(headers=Headers(headers)).get_environ()))
    assert caught.value.field == "Authorization"


def test_the_scheme_is_taken_in_any_case() -> None:
    headers = {"Authorization": "bEaReR  a.b.c "}
    assert bearer(Request(EnvironBuilder(headers=Headers(headers)).get_environ())) == "a.b.c"


@pytest.mark.parametrize("role", ["admin", "service"])
def test_a_user_with_a_role_is_an_actor_by_uid(google: Google, role: str) -> None:
    found = identify(asking(google.signer.firebase("ada", role=role)), NOBODY)
    assert found == Actor(name="ada", kind="person", role=role)


@pytest.mark.parametrize("role", [None, "owner", "", ["admin"], {"admin": True}, 1, "ADMIN"])
def test_a_user_without_a_role_of_ours_is_forbidden(google: Google, role: Any) -> None:
    with pytest.raises(Forbidden):
        identify(asking(google.signer.firebase("ada", role=role)), NOBODY)


def test_a_role_that_was_taken_away_is_gone_at_once_where_freshness_is_wanted(
    google: Google,
) -> None:
    token = google.signer.firebase("ada", role="admin")
    google.roles["ada"] = None
    with pytest.raises(Forbidden):
        identify(asking(token), NOBODY, fresh=True)
    assert identify(asking(token), NOBODY).role == "admin"  # until it expires, within the hour


def test_a_role_that_was_lowered_counts_as_it_is_now(google: Google) -> None:
    google.roles["ada"] = "service"
    token = google.signer.firebase("ada", role="admin")
    assert identify(asking(token), NOBODY, fresh=True).role == "service"


@pytest.mark.parametrize("state", ["disabled", "revoked", "gone"])
def test_a_user_who_lost_access_is_unknown_where_freshness_is_wanted(
    google: Google, state: str
) -> None:
    token = google.signer.firebase("ada", role="admin")
    if state == "gone":
        google.roles.clear()
    else:
        getattr(google, state).add("ada")
    with pytest.raises(Unauthenticated):
        identify(asking(token), NOBODY, fresh=True)


@pytest.mark.parametrize("of", ["user", "account"])
def test_with_google_away_the_caller_may_try_again(google: Google, of: str) -> None:
    google.down = True
    signer = google.signer
    token = signer.firebase("ada", role="admin") if of == "user" else signer.oidc(ACCOUNT)
    with pytest.raises(Unavailable):
        identify(asking(token), LISTED)


def test_a_service_account_on_the_list_has_the_role_it_says(google: Google) -> None:
    found = identify(asking(google.signer.oidc(ACCOUNT)), LISTED)
    assert found == Actor(name=ACCOUNT, kind="machine", role="service")


@pytest.mark.parametrize(
    ("claims", "access", "error"),
    [
        ({}, NOBODY, Unauthenticated),
        ({}, Access(service_accounts={ACCOUNT: "admin"}), Unauthenticated),
        ({}, Access(audiences=[AUDIENCE]), Forbidden),
        ({"aud": "https://other.example"}, LISTED, Unauthenticated),
        ({"aud": ""}, LISTED, Unauthenticated),
        ({"aud": None}, LISTED, Unauthenticated),
        ({"email_verified": False}, LISTED, Unauthenticated),
        ({"email_verified": "true"}, LISTED, Unauthenticated),
        ({"email": None}, LISTED, Unauthenticated),
        ({"email": [ACCOUNT]}, LISTED, Unauthenticated),
        ({"email": ACCOUNT.upper()}, LISTED, Forbidden),
        ({"email": "eve@example.com"}, LISTED, Forbidden),
        ({"exp": 1}, LISTED, Unauthenticated),
        ({"exp": "soon"}, LISTED, Unauthenticated),
        ({"iat": 9_999_999_999}, LISTED, Unauthenticated),
        ({"iss": "accounts.google.com.evil.example"}, LISTED, Unauthenticated),
    ],
)
def test_any_other_service_account_stays_outside(
    google: Google, claims: dict[str, Any], access: Access, error: type[RatchetError]
) -> None:
    with pytest.raises(error):
        identify(asking(google.signer.oidc(ACCOUNT, **claims)), access)


@pytest.mark.parametrize(
    "token",
    [
        "a",
        "a.b",
        "a.b.c",
        "...",
        "a.b.c.d",
        raw_token([], user_claims("ada")),
        raw_token("text", user_claims("ada")),
        raw_token({"alg": "RS256", "kid": ["key-1"]}, user_claims("ada")),
        raw_token({"alg": ["RS256"], "kid": "key-1"}, user_claims("ada")),
        raw_token({"alg": "HS256"}, user_claims("ada") | {"v": 0, "d": 5}),
        raw_token({"alg": "RS256", "kid": "key-1"}, []),
        raw_token({"alg": "RS256", "kid": "key-1"}, None),
        raw_token({"alg": "RS256", "kid": "key-1"}, {"iss": {"a": 1}}),
        raw_token({"alg": "RS256", "kid": "key-1"}, {"iss": [[[]]]}),
        raw_token([], account_claims(ACCOUNT)),
        raw_token({"alg": "RS256", "kid": {}}, account_claims(ACCOUNT)),
        raw_token({"alg": {}, "kid": "key-1"}, account_claims(ACCOUNT)),
    ],
)
def test_what_is_no_token_is_refused_and_nothing_breaks(google: Google, token: str) -> None:
    with pytest.raises(Unauthenticated):
        identify(asking(token), LISTED)


def test_a_signed_token_with_odd_times_is_refused(google: Google) -> None:
    odds: list[dict[str, Any]] = [{"exp": "x"}, {"iat": None}, {"exp": []}]
    for odd in odds:
        with pytest.raises(Unauthenticated):
            identify(asking(google.signer.firebase("ada", role="admin", **odd)), NOBODY)


def test_an_admin_has_both_roles_and_a_service_one() -> None:
    admin = Actor(name="ada", kind="person", role="admin")
    service = Actor(name="router", kind="person", role="service")
    require_role(admin, "service")
    require_role(service, "service")
    with pytest.raises(Forbidden):
        require_role(service, "admin")


@pytest.mark.parametrize("header", [{}, {"X-Firebase-AppCheck": "a.b.c"}])
def test_no_app_check_token_is_refused(google: Google, header: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        check_app(Request(EnvironBuilder(headers=Headers(header)).get_environ()))
    assert caught.value.field == "X-Firebase-AppCheck"

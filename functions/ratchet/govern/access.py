"""`config/access`: which service accounts may call, and how often any caller may."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ratchet.govern.config import Config
from ratchet.govern.roles import Role

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
Audience = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Access(Config):
    """Who may call besides the users of Firebase Auth, whose role is a claim of their token.

    `serviceAccounts` maps the e-mail address of a Google Cloud service account to its role; its
    OIDC token must be meant for one of `audiences`. `requestsPerMinute` bounds each caller, in
    each instance of a function; `failuresPerMinute` bounds refused callers by address.
    """

    name: ClassVar[str] = "access"
    ttl: ClassVar[timedelta] = timedelta(seconds=15)

    service_accounts: Annotated[dict[Email, Role], Field(max_length=1000)] = {}
    audiences: Annotated[list[Audience], Field(max_length=100)] = []
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 6000
    failures_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 60

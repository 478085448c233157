"""Bundles by HTTP: the versions of an agent's policy, drafted, uploaded, and set on their road."""

from typing import Annotated

from pydantic import Field, JsonValue

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import NotFound
from ratchet.labels.heuristics.draft import Drafted, upload_heuristic
from ratchet.labels.heuristics.settings import HeuristicSettings
from ratchet.observe.observation import Name
from ratchet.policies.propose import is_policy_id
from ratchet.policies.version import (
    ChangeClass,
    Number,
    PolicyVersion,
    SemVer,
    Status,
    key_parts,
    version_key,
)
from ratchet.rollouts.assign import Mode
from ratchet.rollouts.rollout import Challenger, Rollout

HEURISTIC_PROFILE = "quality-gain"


class WantedBundles(Paged):
    """Whose versions."""

    agent: Name


class Bundle(Model):
    """One version of an agent's policy, without its params, which may be long."""

    agent: str
    policy: str
    version: str
    status: Status
    change_class: ChangeClass
    parent: str | None = None
    created_at: Instant
    created_by: str
    notes: str = ""


class NewBundle(Model):
    """A draft whose parent is the active version; params that are left out stay as they are."""

    agent: Name
    params: dict[str, JsonValue]
    tuning_space: dict[str, JsonValue] | None = None
    version: Number | None = None
    notes: Annotated[str, Field(max_length=2000)] = ""
    reason: Why


class UploadedBundle(Model):
    """A model that was trained elsewhere, as `ratchet heuristics train --out` writes it."""

    agent: Name
    model: dict[str, JsonValue]
    reason: Why


class SetOut(Model):
    """Without a mode the version enters the first gate of its change class.

    Without a profile a trained model is held to `quality-gain`, and others to their gates' own.
    """

    mode: Mode | None = None
    profile: Name | None = None
    reason: Why


def list_bundles(ask: Ask, query: WantedBundles) -> Page[Bundle]:
    """List the versions of an agent's policy, newest first."""
    from ratchet.policies.history import list_versions

    reader, policy = ask.app.reader, policy_of(ask.app.reader, query.agent)
    found = [bundle(query.agent, version) for version in list_versions(ask.app.store, policy)]
    if not found and query.agent not in reader.read(HeuristicSettings).agents:
        raise NotFound(
            f"no policy {policy} is there, and config/heuristics does not name {query.agent}",
            field="agent",
            mend="POST /v1/bundles drafts its first version; or ratchet policy propose",
        )
    return page_of_list(ask, query, Page[Bundle], found, _newest_first)


def active(ask: Ask, agent: str) -> PolicyVersion:
    """Show the active version of an agent's policy, with its signature checked."""
    from ratchet.policies.history import get_version
    from ratchet.policies.resolve import resolve

    app = ask.app
    answer = resolve(app.store, app.keys, policy_of(app.reader, agent))
    return get_version(app.store, app.keys, *key_parts(answer.version))


def create(ask: Ask, body: NewBundle) -> Bundle:
    """Write a draft."""
    from ratchet.policies.propose import propose

    app = ask.app
    new = propose(
        app.store,
        app.keys,
        ask.actor,
        policy_of(app.reader, body.agent),
        body.params,
        now=ask.now,
        partial=True,
        tuning_space=body.tuning_space,
        version=body.version,
        notes=body.notes,
        reason=body.reason,
    )
    return bundle(body.agent, new)


def upload(ask: Ask, body: UploadedBundle) -> Drafted:
    """Draft a version that carries a model which takes the agent's features; once."""
    app = ask.app
    return upload_heuristic(
        app.store,
        app.keys,
        app.reader,
        body.agent,
        body.model,
        actor=ask.actor,
        reason=body.reason,
        now=ask.now,
    )


def set_out(ask: Ask, agent: str, version: str, body: SetOut) -> Rollout:
    """Let a version set out on its road to active, by the gates of what it changes."""
    from ratchet.kernel.ids import random_id
    from ratchet.rollouts.request import RolloutRequest
    from ratchet.rollouts.start import start_rollout

    app, policy = ask.app, policy_of(ask.app.reader, agent)
    trained = agent in app.reader.read(HeuristicSettings).agents
    asked = RolloutRequest(
        policy=policy,
        challengers=(Challenger(arm=version, version=version_key(policy, version)),),
        mode=body.mode,
        profile=body.profile or (HEURISTIC_PROFILE if trained else None),
    )
    return start_rollout(
        app.store,
        app.keys,
        app.reader,
        ask.actor,
        asked,
        salt=random_id(),
        reason=body.reason,
        now=ask.now,
    )


def policy_of(reader: ConfigReader, agent: str) -> str:
    """Return an agent's policy: that of `config/heuristics`, else the one of the agent's name.

    Raises: NotFound.
    """
    heuristic = reader.read(HeuristicSettings).agents.get(agent)
    if heuristic is not None:
        return heuristic.policy
    if is_policy_id(agent):
        return agent
    raise NotFound(
        f"no policy is known of {agent}",
        field="agent",
        mend="ratchet config set heuristics FILE --reason ..., with a policy of this agent",
    )


def bundle(agent: str, version: PolicyVersion) -> Bundle:
    """Return what is listed of a version."""
    return Bundle(
        agent=agent,
        policy=version.id,
        version=version.version,
        status=version.status,
        change_class=version.change_class,
        parent=version.parent,
        created_at=version.created_at,
        created_by=version.created_by,
        notes=version.notes,
    )


def _newest_first(found: Bundle) -> tuple[int, ...]:
    return tuple(-number for number in SemVer.of(found.version))


ROUTES = (
    Route("GET", "/v1/bundles", list_bundles, Page[Bundle], query=WantedBundles),
    Route("GET", "/v1/bundles/{agent}/active", active, PolicyVersion),
    Route("POST", "/v1/bundles", create, Bundle, body=NewBundle),
    Route("POST", "/v1/bundles/upload", upload, Drafted, body=UploadedBundle),
    Route("POST", "/v1/bundles/{agent}/{version}/propose", set_out, Rollout, body=SetOut),
)

"""Every kind of sink keeps the Protocol, is registered, and can be configured."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from ratchet.govern import sinks
from ratchet.govern.alerts.settings import AlertSettings, SinkKind, SinkSpec
from ratchet.govern.deliver import tell_sink
from ratchet.govern.sinks import SINKS
from ratchet.kernel.errors import Unavailable
from tests.contracts.test_registries import modules
from tests.support.governed import NOON
from tests.support.sinks import MINUTE, World, full

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "log": {},
    "webhook": {"urlEnv": "RATCHET_ALERT_URL", "keyEnv": "RATCHET_ALERT_KEY"},
    "cloudevents": {"urlEnv": "RATCHET_ALERT_URL", "keyEnv": "RATCHET_ALERT_KEY"},
}
every = pytest.mark.parametrize("kind", SINKS)


def spec(kind: str, **more: Any) -> SinkSpec:
    given = {"kind": kind, "settings": {**SETTINGS[kind], **more}}
    return AlertSettings.parse({"sinks": {"ops": given}}).sinks["ops"]


def test_every_file_that_tells_is_registered_under_its_name() -> None:
    found = {name: m.tell for name, m in modules(sinks).items() if hasattr(m, "tell")}
    assert {name: kind.tell for name, kind in SINKS.items()} == found
    assert set(modules(sinks)) - set(found) == {"send", "shapes", "sink", "told"}
    assert tuple(SINKS) == get_args(SinkKind)


@every
def test_each_turn_is_told_with_its_command_and_an_id_of_its_own(kind: str) -> None:
    world = World()
    turns = [full(), full().acked("ada", "on it", now=NOON)]
    turns.append(turns[1].ended("ada", "made room", now=NOON + MINUTE))
    for about in (*turns, *turns):
        tell_sink("ops", spec(kind), about, world.outlets)
    told = [str(line) for line in world.lines] or [post.body.decode() for post in world.posts]
    assert len(told) == 6
    assert told[:3] == told[3:]
    assert len(set(told)) == 3
    assert all("ratchet doctor" in one and "full~disk~1" in one for one in told)


@pytest.mark.parametrize("kind", [kind for kind in SINKS if kind != "log"])
def test_a_failure_names_the_sink_and_no_secret(kind: str) -> None:
    world = World()
    world.answers["hooks.example"] = Unavailable("it does not answer: ConnectError")
    with pytest.raises(Unavailable, match=r"^ops: it does not answer") as caught:
        tell_sink("ops", spec(kind), full(), world.outlets)
    assert "s3cret" not in str(caught.value)


@every
def test_unknown_settings_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r"settings\.mood"):
        SinkSpec.model_validate({"kind": kind, "settings": {**SETTINGS[kind], "mood": "fine"}})

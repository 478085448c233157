"""What the service takes for no unit: it is served while a rollout runs, and takes no part."""

import asyncio
import itertools
import logging
from typing import Any

import pytest

from ratchet.client import (
    AsyncOfflineTransport,
    AsyncPolicyClient,
    PolicyClient,
    Recorder,
    policy,
)
from ratchet.client.direct import DirectTransport
from ratchet.kernel.clock import ManualClock
from ratchet.store.port import Store
from tests.client.test_assigning import UNITS, Rig, running
from tests.support.governed import KEYS, NOON, POLICY
from tests.support.trials import begin, ready

ROLLOUT_FIELDS = {"rolloutId", "rolloutStep", "rolloutArm", "unit", "exposedAt", "paired"}


class Nobody:
    """A unit of a caller's own, which has a text of its own."""

    def __repr__(self) -> str:
        return "alice@example.com"


UNFIT: list[Any] = [12345, 0, 1.5, True, b"u1", ("u", 1), Nobody(), "x" * 257, "\ud800", ""]


@pytest.mark.parametrize("unit", UNFIT)
def test_it_is_served_the_champion_and_takes_no_part(unit: Any) -> None:
    for mode in ("canary", "shadow"):
        rig = Rig(running(mode, share=0.9999))
        choice = rig.client.choose(unit)
        assert choice.policy_version == f"{POLICY}@1.0.0"
        assert (choice.assignment, choice.shadows) == (None, ())
        assert not ROLLOUT_FIELDS & set(choice.as_observation())
        assert rig.client.assign(unit) is None
        assert rig.recorder.told == []


@pytest.mark.parametrize("unit", UNFIT)
def test_it_keeps_the_arm_that_it_had_before_the_rollout(unit: Any) -> None:
    plain = running()
    del plain["rollout"]
    before, during = Rig(plain), Rig()
    arm = before.client.choose(unit).arm
    assert {rig.client.choose(unit).arm for rig in (before, during) for _ in range(20)} == {arm}


def test_asyncio_serves_it_alike() -> None:
    async def story() -> None:
        carrier = AsyncOfflineTransport({POLICY: running(share=0.9999)})
        client = AsyncPolicyClient(carrier, POLICY)
        for unit in UNFIT:
            assert await client.assign(unit) is None
            assert (await client.choose(unit)).policy_version == f"{POLICY}@1.0.0"
        assert (await client.choose("user-1")).policy_version == f"{POLICY}@1.0.1"

    asyncio.run(story())


def test_the_log_says_so_once_in_a_process_and_names_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "unfit_units", itertools.count())
    plain = running()
    del plain["rollout"]
    with caplog.at_level(logging.WARNING, "ratchet.client"):
        for rig, units in ((Rig(plain), UNFIT), (Rig(), [None, *UNITS[:9]])):
            for unit in units:
                rig.client.choose(unit)
        assert caplog.messages == []
        for rig in (Rig(), Rig()):
            for unit in (Nobody(), *UNFIT):
                rig.client.choose(unit)
    assert caplog.messages == [
        "a unit takes no part in the rollout: "
        "text of 1 to 256 characters that UTF-8 can hold is wanted, not Nobody"
    ]


@pytest.mark.parametrize(("unit", "found"), [("x" * 300, "300"), ("\ud800", "1"), ("", "0")])
def test_the_log_counts_the_characters_of_a_text(
    unit: str, found: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "unfit_units", itertools.count())
    Rig().client.choose(unit)
    assert caplog.messages[0].endswith(f"not text of {found} characters")


def test_its_outcomes_are_taken_before_and_during_a_rollout(store: Store) -> None:
    ready(store)
    transport = DirectTransport(store, KEYS, ManualClock(NOON))
    for running_now in (False, True):
        if running_now:
            begin(store)
        with Recorder(transport, clock=lambda: NOON) as recorder:
            client = PolicyClient(transport, POLICY, recorder=recorder, wall_clock=lambda: NOON)
            for unit in UNFIT:
                choice = client.choose(unit)
                recorder.record(choice.as_observation(), component="router", outcome="success")
            assert recorder.flush()
            assert recorder.rejections == ()
            assert (recorder.stats.recorded, recorder.stats.accepted) == (len(UNFIT), len(UNFIT))

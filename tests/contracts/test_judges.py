"""Every kind of judge keeps the Protocol, is registered, and can be configured."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.labels import judges
from ratchet.labels.judges import JUDGES
from ratchet.labels.judges.judge import Seat, Unsaid, Verdict
from ratchet.labels.settings import JudgeKind, JudgeSettings, JudgeSpec
from ratchet.store.port import Store
from tests.contracts.test_registries import modules
from tests.support.judgements import case
from tests.support.model_server import said, serving_model
from tests.support.observing import NOON

every = pytest.mark.parametrize("kind", JUDGES)
RULES = {"rules": [{"at": "outcome", "equals": "success", "label": "good", "score": 1.0}]}


@contextmanager
def settings_of(kind: str) -> Iterator[Mapping[str, Any]]:
    """Yield settings with which a kind judges successes, where it judges here at all."""
    if kind != "llm":
        yield RULES if kind == "rules" else {}
        return
    with serving_model(said({"label": "good"})) as server:
        prices = {"maxCostUsdDay": 1.0, "usdPerMillionIn": 1.0, "usdPerMillionOut": 1.0}
        asked = {"model": "m", "prompt": "{outcome}", "classes": {"good": 1.0}}
        yield {"baseUrl": server.url} | asked | prices


@contextmanager
def spec_of(kind: str) -> Iterator[JudgeSpec]:
    """Yield a judge of a kind, as the configuration has it."""
    with settings_of(kind) as settings:
        spec = {"kind": kind, "family": "tests", "settings": settings}
        yield JudgeSettings.parse({"judges": {"j": spec}}).judges["j"]


def test_every_file_that_opens_a_judge_is_registered_under_its_name() -> None:
    found = {name: m.opened for name, m in modules(judges).items() if hasattr(m, "opened")}
    assert {name: kind.opened for name, kind in JUDGES.items()} == found
    others = {"judge", "budget", "llm_settings", "prompt"}
    assert set(modules(judges)) - set(found) == others


def test_the_configuration_names_the_kinds_that_there_are() -> None:
    assert tuple(JUDGES) == get_args(JudgeKind)


@every
def test_a_judge_is_opened_with_its_seat_and_nothing_else(kind: str) -> None:
    opened: Callable[..., Any] = JUDGES[kind].opened
    assert [p.annotation for p in inspect.signature(opened).parameters.values()] == [Seat]


@every
def test_unknown_settings_are_refused(kind: str) -> None:
    with settings_of(kind) as settings:
        spec = {"kind": kind, "family": "tests", "settings": {**settings, "mood": "fine"}}
        with pytest.raises(ValueError, match=r"settings\.mood"):
            JudgeSpec.model_validate(spec)


@every
def test_a_judge_says_the_same_again_and_writes_neither_judgement_nor_feedback(
    kind: str, embedded: Store
) -> None:
    with spec_of(kind) as spec:
        seat = spec.seat("j", embedded, ManualClock(NOON))
        with JUDGES[kind].opened(seat) as judge:
            found = judge(case())
            assert judge(case()) == found
    assert set(embedded.collections()) <= {"ops_checkpoints", "ops_operations"}
    if isinstance(found, Unsaid):
        assert found.why
        return
    assert found
    assert all(isinstance(verdict, Verdict) for verdict in found)
    assert {verdict.label for verdict in found} == {"good"}

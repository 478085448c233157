"""Every member of a registry keeps its Protocol's laws, and no file is left unregistered."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet import tune
from ratchet.policies.space import Range, Simplex
from ratchet.policies.version import change_class, check_params
from ratchet.stats.bucket import Sums
from ratchet.tune import TUNERS
from ratchet.tune.view import Tuner, View
from tests.support.views import earned, measured, version_of, view

EPS = 1e-8
every_tuner = pytest.mark.parametrize("tuner", TUNERS.values(), ids=TUNERS.keys())


def modules(package: ModuleType) -> dict[str, ModuleType]:
    """Return the modules of a package by name."""
    names = sorted(path.stem for path in Path(package.__path__[0]).glob("*.py"))
    found = [name for name in names if name != "__init__"]
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in found}


def test_every_file_that_suggests_is_registered_under_its_name() -> None:
    suggesting = {
        name: module.suggest for name, module in modules(tune).items() if hasattr(module, "suggest")
    }
    assert dict(TUNERS) == suggesting
    assert list(TUNERS) == sorted(TUNERS)


@every_tuner
def test_a_tuner_takes_a_view_and_nothing_else(tuner: Tuner) -> None:
    assert [p.annotation for p in inspect.signature(tuner).parameters.values()] == [View]


@st.composite
def hours(draw: st.DrawFn) -> list[Sums]:
    """Draw what a component did in some hours: rewards, latencies, costs."""
    out = []
    for _ in range(draw(st.integers(0, 3))):
        rewards = earned(draw(st.integers(0, 400)), draw(st.floats(0, 1)), draw(st.floats(0, 0.5)))
        size = draw(st.sampled_from([0, 80, 250]))
        latency = np.full(size, draw(st.floats(0, 1e5))).tolist()
        cost = np.full(size, draw(st.floats(0, 2))).tolist()
        bins = measured(latency, cost)
        out.append(
            rewards.model_copy(
                update={"latency_bins": bins.latency_bins, "cost_bins": bins.cost_bins}
            )
        )
    return out


@st.composite
def spans(draw: st.DrawFn, present: float) -> dict[str, object]:
    """Draw the range of a number that holds its present value."""
    kind = draw(st.sampled_from(["float", "int"]))
    span = {
        "kind": kind,
        "low": present * draw(st.floats(0, 1)),
        "high": present * draw(st.floats(1, 3)),
        "maxStep": draw(st.none() | st.floats(0.001, 2000)),
        "component": draw(st.none() | st.just("router:a")),
    }
    return {name: value for name, value in span.items() if value is not None}


@st.composite
def views(draw: st.DrawFn) -> View:
    """Draw a view of a version that lies inside its own envelope."""
    arms = "abcdefgh"[: draw(st.integers(1, 8))]
    parts = np.array(draw(st.lists(st.integers(1, 100), min_size=len(arms), max_size=len(arms))))
    shares = parts / parts.sum()
    latency, cost = draw(st.integers(1, 20_000)), draw(st.floats(1e-4, 1))
    simplex = {
        "kind": "simplex",
        "floor": float(shares.min()) * draw(st.floats(0, 1)),
        "cap": float(min(1, shares.max() * draw(st.floats(1, 3)))),
        "maxStep": draw(st.floats(0.001, 1)),
    }
    params = {
        "modelWeights": dict(zip(arms, shares.tolist(), strict=True)),
        "latencyTargetMs": latency,
        "maxCostUsd": cost,
        "cooldownMs": 100,
    }
    space = {
        "modelWeights": simplex,
        "latencyTargetMs": draw(spans(latency)),
        "maxCostUsd": draw(spans(cost)) | {"kind": "float"},
    }
    by_component = {f"router:{arm}": draw(hours()) for arm in arms}
    return view(params, space, by_component, seed=draw(st.integers(0, 2**64 - 1)))


@every_tuner
@given(look=views())
def test_what_a_tuner_suggests_lies_inside_the_envelope(tuner: Tuner, look: View) -> None:
    found = tuner(look)
    assert found.reasons
    assert set(found.params) <= set(look.version.tuning_space)
    space, before = look.version.space(), look.version.params
    for name, value in found.params.items():
        span = space[name]
        assert isinstance(span, Simplex | Range)
        assert span.holds(value, before[name]), f"{name}: {before[name]} -> {value}"
        if isinstance(span, Simplex):
            assert sum(value.values()) == pytest.approx(1, abs=EPS)
    after = dict(before) | dict(found.params)
    check_params(after, look.version.tuning_space)
    new = version_of(after, look.version.tuning_space)
    assert change_class(look.version, new) == "allocation"


@every_tuner
@given(look=views())
def test_a_tuner_says_the_same_of_the_same_view(tuner: Tuner, look: View) -> None:
    turned = {c: dict(reversed(list(by_hour.items()))) for c, by_hour in look.hours.items()}
    again = View(
        version=look.version.model_copy(deep=True),
        base=dict(look.base),
        hours=dict(reversed(list(turned.items()))),
        seed=look.seed,
    )
    assert repr(tuner(look)) == repr(tuner(again))

"""`python -m bench`: a table of figures, a list of them as JSON, and the status of a miss."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench.figure import Figure

HOLDS = Figure("speed", 50.0, "x", 40, "higher")
SHOWN = Figure("rate", 7.0, "obs/s")
MISSED = Figure("cost", 2.5, "x", 2.0)


def measured(monkeypatch: pytest.MonkeyPatch, *figures: Figure) -> None:
    """Put these figures in the place of those that take minutes."""
    module = SimpleNamespace(name="one")
    monkeypatch.setattr("pkgutil.iter_modules", lambda _: [module])
    found = SimpleNamespace(figures=lambda: list(figures))
    monkeypatch.setattr("importlib.import_module", lambda _: found)


def test_figures_that_hold_are_printed_and_end_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(monkeypatch, HOLDS, SHOWN)
    assert bench.main([]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["speed", "50", "x", ">=", "40", "holds"]
    assert second.split() == ["rate", "7", "obs/s", "reported"]


def test_a_figure_that_misses_is_named_and_the_status_is_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    measured(monkeypatch, HOLDS, MISSED, SHOWN)
    assert bench.main([str(tmp_path / "figures.json")]) == 1
    told = capsys.readouterr()
    assert told.err == "missed: cost\n"
    assert "<= 2  MISSED" in told.out
    assert json.loads((tmp_path / "figures.json").read_text()) == [
        {"name": "speed", "value": 50.0, "unit": "x", "limit": 40, "holds": True},
        {"name": "cost", "value": 2.5, "unit": "x", "limit": 2.0, "holds": False},
        {"name": "rate", "value": 7.0, "unit": "obs/s", "limit": None, "holds": True},
    ]


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (Figure("at the limit", 2.0, "x", 2.0), True),
        (Figure("over", 2.01, "x", 2.0), False),
        (Figure("at the limit", 2.0, "x", 2.0, "higher"), True),
        (Figure("under", 1.99, "x", 2.0, "higher"), False),
    ],
)
def test_a_limit_is_kept_on_its_own_side(figure: Figure, holds: bool) -> None:
    assert figure.holds is holds

"""Every view of runs is registered, keeps the Protocol, and has a chart."""

import inspect
from typing import get_args

import pytest

from ratchet.entry.cli.view import CHARTS
from ratchet.kernel.document import Model
from ratchet.runs import views
from ratchet.runs.views import VIEWS
from ratchet.runs.views.look import Look
from ratchet.store.port import Store
from tests.contracts.test_registries import modules
from tests.support.governed import KEYS
from tests.support.run_days import NOON

every = pytest.mark.parametrize("name", VIEWS)


def test_every_file_that_fills_rows_is_registered_under_its_name() -> None:
    found = {name: m.rows for name, m in modules(views).items() if hasattr(m, "rows")}
    assert dict(VIEWS) == found
    assert set(modules(views)) - set(found) == {"look"}


def test_every_view_has_a_chart() -> None:
    assert list(CHARTS) == list(VIEWS)


@every
def test_a_view_takes_a_look_and_says_what_its_rows_are(name: str) -> None:
    told = inspect.signature(VIEWS[name])
    assert [p.annotation for p in told.parameters.values()] == [Look]
    (row,) = get_args(told.return_annotation)
    assert issubclass(row, Model)
    assert next(iter(row.model_fields)) == "component"


@every
def test_where_nothing_is_stored_a_view_is_empty_and_its_chart_is_drawn(
    name: str, embedded: Store
) -> None:
    rows = VIEWS[name](Look(embedded, KEYS, None, 30, NOON))
    assert list(rows) == []
    assert CHARTS[name](rows).startswith("<svg")
    assert embedded.collections() == []

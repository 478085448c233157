"""Views and progress by HTTP: rows under the columns' names, by page."""

from typing import Any

import pytest

from ratchet.kernel.clock import ManualClock, millis
from ratchet.runs.views import VIEWS
from ratchet.store.port import Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.run_days import NOON, TODAY, put_bucket, refresh, runs

PLANNER, LLAMA = "planner", "router:meta/llama"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(embedded: Store) -> Store:
    for component in (PLANNER, LLAMA):
        changed = [
            put_bucket(embedded, runs(0.25, 0.75), component=component),
            put_bucket(
                embedded, runs(0.25, terms={"grounding": [0.5]}), back=1, component=component
            ),
        ]
        refresh(embedded, *changed, component=component)
    return embedded


def asked(functions: Functions, path: str) -> Answer:
    return functions.send(f"api/v1/{path}", method="GET", actor=ADMIN)


def test_the_loss_trend_is_listed_by_component_and_day(functions: Functions) -> None:
    found = asked(functions, "views/loss_trend?component=planner")
    assert found.body == {
        "items": [
            {"component": PLANNER, "date": "2026-02-28", "avgLoss": 0.25, "runCount": 1},
            {"component": PLANNER, "date": "2026-03-01", "avgLoss": 0.5, "runCount": 2},
        ],
        "broken": [],
    }
    first = asked(functions, "views/loss_trend?limit=3").body
    second = asked(functions, f"views/loss_trend?limit=3&cursor={first['next']}").body
    rows: list[dict[str, Any]] = [*first["items"], *second["items"]]
    assert [(row["component"], row["date"]) for row in rows] == [
        (component, date) for component in (PLANNER, LLAMA) for date in ("2026-02-28", "2026-03-01")
    ]


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_every_view_is_there(functions: Functions, name: str) -> None:
    assert asked(functions, f"views/{name}?days=7").status == 200


def test_a_view_that_there_is_not_is_refused_with_those_there_are(functions: Functions) -> None:
    found = asked(functions, "views/weather")
    assert (found.status, found.error["field"]) == (404, "view")
    assert "loss_trend" in found.error["mend"]
    assert asked(functions, "views/loss_trend?days=401").error["field"] == "days"


def test_progress_is_of_a_component_whatever_its_name_holds(functions: Functions) -> None:
    found = asked(functions, f"progress/{LLAMA}").body
    assert found["days"] == [
        {"day": millis(TODAY) - 86_400_000, "runs": 1, "loss": 0.25, "terms": {"grounding": 0.5}},
        {"day": millis(TODAY), "runs": 2, "loss": 0.5, "terms": {}},
    ]
    assert asked(functions, f"progress/{LLAMA}?version=p@1.0.0&days=1").body["days"][0]["runs"] == 2
    assert asked(functions, "progress/nobody").body["days"] == []
    assert functions.send("api/v1/progress/planner", method="GET", actor=SERVICE).status == 403

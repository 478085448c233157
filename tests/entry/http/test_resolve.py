"""The function `resolve` while a rollout runs: what it answers, when it is new, and its schema."""

from typing import Any

import jsonschema_rs
import pytest
from werkzeug.datastructures import Headers

from ratchet.entry.http import Rollback
from ratchet.entry.http.describe import document
from ratchet.store.port import Ref, Store
from tests.support.functions import SERVICE, Answer, Functions
from tests.support.governed import NOON, POLICY, alerts
from tests.support.trials import SALT, begin, finish


def resolve(functions: Functions, etag: str = "") -> Answer:
    headers = Headers({"If-None-Match": f'"{etag}"'} if etag else {})
    return functions.send(f"resolve?policy={POLICY}", method="GET", actor=SERVICE, headers=headers)


def conforms(value: Any) -> bool:
    shown = document(Rollback, "0.1.0", NOON)
    answer = "/paths/~1resolve/get/responses/200/content/application~1json/schema"
    return jsonschema_rs.is_valid({**shown, "$ref": f"#{answer}"}, value)


@pytest.fixture
def rollout(governed: Store) -> str:
    return begin(governed, arms={"new": f"{POLICY}@1.0.3"}).id


def test_a_component_is_told_which_units_run_which_version(
    functions: Functions, governed: Store, rollout: str
) -> None:
    found = resolve(functions)
    assert found.body["version"] == f"{POLICY}@1.0.2"
    told = found.body["rollout"]
    assert (told["id"], told["step"], told["salt"], told["mode"]) == (rollout, 0, SALT, "canary")
    (arm,) = told["arms"]
    assert (arm["arm"], arm["version"]) == ("new", f"{POLICY}@1.0.3")
    assert (arm["start"], arm["share"]) == (0.0, 0.1)
    assert arm["params"]["modelWeights"]["gpt-5"] == 0.5
    assert conforms(found.body)
    assert not conforms(found.body | {"rollout": told | {"arms": [{"arm": "new"}]}})


def test_the_etag_holds_while_the_rollout_does(
    functions: Functions, governed: Store, rollout: str
) -> None:
    etag = resolve(functions).body["etag"]
    assert resolve(functions, etag).status == 304
    finish(governed, rollout)
    found = resolve(functions, etag)
    assert (found.status, "rollout" in found.body) == (200, False)
    assert conforms(found.body)


def test_a_broken_rollout_leaves_the_champion_and_an_alert(
    functions: Functions, governed: Store, rollout: str
) -> None:
    governed.set(Ref("ops_rollouts", rollout), {"v": 1})
    found = resolve(functions)
    assert (found.status, found.body["version"]) == (200, f"{POLICY}@1.0.2")
    assert "rollout" not in found.body
    assert [told.what for told in alerts(governed)] == ["rollout-not-served"]

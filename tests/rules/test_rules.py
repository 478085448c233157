"""firestore.rules, one request at a time: who may do what, and with which fields."""

from contextlib import closing
from datetime import UTC, datetime
from itertools import chain

import httpx
import pytest

from tests.rules import changed, coverage, observed, seeded
from tests.rules.conftest import Doors
from tests.rules.rest import CLAIMS, Door, created, deleted, unsigned, updated
from tests.rules.seeded import Case
from tests.rules.table import TABLE, table_cases

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("collection", TABLE)
@pytest.mark.parametrize("who", CLAIMS)
def test_a_caller_may_do_what_the_table_says_and_no_more(
    seeds: Doors, collection: str, who: str
) -> None:
    cases = table_cases(collection, who)
    before = seeds["owner"].documents(collection)
    assert told(seeds, cases) == wanted(cases)
    written = {"create", "update"} & {case.name for case in cases if case.allowed}
    assert (seeds["owner"].documents(collection) != before) == bool(written)


@pytest.mark.parametrize("group", observed.cases())
def test_an_observation_is_stored_if_it_is_valid_and_only_then(seeds: Doors, group: str) -> None:
    cases = observed.cases()[group]
    before = set(seeds["owner"].documents("ops_observations"))
    assert told(seeds, cases) == wanted(cases)
    stored = set(seeds["owner"].documents("ops_observations")) - before
    assert stored == {case.path for case in cases if case.allowed}


@pytest.mark.parametrize("case", list(changed.cases()), ids=str)
def test_drafts_statuses_configuration_and_lists_pass_as_far_as_they_may(
    seeds: Doors, case: Case
) -> None:
    before = seeds["owner"].get(case.path).json() if case.path else None
    assert told(seeds, [case]) == wanted([case])
    if case.path:
        assert (seeds["owner"].get(case.path).json() != before) == case.allowed


def test_a_config_document_that_is_not_there_is_not_created_either(seeds: Doors) -> None:
    seeds["owner"].commit(deleted("config/bindings"))
    refused(seeds["admin"].commit(created("config/bindings", {"v": 1})))


def test_a_role_is_the_exact_word(rules_host: str, seeds: Doors) -> None:
    for role in ("Admin", "admin ", "owner", "", None, True, ["admin"], {"admin": True}):
        with closing(Door(rules_host, unsigned({"role": role}))) as door:
            refused(door.get("ops_stats/one"))


def test_an_observation_is_recorded_once_and_never_changed(seeds: Doors) -> None:
    path, write = seeded.create_in("ops_observations")
    taken(seeds["service"].commit(write))
    again = {k: v for k, v in write.items() if k != "currentDocument"}
    for who in ("service", "admin"):
        refused(seeds[who].commit(again))
        refused(seeds[who].commit(updated(path, {"outcome": "failure"})))
        refused(seeds[who].commit(deleted(path)))


def test_one_wrong_observation_refuses_all_that_are_written_with_it(seeds: Doors) -> None:
    now = datetime.now(UTC)
    good, other, bad = (
        created(f"ops_observations/{name}", seeded.observed(now) | fields, "ingestedAt")
        for name, fields in {"a": {}, "b": {}, "c": {"weight": 0}}.items()
    )
    refused(seeds["service"].commit(good, bad))
    assert set(seeds["owner"].documents("ops_observations")) == {"ops_observations/one"}
    taken(seeds["service"].commit(good, other))


def test_without_the_number_of_shards_nothing_is_recorded(seeds: Doors) -> None:
    seeds["owner"].commit(deleted("ops_checkpoints/shards"))
    refused(seeds["service"].commit(seeded.create_in("ops_observations")[1]))


def test_every_expression_of_the_rules_was_true_once_and_false_once(
    rules_host: str, seeds: Doors
) -> None:
    coverage.forget(rules_host)
    asked = [table_cases(collection, who) for collection in TABLE for who in CLAIMS]
    for case in chain(*asked, *observed.cases().values(), changed.cases()):
        case.ask(seeds[case.who])
    found = coverage.report(rules_host)
    assert len(found["report"]) > 20
    assert coverage.gaps(found) == []


def told(doors: Doors, cases: list[Case]) -> dict[str, int]:
    """Return the status of each answer."""
    return {str(case): case.ask(doors[case.who]).status_code for case in cases}


def wanted(cases: list[Case]) -> dict[str, int]:
    """Return the status that each answer must have."""
    return {str(case): httpx.codes.OK if case.allowed else httpx.codes.FORBIDDEN for case in cases}


def taken(response: httpx.Response) -> None:
    """Fail unless the rules let a request through."""
    assert response.status_code == httpx.codes.OK, response.text


def refused(response: httpx.Response) -> None:
    """Fail unless the rules refused a request."""
    assert response.status_code == httpx.codes.FORBIDDEN, response.text

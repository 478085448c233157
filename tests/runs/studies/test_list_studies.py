"""The list of studies: newest first, by what is asked, past what is broken."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.runs.studies.list_studies import get_study, list_studies
from ratchet.runs.studies.study import study_ref
from ratchet.store.port import Store
from tests.support.studying import desk


def test_studies_are_listed_newest_first_by_what_is_asked(store: Store) -> None:
    at = desk(store)
    planned = []
    for kind, component in (
        ("prompt_synthesis", "a"),
        ("tool_tuning", "a"),
        ("prompt_synthesis", "b"),
    ):
        planned.append(at.plan(kind, component=component).id)
        at.clock.advance(timedelta(seconds=1))
    first, second, third = planned
    at.abandon(second)

    def listed(**wanted: object) -> list[str]:
        return [study.id for study in list_studies(store, **wanted)]  # type: ignore[arg-type]

    assert listed() == [third, second, first]
    assert listed(limit=2) == [third, second]
    assert listed(component="a") == [second, first]
    assert listed(component="a", state="planned") == [first]
    assert listed(state="abandoned") == [second]
    assert listed(policy="router-core", type="prompt_synthesis") == [third, first]
    assert listed(policy="nobody") == []


def test_one_that_is_broken_is_told_by_name_and_keeps_no_other_away(embedded: Store) -> None:
    at = desk(embedded)
    spoilt, other = at.plan(), at.plan("tool_tuning")
    embedded.set(study_ref(spoilt.id), spoilt.to_map() | {"hypothesis": ""})
    errors: list[Exception] = []
    assert list_studies(embedded, tell=errors.append) == [other]
    assert f"ops_studies/{spoilt.id} does not parse" in str(errors[0])
    with pytest.raises(InvalidInput, match="hypothesis"):
        get_study(embedded, spoilt.id)


@pytest.mark.parametrize("limit", [0, 501])
def test_a_limit_is_of_1_to_500(embedded: Store, limit: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        list_studies(embedded, limit=limit)
    assert refused.value.field == "limit"

"""What all extractors share: the classes of an example come from its words."""

import pytest

from ratchet.datasets.example import Content, Step, example_id
from ratchet.datasets.extract.extractor import Told, extracted
from ratchet.kernel.errors import Malformed
from tests.support.observing import NOON

TOLD = Told(task_id="t", ts=NOON, component="agent")
ASK = Content(input="Cancel my hotel.", output="Done.", steps=(Step(kind="call", name="cancel"),))


def test_an_example_is_classified_by_its_words_unless_its_source_knows_better() -> None:
    one = extracted("events", "e", ASK, TOLD).example
    assert (one.id, one.domain, one.task_type) == (example_id("events", "e"), "travel", "tool_use")
    known = extracted("events", "e", ASK, TOLD._replace(task_type="planning")).example
    assert known.task_type == "planning"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (TOLD._replace(component="no name"), "component"),
        (TOLD._replace(task_id=""), "taskId"),
        (TOLD._replace(quality=101.0), "quality"),
    ],
)
def test_a_field_that_no_example_has_is_malformed(told: Told, field: str) -> None:
    with pytest.raises(Malformed) as raised:
        extracted("events", "e", ASK, told)
    assert raised.value.field == field

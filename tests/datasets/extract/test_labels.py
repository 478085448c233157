"""Labels on features: the features are the input, the class the output."""

import pytest

from ratchet.kernel.errors import Malformed
from tests.support.extracting import extract, labelled
from tests.support.observing import NOON


def test_features_are_the_input_in_canonical_form_and_the_class_the_output() -> None:
    told = extract("labels", labelled(features={"b": 1.0, "a": [True, None]}))
    assert told.content.input == '{"a":[true,null],"b":1}'
    assert (told.content.output, told.content.steps) == ("fraud", ())
    assert (told.example.task_type, told.example.domain) == ("single_step", "general")
    assert (told.example.component, told.example.ts) == ("router", NOON)


def test_it_is_as_good_as_the_labeller_was_sure_not_as_its_subject_is() -> None:
    one = extract("labels", labelled(value=0.1, confidence=85.0)).example
    assert (one.quality, one.confidence) == (85.0, 0.85)
    assert [(grade.label, grade.value) for grade in one.labels] == [("fraud", 0.1)]


@pytest.mark.parametrize(
    ("source", "writer", "vouched"),
    [
        ("desk", "person", "person"),
        ("judge:strict", "machine", "judge:strict"),
        ("judge", "machine", "judge:ada"),
        ("outcomes", "machine", "self"),
    ],
)
def test_people_write_labels_unless_the_source_is_a_machine(
    source: str, writer: str, vouched: str
) -> None:
    lineage = extract("labels", labelled(source=source)).example.lineage
    assert (lineage.writer, lineage.vouched) == (writer, (vouched,))


def test_labels_of_one_subject_are_repeats_of_one_task() -> None:
    first, second = labelled(source_id="1"), labelled(source_id="2", features={"hour": 4})
    ids = {extract("labels", one, str(n)).example.task_id for n, one in enumerate((first, second))}
    assert ids == {"router:s1"}


def test_a_withdrawn_label_and_one_without_features_are_malformed() -> None:
    with pytest.raises(Malformed) as raised:
        extract("labels", labelled(withdrawn_at=NOON))
    assert raised.value.field == "label.withdrawnAt"
    with pytest.raises(Malformed) as raised:
        extract("labels", labelled(features={}))
    assert raised.value.field == "features"

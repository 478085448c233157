"""Names and places, by a pipeline of spaCy's own that knows two people and a town."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ratchet.datasets.example import Content
from ratchet.datasets.protect.detect import DETECTORS, names
from ratchet.datasets.protect.detect.detector import WALL, Span
from ratchet.datasets.protect.redact import redact

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spacy = pytest.importorskip("spacy")
    pytest.importorskip("presidio_analyzer")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": "Jane Doe"},
            {"label": "PERSON", "pattern": "Ada"},
            {"label": "GPE", "pattern": "Springfield"},
            {"label": "ORG", "pattern": "Acme"},
        ]
    )
    path = tmp_path_factory.mktemp("model") / "en_ruled"
    pipeline.to_disk(path)
    return path


@pytest.mark.slow
def test_people_and_places_are_found_where_they_stand_and_firms_are_not(model: Path) -> None:
    text = f"Ada of Acme{WALL}met Jane Doe in Springfield."
    assert list(names.detector_of(model)(text)) == [
        Span(0, 3, "NAME"),
        Span(16, 24, "NAME"),
        Span(28, 39, "PLACE"),
    ]


@pytest.mark.slow
def test_a_long_text_is_taken_in_pieces(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_PIECE", 10)
    assert list(names.detector_of(model)("0123456789Ada walks.")) == [Span(10, 13, "NAME")]


@pytest.mark.slow
def test_a_person_has_one_number_in_all_of_an_example(model: Path) -> None:
    content = Content(input="I am Jane Doe, jane@example.com.", output="Hi Jane Doe and Ada!")
    found = redact(content, dict(DETECTORS) | {"names": names.detector_of(model)})
    assert found.content.input == "I am [NAME_1], [EMAIL_1]."
    assert found.content.output == "Hi [NAME_1] and [NAME_2]!"
    assert found.counts == {"EMAIL": 1, "NAME": 3}


def test_the_version_says_which_model_found_names_or_that_none_did() -> None:
    assert names.edition_of(None) == "no-names"
    point = EntryPoint(name="en_core_web_sm", value="en_core_web_sm", group="spacy_models")
    assert names.edition_of(point) == "names-en_core_web_sm-?"

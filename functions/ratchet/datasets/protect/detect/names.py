"""Names and places: by `presidio-analyzer` and a model of spaCy's, where both are installed."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ratchet.datasets.protect.detect.detector import WALL, Detector, Span, Type

_TYPES: dict[str, Type] = {"PERSON": "NAME", "LOCATION": "PLACE"}
_LABELS = {"PERSON": "PERSON", "PER": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION"}
_SURE = 0.5
_PIECE = 100_000  # letters that a model takes at once


def _model() -> EntryPoint | None:
    """Return the English model that is installed; of several the last by name, always the same."""
    if find_spec("presidio_analyzer") is None:
        return None
    found = [point for point in entry_points(group="spacy_models") if point.name.startswith("en_")]
    return max(found, key=lambda point: point.name, default=None)


def edition_of(model: EntryPoint | None) -> str:
    """Return what the version of the redaction says about names: which model finds them, if any."""
    if model is None:
        return "no-names"
    version = model.dist.version if model.dist else "?"
    return f"names-{model.name}-{version}"


MODEL = _model()
EDITION = edition_of(MODEL)


def detect(text: str) -> Iterator[Span]:
    """Yield the names and places of a text; none where no model is installed."""
    if MODEL is not None:
        yield from detector_of(MODEL.name)(text)


@cache
def detector_of(model: str | Path) -> Detector:
    """Return the detector of a model, by its name or its folder."""
    analyzer = _analyzer(str(model))

    def found(text: str) -> Iterator[Span]:
        for piece, at in _pieces(text):
            for result in analyzer.analyze(piece, language="en", score_threshold=_SURE):
                if result.entity_type in _TYPES:
                    start, end = at + result.start, at + result.end
                    yield Span(start, end, _TYPES[result.entity_type])

    return found


def _analyzer(model: str) -> Any:
    """Return presidio's analyzer with the recogniser of names alone."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    engine = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": model}],
        ner_model_configuration=NerModelConfiguration(model_to_presidio_entity_mapping=_LABELS),
    )
    registry = RecognizerRegistry(recognizers=[SpacyRecognizer()], supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """Yield the texts between the walls, none longer than a model takes, and where each begins."""
    at = 0
    for part in text.split(WALL):
        for begin in range(0, len(part), _PIECE):
            yield part[begin : begin + _PIECE], at + begin
        at += len(part) + len(WALL)

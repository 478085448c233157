"""Every detector is registered, finds spans of its own, and stops at a wall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.protect import detect as folder
from ratchet.datasets.protect.detect import DETECTORS
from ratchet.datasets.protect.detect.detector import WALL, Detector
from ratchet.datasets.protect.view import PLACEHOLDER, clean
from tests.contracts.test_registries import modules
from tests.support.private import own_texts

every_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS.keys())
TEXTS = [clean(one.text).text for one in own_texts()]
texts = st.lists(st.sampled_from(TEXTS) | st.text(max_size=30), max_size=5).map("".join)


def test_every_file_that_detects_is_registered_under_its_name() -> None:
    found = {n: m.detect for n, m in modules(folder).items() if hasattr(m, "detect")}
    assert dict(DETECTORS) == found


@every_detector
@given(text=texts)
def test_a_span_lies_in_its_text_and_is_named_as_placeholders_are(
    detector: Detector, text: str
) -> None:
    for span in detector(text):
        assert 0 <= span.start < span.end <= len(text)
        assert PLACEHOLDER.fullmatch(f"[{span.type}_1]")


@every_detector
def test_texts_on_either_side_of_a_wall_are_judged_as_if_alone(detector: Detector) -> None:
    alone, at = [], 0
    for text in TEXTS:
        alone += [(at + s.start, at + s.end, s.type) for s in detector(text)]
        at += len(text) + len(WALL)
    together = detector(WALL.join(TEXTS))
    assert sorted((s.start, s.end, s.type) for s in together) == sorted(alone)

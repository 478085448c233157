"""The chart of a rollout: a panel for each term, a point for each look."""

from datetime import timedelta
from xml.etree import ElementTree

from ratchet.entry.cli.rollout_plot import rollout_chart
from ratchet.entry.plot import LEFT, RIGHT, WIDTH
from tests.support.evidenced import NOON, rollout
from tests.support.judged import judged, term, verdict

SVG = "{http://www.w3.org/2000/svg}"
RUNNING = rollout(
    mode="canary",
    steps=({"1.0.1": 0.1}, {"1.0.1": 0.5}),
    step=1,
    opened=(NOON, NOON + timedelta(hours=3)),
)
COST = {"metric": "cost", "better": "lower", "role": "guardrail"}


def texts(chart: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def lines(chart: str) -> list[str]:
    return [
        line.get("points") or "" for line in ElementTree.fromstring(chart).iter(f"{SVG}polyline")
    ]


def test_each_term_has_a_panel_with_its_thresholds_and_the_steps_marked() -> None:
    looks = [verdict(judged(term(), term(**COST), hours=hours)) for hours in (1, 4)]
    told = texts(rollout_chart(RUNNING, looks))
    assert [line.split(":")[0] for line in told if "how much better" in line] == [
        "reward of 1.0.1",
        "cost of 1.0.1",
    ]
    assert told.count("promote above") == told.count("roll back below") == 2
    assert told.count("step 1") == told.count("step 2") == 2


def test_bounds_go_from_the_first_look_to_the_newest() -> None:
    looks = [verdict(judged(hours=hours)) for hours in (2, 4, 8)]
    low, high, promote, *_ = lines(rollout_chart(RUNNING, looks))
    assert len(low.split()) == len(high.split()) == 3
    assert float(low.split()[-1].partition(",")[0]) == WIDTH - RIGHT
    assert promote.startswith(f"{LEFT}")


def test_wide_early_bounds_do_not_dwarf_the_rest() -> None:
    early = term(interval={"low": -50.0, "high": 50.0})
    looks = [verdict(judged(early, hours=1)), *(verdict(judged(hours=h)) for h in range(2, 9))]
    labels = [float(text) for text in texts(rollout_chart(RUNNING, looks)) if _is_number(text)]
    assert max(map(abs, labels)) < 10


def _is_number(text: str) -> bool:
    return text.replace("-", "").replace(".", "").replace("e", "").isdigit()


def test_looks_without_bounds_are_an_empty_chart() -> None:
    assert lines(rollout_chart(RUNNING, [])) == []
    assert lines(rollout_chart(RUNNING, [verdict(judged(term(interval=None)))])) == []

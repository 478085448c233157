"""The worlds that a demo learns from: outcome tables, strictly read, and three drifting models."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from ratchet.entry.demo.world import MODELS, DriftingModels, load_table, scores_of
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.reward import RewardConfig
from tests.support.outcomes import COLUMNS, real, table, three_arms

DEFAULT = RewardConfig()


def test_a_row_keeps_what_is_known_and_leaves_out_what_is_not(tmp_path: Path) -> None:
    file = table(
        tmp_path / "t.csv", COLUMNS, ",a,success,0.5,12.5,3,4,0.01,", ",b,timeout,,,,,,504", ""
    )
    world = load_table(file)
    assert world.arms == ("a", "b")
    assert world.rows == {
        "a": (
            {
                "outcome": "success",
                "quality": 0.5,
                "durationMs": 12.5,
                "tokensIn": 3,
                "tokensOut": 4,
                "costUsd": 0.01,
            },
        ),
        "b": ({"outcome": "timeout", "errorCode": "504"},),
    }
    assert world.units == ()


def test_plain_packed_and_marked_text_are_the_same_table(tmp_path: Path) -> None:
    plain = three_arms(tmp_path / "t.csv")
    packed, marked = tmp_path / "t.csv.gz", tmp_path / "bom.csv"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    assert load_table(packed) == load_table(marked) == load_table(plain)


def test_columns_come_in_any_order_and_more_of_them_do_no_harm(tmp_path: Path) -> None:
    world = load_table(table(tmp_path / "t.csv", "note,outcome,arm", "x,success,a", "y,failure,b"))
    assert world.rows == {"a": ({"outcome": "success"},), "b": ({"outcome": "failure"},)}


def test_a_unit_answers_with_its_own_row_where_every_unit_has_every_arm(tmp_path: Path) -> None:
    """Unit u costs 1 on both arms, unit v costs 2."""
    lines = [f"{u},{arm},success,{c}" for u, c in (("u", 1), ("v", 2)) for arm in "ab"]
    world = load_table(table(tmp_path / "t.csv", "unit,arm,outcome,costUsd", *lines))
    assert len(world.units) == 2
    same = [
        [world.respond(arm, 0.0, random.Random(seed))["costUsd"] for arm in "ab"]
        for seed in range(50)
    ]
    assert {tuple(pair) for pair in same} == {(1.0, 1.0), (2.0, 2.0)}


@pytest.mark.parametrize("odd", ["w,a,failure", ",a,failure"])
def test_where_a_unit_lacks_an_arm_every_row_is_drawn_within_its_arm(
    tmp_path: Path, odd: str
) -> None:
    world = load_table(
        table(tmp_path / "t.csv", "unit,arm,outcome", "u,a,success", "u,b,success", odd)
    )
    drawn = [world.respond("a", 0.0, random.Random(seed))["outcome"] for seed in range(200)]
    assert drawn.count("failure") / 200 == pytest.approx(0.5, abs=0.12)
    assert world.mean_rewards(DEFAULT, 0.0)["a"] == pytest.approx(0.425)


def test_rows_without_a_unit_are_drawn_at_random_within_their_arm(tmp_path: Path) -> None:
    world, rng = load_table(three_arms(tmp_path / "t.csv")), random.Random(3)
    won = np.mean([world.respond("good", 0.0, rng)["outcome"] == "success" for _ in range(4000)])
    assert won == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(
    ("lines", "field", "told"),
    [
        (["unit,arm", ",a"], "outcome", "no column outcome"),
        (["outcome", "success"], "arm", "no column arm"),
        ([""], "arm", "no column arm"),
        (["arm,outcome"], "arm", "0 arms"),
        (["arm,outcome", "a,success", "a,failure"], "arm", "1 arms"),
        (["arm,outcome,costUsd", "a,success,1", "b,success,1x"], "costUsd", "line 3: costUsd is"),
        (["arm,outcome,tokensIn", "a,success,1e400"], "tokensIn", "line 2: tokensIn is '1e400'"),
        (["arm,outcome,quality", "a,success,7"], "quality", "line 2: quality: "),
        (["arm,outcome,durationMs", "a,success,-7"], "durationMs", "line 2: durationMs: "),
        (["arm,outcome,costUsd", "a,success,nan"], "costUsd", "line 2: costUsd: "),
        (["arm,outcome", "a,success", "", "b,great"], "outcome", "line 4: outcome: "),
        (["arm,outcome", "a"], "outcome", "line 2: outcome: the row has no such"),
        (["arm,outcome", "a,success,7"], "(whole)", "line 2: (whole): the row has more"),
        (["unit,arm,outcome", "1,a,success", "1,a,failure"], "unit", "line 3: unit 1 has the arm"),
        (["arm,outcome", ",success"], "arm", "line 2: arm: "),
        (["arm,outcome", "a b,success"], "component", "line 2: component: "),
        (["arm,outcome,errorCode", f"a,failure,{'e' * 65}"], "errorCode", "line 2: errorCode: "),
        (["arm,outcome", f"a,{'x' * 200_000}"], "outcomes", "no table: field larger"),
    ],
)
def test_a_table_that_cannot_be_used_names_the_line_and_the_column(
    tmp_path: Path, lines: list[str], field: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=r"t\.csv") as caught:
        load_table(table(tmp_path / "t.csv", *lines))
    assert caught.value.field == field
    assert told in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"arm,outcome\n",
        gzip.compress(b"arm,outcome\na,success\nb,success\n", mtime=0)[:-9],
        b"\x1f\x8b\x08" + b"\xff" * 30,
    ],
    ids=["not packed", "cut off", "broken"],
)
def test_a_file_that_is_no_gzip_is_no_table(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "t.csv.gz"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="no table") as caught:
        load_table(file)
    assert caught.value.field == "outcomes"


def test_a_missing_table_is_not_found_and_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        load_table(tmp_path / "nowhere.csv")
    with pytest.raises(InvalidInput, match="no table"):
        load_table(tmp_path)


def test_the_real_providers_have_the_mean_rewards_that_were_measured() -> None:
    means = load_table(real("providers_llama2_70b.csv")).mean_rewards(DEFAULT, 1.0)
    assert {arm: round(mean, 3) for arm, mean in means.items()} == {
        "groq": 0.798,
        "anyscale": 0.701,
        "together": 0.693,
        "fireworks": 0.615,
        "replicate": 0.601,
        "perplexity": 0.594,
        "bedrock": 0.402,
        "lepton": 0.080,
    }


def test_a_real_counterfactual_answers_for_the_unit_that_was_drawn() -> None:
    world = load_table(real("gsm8k_two_models.csv"))
    assert len(world.units) == 1319
    rng = random.Random(1)
    right = {arm: [row.get("quality") for row in rows] for arm, rows in world.rows.items()}
    assert {arm: len(known) for arm, known in right.items()} == dict.fromkeys(world.arms, 1319)
    drawn = [world.respond(world.arms[0], 0.0, rng) for _ in range(200)]
    assert all(any(row is unit[world.arms[0]] for unit in world.units) for row in drawn)


def test_the_drifting_models_change_places_half_way_and_one_is_rate_limited() -> None:
    world = DriftingModels()
    before, after = (world.mean_rewards(DEFAULT, share) for share in (0.0, 0.9))
    assert max(before, key=lambda arm: before[arm]) == "steady"
    assert max(after, key=lambda arm: after[arm]) == "deep"
    assert after["steady"] < before["steady"] - 0.1
    rng = random.Random(1)
    codes = [world.respond("deep", 0.0, rng).get("errorCode") for _ in range(4000)]
    assert codes.count("rate_limit") / 4000 == pytest.approx(MODELS["deep"].limited, abs=0.02)
    assert world.mean_rewards(DEFAULT, 0.9) == after


def test_scores_are_those_of_the_default_configuration() -> None:
    row = {"outcome": "success", "durationMs": 800.0, "costUsd": 0.01}
    assert scores_of([("a", row), ("b", {"outcome": "timeout"})], DEFAULT) == [0.78, 0.0]

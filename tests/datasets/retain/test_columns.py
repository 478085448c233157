"""The columns hold all that is stored, and the guide shows them as they are."""

from pathlib import Path

from ratchet.datasets.retain.columns import COLUMNS, KINDS, OBSERVATIONS, Type
from ratchet.observe.exposure import Exposure
from ratchet.observe.observation import Observation

GUIDE = Path(__file__).parents[3] / "docs" / "retention.md"
WAREHOUSE: dict[Type, str] = {
    "text": "STRING",
    "json": "STRING",
    "int": "INT64",
    "float": "FLOAT64",
    "flag": "BOOL",
    "instant": "TIMESTAMP",
}


def test_every_field_of_an_observation_and_an_exposure_has_a_column() -> None:
    columns = {column.name for column in OBSERVATIONS}
    for model in (Observation, Exposure):
        fields = {field.alias for field in model.model_fields.values()}
        assert fields <= columns


def test_the_guide_shows_every_column_with_its_type() -> None:
    text = GUIDE.read_text()
    for kind in KINDS:
        section = text.partition(f"### Columns of `{kind}`\n")[2].partition("\n### ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        json = {"json": " (JSON)"}
        assert rows == [
            f"| `{c.name}` | {WAREHOUSE[c.type]} | {c.holds}{json.get(c.type, '')} |"
            for c in COLUMNS[kind]
        ]

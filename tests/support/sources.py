"""What the sources name, so that no test has to repeat it."""

import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "functions" / "ratchet"


def collections() -> set[str]:
    """Return the collections that the sources name."""
    texts = [path.read_text() for path in SOURCES.rglob("*.py")]
    return {"config"} | {name for text in texts for name in re.findall(r'"(ops_\w+)"', text)}

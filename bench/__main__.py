"""Run every figure: `python -m bench [OUT.json]`; exits 1 where one misses its limit."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import bench
from bench.figure import Figure

OWN = ("__main__", "figure", "support")


def main(arguments: list[str]) -> int:
    """Measure, print a table, and write the figures where a file is named."""
    figures: list[Figure] = []
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name not in OWN:
            found = importlib.import_module(f"bench.{module.name}").figures()
            figures += found
            for figure in found:
                print(line(figure), flush=True)
    if arguments:
        Path(arguments[0]).write_text(json.dumps([row(f) for f in figures], indent=2) + "\n")
    missed = [figure.name for figure in figures if not figure.holds]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


def row(figure: Figure) -> dict[str, object]:
    """Return a figure as it is written."""
    names = ("name", "value", "unit", "limit", "holds")
    found = {name: getattr(figure, name) for name in names}
    return found if figure.error is None else found | {"error": figure.error}


def line(figure: Figure, width: int = 78) -> str:
    """Return a figure as a row of the table."""
    bound = "" if figure.limit is None else f"{'<=' if figure.better == 'lower' else '>='}"
    limit = "reported" if figure.limit is None else f"{bound} {figure.limit:g}"
    mark = "" if figure.limit is None else ("  holds" if figure.holds else "  MISSED")
    error = "" if figure.error is None else f"+- {figure.error:.2g} "
    return f"{figure.name:<{width}} {figure.value:>12.4g} {error}{figure.unit:<12} {limit}{mark}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How `try` words numbers, intervals, counts and paragraphs."""

import textwrap

from ratchet.entry.cli.output import say
from ratchet.entry.trial.estimates import Estimate

WIDE = 96


def interval(found: Estimate | None, times: float = 1.0, *, signed: bool = False) -> str:
    """Return an estimate with its interval in brackets; unknown is empty.

    >>> interval(Estimate(value=0.5, low=0.4, high=0.6)), interval(None)
    ('0.500 (0.400-0.600)', '')
    """
    if found is None:
        return ""
    value = number(times * found.value)
    if signed and found.value > 0:
        value = f"+{value}"
    if found.low is None or found.high is None:
        return value
    between = " to " if signed or found.low < 0 else "-"
    return f"{value} ({number(times * found.low)}{between}{number(times * found.high)})"


def number(value: float) -> str:
    """Return a number with as many digits as a reader wants.

    >>> number(0.04567), number(0.00001234), number(12345.6), number(12.345)
    ('0.0457', '1.23e-05', '12,346', '12.3')
    """
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


def counted(n: int, name: str) -> str:
    """Return a count with its name.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def tell_paragraph(text: str, indent: str = "") -> None:
    """Print a paragraph in 96 columns."""
    for line in textwrap.wrap(text, WIDE, initial_indent=indent, subsequent_indent=indent + "  "):
        say(line)

"""`ratchet labels aggregate`: what the votes of a file come to."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import AsJson, emit, say, table
from ratchet.entry.files import read_text
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.registry import pick
from ratchet.labels.aggregate import AGGREGATES
from ratchet.labels.aggregate.table import VoteTable, vote_table
from ratchet.labels.aggregate.votes import Aggregate

VOTES = ("rater", "item", "label")
GOLD = ("item", "label")
# What tables of others call their raters.
OTHERWISE = {"worker": "rater", "judge": "rater", "task": "item", "subject": "item"}


def aggregate(
    votes: Annotated[Path, typer.Argument(metavar="VOTES", help="CSV: rater,item,label; - too.")],
    by: Annotated[str, typer.Option(help=f"One of {', '.join(AGGREGATES)}.")] = "weighted_vote",
    gold: Annotated[
        Path | None, typer.Option(help="CSV item,label: what people say of some items.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write item,label,chance of each item here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Aggregate the votes of many raters: the share of each class, and the class of each item."""
    rule = pick(AGGREGATES, by, field="by")
    known = dict(_rows(gold, "gold", GOLD)) if gold else {}
    found = vote_table(_rows(votes, "votes", VOTES), known)
    result = rule(found.votes)
    if out is not None:
        _write(out, found, result)
    shares = list(_shares(found, result))
    if as_json:
        told = {"by": by, "items": len(found.items), "raters": len(found.raters)}
        emit(told | {"revised": found.revised, "unvoted": found.unvoted, "classes": shares})
        return
    say(f"{len(found.items)} items, {len(found.raters)} raters, {len(known)} known, by {by}")
    if found.revised:
        say(f"{found.revised} of the votes gave way to a later one of their rater on their item")
    if found.unvoted:
        say(f"nobody voted for {', '.join(found.unvoted)}, which gold names: misspelt?")
    columns = ("class", "share", "low", "high")
    shown = columns if result.low is not None else columns[:2]
    table(shown, [[share[name] for name in shown] for share in shares])


def _rows(path: Path, field: str, wanted: tuple[str, ...]) -> Iterator[Any]:
    """Yield the wanted columns of a CSV, by its header.

    Raises: InvalidInput that names the column or the line.
    """
    reader = csv.reader(read_text(path, field).splitlines())
    header = [OTHERWISE.get(name.strip(), name.strip()) for name in next(reader, [])]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise InvalidInput(
            f"{path} has no column {missing[0]}", field=field, mend=f"columns {','.join(wanted)}"
        )
    places = [header.index(name) for name in wanted]
    for row in reader:
        if row:
            if len(row) <= max(places) or not all(row[at].strip() for at in places):
                raise InvalidInput(
                    f"{path}, line {reader.line_num}: a cell is empty", field=field, mend="fill it"
                )
            yield tuple(row[at].strip() for at in places)


def _shares(found: VoteTable, result: Aggregate) -> Iterator[dict[str, Any]]:
    for k, name in enumerate(found.classes):
        low, high = (None if x is None else float(x[k]) for x in (result.low, result.high))
        yield {"class": name, "share": float(result.shares[k]), "low": low, "high": high}


def _write(out: Path, found: VoteTable, result: Aggregate) -> None:
    """Write the likeliest class of each item.

    Raises: InvalidInput where the file cannot be written.
    """
    try:
        with out.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text)
            rows.writerow(("item", "label", "chance"))
            for at, k in enumerate(result.labels().tolist()):
                chance = float(result.chances[at, k])
                rows.writerow((found.items[at], found.classes[k], f"{chance:.6g}"))
    except OSError as error:
        raise InvalidInput(f"{out}: {error.strerror}", field="out", mend="name a file") from error

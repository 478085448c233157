"""Commands that send a file's items: observations and exposures, and feedback on them.

Other commands that take a file of items read and send it in the same way.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit, opened, progress, say
from ratchet.entry.files import parse_json, read_text
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.observe.feedback import feedback as give_feedback
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.record import record as record_batch
from ratchet.observe.settings import Ingest

SHOWN = 20
COUNTED = ("sampled", "duplicate", "withdrawn")
TOLD = {"duplicate": "known already"}
Source = Annotated[
    Path, typer.Argument(help="JSON, a JSON array or JSON lines, .gz too; - is standard input.")
]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """What a file holds; `name` is the id that it brings, else one made of its content."""

    items: list[Any]
    name: Any
    single: bool = False

    def id_of(self, number: int) -> Any:
        """Return the document id of a chunk; a bad one is left for the verb to refuse."""
        whole = len(self.items) <= MAX_BATCH or not isinstance(self.name, str)
        return self.name if whole else f"{self.name}-{number}"


def record(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Record observations and exposures. The same file twice counts once."""
    file = read_items(source, "observations")
    with opened(store) as app:
        ingest = app.reader.read(Ingest)

        def send(chunk: list[Any], number: int) -> Answer:
            document_id = file.id_of(number)
            payload = (
                chunk[0] | {"id": document_id}
                if file.single
                else {"id": document_id, "observations": chunk}
            )
            taken = record_batch(app.store, app.keys, payload, ingest=ingest, now=app.clock())
            return taken.to_wire()

        send_items(file.items, send, as_json, "recorded")


def feedback(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Give grades 0..1 or later outcomes: {"obsId", "source", "grade" or "outcome"}."""
    file = read_items(source, "feedback")
    with opened(store) as app:
        ingest = app.reader.read(Ingest)

        def send(chunk: list[Any], number: int) -> Answer:
            return give_feedback(app.store, chunk, ingest=ingest, now=app.clock()).to_wire()

        send_items(file.items, send, as_json, "taken")


def read_items(source: Path, wrapper: str) -> Sent:
    """Return what a file holds: one item, an array, `{"id", wrapper: [...]}`, or JSON lines.

    Raises: NotFound, InvalidInput.
    """
    text = read_text(source, "source")
    name = f"file-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    whole = _parse(text, str(source))
    if isinstance(whole, dict):
        name = name if whole.get("id") is None else whole["id"]
        if wrapper not in whole:
            return Sent([whole], name, single=True)
        extra = sorted(set(whole) - {wrapper, "id"})
        if extra:
            raise InvalidInput(f"unknown field {extra[0]}", field=extra[0], mend="take it out")
        whole = whole[wrapper]
    if not isinstance(whole, list):
        raise InvalidInput(
            f"a list of {wrapper} is wanted", field=wrapper, mend="a JSON object or array"
        )
    if not whole:
        raise InvalidInput("there is nothing in it", field="source", mend="name a file with items")
    return Sent(whole, name)


def _parse(text: str, source: str) -> Any:
    """Return the value of a JSON text; of JSON lines, the list of them."""
    lines = [(f"line {i}", line) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) > 1 and _is_json(lines[0][1]):
        return [parse_json(line, at, at) for at, line in lines]
    return parse_json(text, source, "source") if lines else []


def _is_json(line: str) -> bool:
    try:
        parse_json(line, "", "")
    except InvalidInput:
        return False
    return True


def send_items(
    items: list[Any], send: Callable[[list[Any], int], Answer], as_json: bool, verb: str
) -> None:
    """Send items in chunks; refused ones are listed with their place in the whole file."""
    total: Answer = {"accepted": 0, "sampled": 0, "duplicate": 0, "ids": [], "rejected": []}
    starts = range(0, len(items), MAX_BATCH)
    with progress() as bar:
        for start in bar.track(starts, description="sending"):
            chunk = items[start : start + MAX_BATCH]
            try:
                answer = send(chunk, start // MAX_BATCH)
            except InvalidInput as error:
                if len(starts) == 1 or not (refused := _refused(error, chunk)):
                    raise
                answer = {"accepted": 0, "rejected": refused}
            _add(total, answer, start)
    if len(total["rejected"]) == len(items):
        raise InvalidBatch(f"all {len(items)} items were refused", rejected=total["rejected"])
    if as_json:
        emit(total)
        return
    taken = total["accepted"] - total["duplicate"]
    say(f"{taken} {verb}, {len(total['rejected'])} refused" + _aside(total))
    if total.get("withdrawn"):
        say("  what was withdrawn stays so: send it with another sourceId")
    for item in total["rejected"][:SHOWN]:
        say(f"  item {item['index']}: {item['field']}: {item['reason']}")
    if len(total["rejected"]) > SHOWN:
        say(f"  and {len(total['rejected']) - SHOWN} more; --json lists them all")


def _refused(error: InvalidInput, chunk: list[Any]) -> list[Answer]:
    """Return the items that an error refuses; a lone item's error is about that item."""
    if isinstance(error, InvalidBatch):
        return [r.to_wire() for r in error.rejected]
    alone = {"index": 0, "field": error.field, "reason": error.message}
    return [alone] if len(chunk) == 1 else []


def _add(total: Answer, answer: Answer, start: int) -> None:
    total["accepted"] += answer["accepted"]
    total["sampled"] += answer.get("sampled", 0)
    if answer.get("withdrawn"):
        total["withdrawn"] = total.get("withdrawn", 0) + answer["withdrawn"]
    again = answer.get("duplicate", 0)  # how many, or whether all
    total["duplicate"] += answer["accepted"] if again is True else again
    total["ids"] += [answer["id"]] if answer["accepted"] and "id" in answer else []
    if "runs" in answer:
        total["runs"] = total.get("runs", []) + answer["runs"]
    refused = answer.get("rejected", [])
    total["rejected"] += [r | {"index": r["index"] + start} for r in refused]


def _aside(total: Answer) -> str:
    notes = [f"{total[name]} {TOLD.get(name, name)}" for name in COUNTED if total.get(name)]
    return f" ({', '.join(notes)})" if notes else ""

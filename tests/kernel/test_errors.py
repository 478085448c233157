"""The tree at the top of errors.py is the tree there is, and every error says how to mend it."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ratchet.kernel import errors
from ratchet.kernel.errors import InvalidBatch, InvalidInput, RatchetError

LINE = re.compile(r"^([│├└─ ]*)(\w+) +(RATCHET-\d+x*)? *(?:code +HTTP +exit|(\d{3})?(?: +(\d))?)")
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, RatchetError)
}


def drawn() -> Iterator[tuple[str, str | None, str | None, str | None, str | None]]:
    """Yield (class, parent, code, HTTP, exit) of every line of the tree."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines()[2:]:
        found = LINE.match(line)
        if found is None:
            continue
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        yield found[2], above[depth - 1] if depth else None, found[3], found[4], found[5]


def test_the_tree_names_every_class_under_its_parent() -> None:
    parents = {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items()}
    parents["RatchetError"] = None  # type: ignore[assignment]  # the root
    assert {name: parent for name, parent, *_ in drawn()} == parents


def test_the_tree_shows_the_codes_that_the_classes_have() -> None:
    for name, _, code, http, leaves in drawn():
        kind = CLASSES[name]
        assert code is None or kind.code.startswith(code.rstrip("x"))
        assert http is None or kind.http == int(http)
        assert leaves is None or kind.exit_code == int(leaves)
    assert sum(code is not None for _, _, code, *_ in drawn()) == len(CLASSES) - 1


# What datasets add, whatever its parent: the range that E7000 to E7999 had before.
DATASETS = "RATCHET-7"


def test_every_code_is_unique_and_stands_under_its_parents_thousand_or_the_datasets() -> None:
    codes = {name: kind.code for name, kind in CLASSES.items()}
    assert len(set(codes.values())) == len(codes)
    for kind in CLASSES.values():
        parent: Any = kind.__bases__[0]
        if parent not in (Exception, RatchetError):
            assert kind.code[:9] in (parent.code[:9], DATASETS)


def test_every_status_is_one_that_a_callable_may_answer() -> None:
    known = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "ABORTED"}
    known |= {"ALREADY_EXISTS", "UNAVAILABLE", "INTERNAL", "UNAUTHENTICATED"}
    known |= {"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}
    assert {kind.status for kind in CLASSES.values()} == known


def test_an_error_shows_what_a_person_needs() -> None:
    error = InvalidInput("n is wrong", field="n", mend="send a number")
    assert str(error) == "n is wrong (send a number)"
    shown = {"code": "RATCHET-1001", "message": "n is wrong", "field": "n", "mend": "send a number"}
    assert error.as_dict() == shown
    assert InvalidInput("short").as_dict() == {"code": "RATCHET-1001", "message": "short"}
    assert str(InvalidInput("short")) == "short"


def test_a_refused_batch_carries_its_items() -> None:
    error = InvalidBatch("all refused", rejected=[{"index": 0}])
    assert error.rejected == ({"index": 0},)
    assert error.as_dict()["rejected"] == [{"index": 0}]
    with pytest.raises(InvalidInput):
        raise error

"""Fault: the first thing that is wrong with some data, in the words of whoever sent them."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

WHOLE = "(whole)"
SHOWN = 20  # names of fields that are told
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*"
_NUMBER = r"(0|[1-9]\d{0,8})"
# The wanted forms that are more than a run of characters, by their pattern.
FORMS = {
    r"^[^@\s]+@[^@\s]+$": "an e-mail address is wanted",
    r"^https?://[^\s@]+$": "an http or https address is wanted, without a name or a key in it",
    r"^([A-Z][A-Z0-9_]*_)?API_KEY$": "the name of a variable that ends in API_KEY is wanted",
    r"^(\*|[A-Za-z0-9][A-Za-z0-9._:@/+-]*\*?)$": "a name is wanted, or the beginning of one and *",
    r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.\d{1,3})?$": "an observation's id is wanted, like day-1.100",
    r"^[A-Za-z0-9]([A-Za-z0-9 ._:/+-]*[A-Za-z0-9._:/+-])?$": "a class is wanted: letters, digits, "
    "spaces and . _ : / + -, beginning with a letter or digit, without a space at its end",
    rf"^{_LINE}$": "one line of text is wanted",
    rf"^{_LINE}[^\s\x00-\x1f\x7f-\x9f]{_LINE}$": "one line of text, not empty, is wanted",
    rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}$": "a version is wanted, like 1.0.3",
}
_RUN = re.compile(r"\^\[([^]]+)\](?:\[([^]]+)\])?(?:[*+]|\{\d+(?:,(\d+))?\})\$")
_KINDS = (
    ("A-Za-z", "letters"),
    ("a-z", "small letters"),
    ("a-f", "a to f"),
    ("0-9", "digits"),
    (" ", "spaces"),
)


def first_fault(error: ValidationError, kind: Any) -> tuple[str, str]:
    """Return (field path, reason) of the first fault that pydantic finds in data of a kind.

    A kind is a model, or what a field is annotated with.
    """
    fault: Any = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or WHOLE
    about = fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            return field, _unknown(str(fault["loc"][-1]), kind, fault["loc"][:-1])
        case "string_pattern_mismatch":
            return field, in_words(about["pattern"]) or fault["msg"]
        case "too_short":
            return field, f"{about['min_length']} or more are wanted, not {about['actual_length']}"
        case "too_long":
            return field, f"at most {about['max_length']} are taken"
        case "model_type" | "model_attributes_type" | "dict_type":
            return field, "a JSON object is wanted"
        case "list_type" | "tuple_type":
            return field, "a JSON array is wanted"
    return field, fault["msg"].removeprefix("Value error, ")


def check_settings(kind: type[BaseModel], settings: Any) -> None:
    """Hold what a registry's member is set with to the model of its kind, strictly.

    Raises: ValueError that names the field under `settings`, for the model that they are part of.
    """
    try:
        kind.model_validate(settings, strict=True)
    except ValidationError as error:
        field, reason = first_fault(error, kind)
        where = "settings" if field == WHOLE else f"settings.{field}"
        raise ValueError(f"{where}: {reason}") from error


def in_words(pattern: str) -> str:
    """Return which texts a pattern takes; nothing, where only the pattern says it.

    >>> in_words("^[a-z0-9][a-z0-9-]{0,62}$")
    'small letters, digits and - are taken, 63 at most, beginning with small letters or digits'
    """
    if pattern in FORMS:
        return FORMS[pattern]
    if not (run := _RUN.fullmatch(pattern)):
        return ""
    told = f"{_listed(_runs(run[2] or run[1]))} are taken"
    if run[3]:
        told += f", {int(run[3]) + 1} at most"
    return told + (f", beginning with {_listed(_runs(run[1]), 'or')}" if run[2] else "")


def _runs(characters: str) -> list[str]:
    """Return what a set of characters is called, and those that have no name."""
    names = []
    for letters, name in _KINDS:
        if letters in characters:
            names.append(name)
            characters = characters.replace(letters, "")
    return [*names, " ".join(characters)] if characters else names


def _listed(names: Sequence[str], last: str = "and") -> str:
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end


def _unknown(name: str, kind: Any, path: Sequence[Any]) -> str:
    """Return which fields there are in place of one that is not, and the nearest of them."""
    known = list(dict.fromkeys(field for model in _models(kind, path) for field in _fields(model)))
    if not known:
        return "unknown field"
    folded = {field.lower().replace("_", ""): field for field in known}
    near = get_close_matches(name.lower().replace("_", ""), folded, n=1)
    meant = f"; did you mean {folded[near[0]]}?" if near else ";"
    more = ", ..." if len(known) > SHOWN else ""
    return f"unknown field{meant} known are {', '.join(known[:SHOWN])}{more}"


def _fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name != "v":
            yield field.alias or name


def _models(kind: Any, path: Sequence[Any]) -> list[type[BaseModel]]:
    """Return the models that data of a kind have at a path."""
    kinds = [kind]
    for part in path:
        kinds = [below for kind in kinds for one in _plain(kind) for below in _below(one, part)]
    return [m for kind in kinds for m in _plain(kind) if _is_model(m)]


def _plain(kind: Any) -> list[Any]:
    """Return the kinds that a union or an annotated one is made of."""
    if _is_model(kind) or getattr(kind, "__origin__", None) in (list, tuple, dict):
        return [kind]
    args = get_args(kind)[:1] if hasattr(kind, "__metadata__") else get_args(kind)
    return [one for arg in args for one in _plain(arg)] or [kind]


def _below(kind: Any, part: Any) -> list[Any]:
    """Return what a kind has under a part of a path; under the tag of a union it is itself."""
    if not _is_model(kind):
        return [arg for arg in get_args(kind)[-2:] if isinstance(part, int) or arg is not str]
    fields = kind.model_fields.items()
    named = [field.annotation for name, field in fields if part in (field.alias, name)]
    tagged = part == kind.__name__ or any(part in get_args(f.annotation) for _, f in fields)
    return named or ([kind] if tagged else [])


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

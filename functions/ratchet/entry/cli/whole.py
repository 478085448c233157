"""A configuration document that replaces the whole of another: what it must name, what it lacks."""

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.bindings import Bindings
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS
from ratchet.store.port import Ref, Store


def require_fields(kind: type[Config], data: Mapping[str, Any]) -> None:
    """Refuse an object that names no field: it would set every one to its default, in silence.

    Raises: InvalidInput, also where it does not parse.
    """
    kind.from_store(data)  # what does not parse is told first
    _require(kind, {name: value for name, value in data.items() if name != "v"}, "")


def _require(kind: type[Model], data: Mapping[str, Any], where: str) -> None:
    fields = {str(f.alias): f.annotation for name, f in kind.model_fields.items() if name != "v"}
    if not data:
        raise InvalidInput(
            f"{where or 'the document'} names no field: every one would be set to its default",
            field="file",
            mend=f"name the fields: {', '.join(fields)}",
        )
    for name, inner in data.items():
        nested = fields.get(name)
        if isinstance(inner, Mapping) and isinstance(nested, type) and issubclass(nested, Model):
            _require(nested, inner, name)


def missing(store: Store, value: Config) -> Iterator[str]:
    """Yield a note of each policy and golden set that is named and is not there yet."""
    yield from missing_policies(store, value)
    yield from missing_golden(store, value)


def missing_golden(store: Store, value: Config) -> Iterator[str]:
    """Yield a note of each golden set that the gates name and that nobody froze yet."""
    if not isinstance(value, Gates):
        return
    named = [rules.golden for rules in value.all_rules() if rules.golden]
    for name in dict.fromkeys(named):
        if store.get(Ref(GOLDEN_SETS, name)) is None:
            mend = f"ratchet golden freeze {name} ..."
            yield f"golden set {name} does not exist, so the gate golden waits for it ({mend})"


def missing_policies(store: Store, value: Config) -> Iterator[str]:
    """Yield a note of each policy that a binding names and that has no active version yet."""
    if not isinstance(value, Bindings):
        return
    names = list(dict.fromkeys(line.policy for line in value.bindings))
    heads = store.get_many([Ref(PolicyHead.collection, name) for name in names])
    for name, head in zip(names, heads, strict=True):
        if head is None:
            mend = f"ratchet policy propose {name} --params FILE --reason ..."
            yield f"policy {name} does not exist, so what is bound to it gets nothing ({mend})"
        elif head.data.get("active") is None:
            mend = f"ratchet policy activate {name} VERSION --reason ..."
            yield f"policy {name} has no active version, so what is bound to it gets none ({mend})"

"""Seals: a keyed signature over all of a document, so that an edit by hand is seen."""

from collections.abc import Mapping
from typing import Any, TypeVar

from ratchet.kernel.canonical import sign, signed_by
from ratchet.kernel.document import Document
from ratchet.kernel.errors import BadSignature, InvalidInput
from ratchet.kernel.keys import Keys

SEAL = "seal"


class Sealed(Document):
    """A document whose every field is under a seal; whoever writes it seals it anew."""

    seal: str = ""


S = TypeVar("S", bound=Sealed)


def sealed(keys: Keys, document: S) -> S:
    """Return a document with the seal of what it holds now."""
    return document.model_copy(
        update={SEAL: sign(keys.signing, _under(document.collection, document.to_map()))}
    )


def is_sealed(keys: Keys, kind: type[Sealed], key: str, stored: Mapping[str, Any]) -> bool:
    """Say whether a stored map is the document of a key, as it was sealed."""
    seal = str(stored.get(SEAL, ""))
    try:
        own = seal.isascii() and signed_by(keys.signing, _under(kind.collection, stored), seal)
        return own and kind.from_store(stored).key() == key
    except InvalidInput:
        return False


def load_sealed(keys: Keys, kind: type[S], key: str, stored: Mapping[str, Any], *, mend: str) -> S:
    """Return the document of a key.

    Raises: BadSignature where it is not what was sealed.
    """
    if not is_sealed(keys, kind, key, stored):
        raise BadSignature(
            f"{kind.collection}/{key} is not what was sealed: it was changed by hand",
            field=SEAL,
            mend=mend,
        )
    return kind.from_store(stored)


def _under(collection: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    return {"collection": collection, "content": {k: v for k, v in stored.items() if k != SEAL}}

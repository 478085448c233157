"""Document ids: joined by `~`, with every part escaped so that no part can forge another."""

import hashlib
import secrets
from urllib.parse import quote

SEPARATOR = "~"
_PLAIN = "@:.+-_"


def join_key(*parts: str | int) -> str:
    """Join parts into one document id; `/`, `~` and `%` inside a part are escaped.

    >>> join_key("router:gpt-5", "a/b~c", 3)
    'router:gpt-5~a%2Fb%7Ec~3'
    """
    return SEPARATOR.join(
        quote(str(p), safe=_PLAIN, errors="replace").replace("~", "%7E") for p in parts
    )


def random_id() -> str:
    """Return a fresh 128-bit id."""
    return secrets.token_hex(16)


def shard_of(document_id: str, shards: int) -> int:
    """Return the shard in 0..shards-1 that an id hashes to, the same everywhere.

    >>> shard_of("b1", 1)
    0
    """
    digest = hashlib.blake2b(document_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards

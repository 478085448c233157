"""The project's secret, and the keys derived from it: one for each purpose."""

import hashlib
import hmac
from dataclasses import dataclass

from ratchet.kernel.errors import InvalidInput

MIN_BYTES = 16


@dataclass(frozen=True, repr=False)
class Keys:
    """Keys for signatures of versions, links of the audit chain, and pseudonyms of units."""

    signing: bytes
    audit: bytes
    units: bytes


def derive_keys(secret: str) -> Keys:
    """Derive the project's keys from its secret.

    Raises: InvalidInput for a secret under 16 bytes.
    """
    raw = secret.encode()
    if len(raw) < MIN_BYTES:
        raise InvalidInput(
            "the project's key is too short", field="RATCHET_KEY", mend="use 32 random bytes, hex"
        )

    def derived(purpose: str) -> bytes:
        return hmac.new(raw, b"ratchet:" + purpose.encode(), hashlib.sha256).digest()

    return Keys(derived("signing"), derived("audit"), derived("units"))

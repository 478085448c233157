"""The registry of detectors: one file, one line here, one test; of equals the first counts."""

from collections.abc import Mapping

from ratchet.datasets.protect.detect import (
    card,
    email,
    iban,
    ip,
    names,
    phone,
    secrets,
    ssn,
    url_credentials,
)
from ratchet.datasets.protect.detect.detector import Detector

DETECTORS: Mapping[str, Detector] = {
    "secrets": secrets.detect,
    "url_credentials": url_credentials.detect,
    "email": email.detect,
    "iban": iban.detect,
    "card": card.detect,
    "ssn": ssn.detect,
    "ip": ip.detect,
    "phone": phone.detect,
    "names": names.detect,
}

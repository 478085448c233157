from collections.abc import Iterator

import pytest
from tests.client.service import Service, serving

from ratchet.client import HttpTransport


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def transport(service: Service) -> Iterator[HttpTransport]:
    with HttpTransport(service.url, "secret", timeout=5.0) as transport:
        yield transport

from collections.abc import Iterator

import pytest

from ratchet.client import HttpTransport
from tests.client.service import Service, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def transport(service: Service) -> Iterator[HttpTransport]:
    with HttpTransport(service.url, "secret", timeout=5.0) as transport:
        yield transport

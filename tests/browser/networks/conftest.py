"""The service as seen from another device, whose browser is on networks of its own."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import assert_no_tracebacks
from tests.browser.networks.elsewhere import Elsewhere, a_device
from tests.browser.networks.turn import SECRET
from tests.browser.service import Service, free_port, running_service


@pytest.fixture(scope="session")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """The other device."""
    with a_device(tmp_path_factory.mktemp("elsewhere")) as device:
        yield device


@pytest.fixture
def elsewhere(device: Elsewhere) -> Iterator[Elsewhere]:
    """The other device, with nothing in its way."""
    yield device
    device.mend()


@pytest.fixture(scope="session")
def turn_port() -> int:
    """Where there may be a TURN server."""
    return free_port()


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, device: Elsewhere, turn_port: int
) -> Iterator[Service]:
    """A service at an address that the other device reaches."""
    settings = {
        "PUBLIC_ADDRESS": f"{device.server},{device.server6}",
        "TURN_URLS": f"turn:{device.server}:{turn_port}?transport=tcp",
        "TURN_SECRET": SECRET,
        "HOST_GRACE_SECONDS": "10",
    }
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder, device.server, settings) as service:
        yield service
    assert_no_tracebacks(service)

"""The service as seen from another device, whose browser is on networks of its own."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import assert_no_tracebacks
from tests.browser.networks.elsewhere import Elsewhere, a_device
from tests.browser.service import Service, running_service


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """The other device."""
    with a_device(tmp_path_factory.mktemp("elsewhere")) as device:
        yield device


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Service]:
    """A service at an address that the other device reaches."""
    public = {"PUBLIC_ADDRESS": f"{elsewhere.server},{elsewhere.server6}"}
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder, elsewhere.server, public) as service:
        yield service
    assert_no_tracebacks(service)

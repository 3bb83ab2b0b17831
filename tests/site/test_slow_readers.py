"""Who does not read what the server says is let go, before it fills the memory."""

import pytest
from twisted.internet.task import Clock

from spaces_site.web import PATIENCE, Patience


class Connection:
    """What becomes of a WebSocket, on a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.is_dropped = False
        self.patience = Patience(self.clock.callLater, self._drop)

    def _drop(self) -> None:
        self.is_dropped = True


@pytest.fixture
def connection() -> Connection:
    return Connection()


def test_a_client_that_never_reads_is_let_go(connection: Connection) -> None:
    connection.patience.pauseProducing()
    connection.clock.advance(PATIENCE - 1)
    assert not connection.is_dropped
    connection.clock.advance(1)
    assert connection.is_dropped


def test_a_client_that_catches_up_in_time_stays(connection: Connection) -> None:
    for _ in range(3):
        connection.patience.pauseProducing()
        connection.clock.advance(PATIENCE - 1)
        connection.patience.resumeProducing()
        connection.clock.advance(PATIENCE)
    assert not connection.is_dropped


def test_a_client_that_went_by_itself_is_forgotten(connection: Connection) -> None:
    connection.patience.pauseProducing()
    connection.patience.stopProducing()
    assert connection.clock.getDelayedCalls() == []

"""The `web` process: daphne, which here also lets go of clients that do not read.

What a WebSocket does not take is kept in memory. Somebody who sends commands and never reads the
answers would fill it: daphne pings only connections that say nothing.
"""

import sys
from collections.abc import Callable
from typing import Any, Protocol

from autobahn.websocket import ConnectionDeny
from daphne.cli import CommandLineInterface
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor

PATIENCE = 30.0
"""Seconds a client may leave more waiting than the buffer of its connection holds (64 KiB)."""


class Timer(Protocol):
    """Something that was put off, and can be called off."""

    def cancel(self) -> None: ...


class Patience:
    """Stands as the producer of a connection, which Twisted tells when its buffer is full."""

    def __init__(
        self, call_later: Callable[[float, Callable[[], object]], Timer], give_up: Callable[[], Any]
    ) -> None:
        self._call_later = call_later
        self._give_up = give_up
        self._timer: Timer | None = None

    def pauseProducing(self) -> None:  # noqa: N802  Twisted calls it so
        """More waits than the buffer should hold."""
        if self._timer is None:
            self._timer = self._call_later(PATIENCE, self._lose)

    def resumeProducing(self) -> None:  # noqa: N802  Twisted calls it so
        """Everything is on its way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stopProducing(self) -> None:  # noqa: N802  Twisted calls it so
        """The connection is gone."""
        self.resumeProducing()

    def _lose(self) -> None:
        self._timer = None
        self._give_up()


class PatientServer(Server):
    """Watches over every WebSocket from its handshake on."""

    def protocol_connected(self, protocol: Any) -> None:
        """Called by each connection when it begins."""
        super().protocol_connected(protocol)
        if isinstance(protocol, WebSocketProtocol):
            if not protocol.http_headers.get("sec-websocket-protocol", "").isascii():
                # Daphne would fail on it with a traceback (RFC 6455, section 4.1, allows ASCII).
                deny: Any = ConnectionDeny  # autobahn has no types
                raise deny(400, "Sec-WebSocket-Protocol must be ASCII")
            call_later: Any = reactor.callLater
            guard = Patience(call_later, lambda: protocol.dropConnection(abort=True))
            # Until here the HTTP connection stood there, which is over with the upgrade.
            protocol.transport.unregisterProducer()
            protocol.transport.registerProducer(guard, streaming=True)


class PatientCommandLine(CommandLineInterface):
    """Daphne's own arguments."""

    server_class = PatientServer


if __name__ == "__main__":
    PatientCommandLine().run(sys.argv[1:])

"""ICE over TCP for networks that let no UDP through: the passive side (RFC 6544).

Datagrams travel in a stream, each after its length in two bytes (RFC 4571). A connection is an
address like any other to the rest of the engine. It lives as long as a participant is known to
be at it; before that it has five seconds to bring an authentic check.

Nothing here waits. Who reads too slowly misses packets, as on any network, instead of hearing
them ever later.
"""

import contextlib
import errno
import resource
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from audio.sockets import plain_host
from audio.stun import Address, TcpAddress

PROVE_TIMEOUT = 5.0
"""Seconds that a connection has for its first authentic check."""

MAX_UNPROVED = 256
"""So many connections may be about to prove themselves; the oldest makes room for a new one."""

MAX_FRAME = 2048
"""Bytes of the longest datagram: nothing that WebRTC says is longer."""

MAX_OUTGOING = 8 * 1024
"""Bytes that wait for a slow reader; two seconds of sound."""

_READ = 4096
_ACCEPTS = 16  # between two looks at the clock
_UNSENT_IN_KERNEL = 4096
_OTHER_FILES = 256
_ENOUGH = 65_536
_OUT_OF_SOCKETS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class BadFraming(ValueError):
    """The stream is not one of framed datagrams."""


class Frames:
    """Cuts a stream into datagrams (RFC 4571, 2)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The datagrams that are complete now; raises `BadFraming` for one over `MAX_FRAME`."""
        self._buffer += data
        found = []
        at = 0
        while len(self._buffer) - at >= 2:
            size = int.from_bytes(self._buffer[at : at + 2], "big")
            if size > MAX_FRAME:
                raise BadFraming(f"a frame of {size} bytes")
            if len(self._buffer) - at - 2 < size:
                break
            if size:  # an empty one means nothing
                found.append(bytes(self._buffer[at + 2 : at + 2 + size]))
            at += 2 + size
        del self._buffer[:at]
        return found


def frame(datagram: bytes) -> bytes:
    """A datagram as it travels in a stream."""
    return len(datagram).to_bytes(2, "big") + datagram


def most_connections() -> int:
    """How many fit into what this process may open, with some left for files and the web."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - _OTHER_FILES, soft // 2) if soft != resource.RLIM_INFINITY else _ENOUGH


@dataclass(slots=True, eq=False)
class _Connection:
    sock: socket.socket
    address: TcpAddress
    deadline: float
    frames: Frames = field(default_factory=Frames)
    outgoing: bytearray = field(default_factory=bytearray)


class TcpPort:
    """Accepts, reads and writes connections on the media thread, whose selector it uses.

    `receive` takes what arrives; `knows` says whether a participant proved to be at an address;
    `dropped` counts by reason.
    """

    def __init__(
        self,
        listener: socket.socket,
        selector: selectors.BaseSelector,
        *,
        receive: Callable[[bytes, Address], None],
        knows: Callable[[Address], bool],
        dropped: Counter[str],
        most: int,
    ) -> None:
        self._listener = listener
        self._selector = selector
        self._receive = receive
        self._knows = knows
        self._dropped = dropped
        self._most = most
        self._numbers = count(1)
        self._unproved: dict[TcpAddress, _Connection] = {}
        self._proved: dict[TcpAddress, _Connection] = {}
        self._listen()

    def __len__(self) -> int:
        return len(self._unproved) + len(self._proved)

    def send(self, datagram: bytes, address: TcpAddress) -> None:
        """Send without waiting; what does not fit is lost."""
        connection = self._proved.get(address) or self._unproved.get(address)
        if connection is None:
            self._dropped["tcp_gone"] += 1
            return
        framed = frame(datagram)
        if len(connection.outgoing) + len(framed) > MAX_OUTGOING:
            self._dropped["tcp_slow_reader"] += 1
            return
        connection.outgoing += framed
        if len(connection.outgoing) == len(framed):  # else the selector says when to go on
            self._write(connection)

    def poll(self, now: float) -> None:
        """Close what nobody is at (any more). Once a second is enough."""
        for connection in list(self._unproved.values()):
            if now >= connection.deadline:
                self._drop(connection, "tcp_unproved")
        for connection in list(self._proved.values()):
            if not self._knows(connection.address):
                self._close(connection)
        self._listen()

    def close(self) -> None:
        """Close every connection, and the listener."""
        for connection in [*self._unproved.values(), *self._proved.values()]:
            self._close(connection)
        self._ignore_new()
        self._listener.close()

    def _listen(self) -> None:
        if self._listener not in self._selector.get_map():
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _ignore_new(self) -> None:
        if self._listener in self._selector.get_map():
            self._selector.unregister(self._listener)

    def _accept(self, _: int) -> None:
        for _number in range(_ACCEPTS):
            try:
                sock, source = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _OUT_OF_SOCKETS:
                    self._ignore_new()  # until the next poll
                return
            self._add(sock, TcpAddress(plain_host(source[0]), source[1], next(self._numbers)))

    def _add(self, sock: socket.socket, address: TcpAddress) -> None:
        if len(self._unproved) >= MAX_UNPROVED or (self._unproved and len(self) >= self._most):
            self._drop(next(iter(self._unproved.values())), "tcp_unproved")
        if len(self) >= self._most:
            sock.close()
            self._dropped["tcp_too_many"] += 1
            return
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # it is gone already, which reading will show
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Sound that waits in the kernel is sound that comes late.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_IN_KERNEL)
        connection = _Connection(sock, address, time.monotonic() + PROVE_TIMEOUT)
        self._unproved[address] = connection
        self._selector.register(
            sock, selectors.EVENT_READ, lambda events: self._ready(connection, events)
        )

    def _ready(self, connection: _Connection, events: int) -> None:
        """The selector: go on reading or writing, unless it was closed a moment ago."""
        if events & selectors.EVENT_WRITE and connection.sock.fileno() >= 0:
            self._write(connection)
        if events & selectors.EVENT_READ and connection.sock.fileno() >= 0:
            self._read(connection)

    def _read(self, connection: _Connection) -> None:
        try:
            data = connection.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        try:
            datagrams = connection.frames.feed(data)
        except BadFraming:
            self._drop(connection, "bad_framing")
            return
        for datagram in datagrams:
            self._receive(datagram, connection.address)
        if connection.address in self._unproved and self._knows(connection.address):
            self._proved[connection.address] = self._unproved.pop(connection.address)

    def _write(self, connection: _Connection) -> None:
        try:
            sent = connection.sock.send(connection.outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(connection)
            return
        del connection.outgoing[:sent]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.outgoing else 0)
        key = self._selector.get_key(connection.sock)
        if key.events != events:
            self._selector.modify(connection.sock, events, key.data)

    def _drop(self, connection: _Connection, reason: str) -> None:
        self._dropped[reason] += 1
        self._close(connection)

    def _close(self, connection: _Connection) -> None:
        self._unproved.pop(connection.address, None)
        self._proved.pop(connection.address, None)
        if connection.sock.fileno() >= 0:
            self._selector.unregister(connection.sock)
            connection.sock.close()

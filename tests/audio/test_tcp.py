"""TCP on the port: framing, and what becomes of those who prove nothing or read nothing."""

import contextlib
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import tcp
from audio.sockets import open_port
from audio.stun import Address, TcpAddress
from audio.tcp import MAX_FRAME, MAX_OUTGOING, MAX_UNPROVED, BadFraming, Frames, TcpPort, frame
from tests.audio.callers import PATIENCE


class Desk:
    """A port whose selector the test turns by hand; whoever says "please" is known."""

    def __init__(self, most: int = 1000) -> None:
        self.dropped: Counter[str] = Counter()
        self.received: list[bytes] = []
        self.known: set[Address] = set()
        self.selector = selectors.DefaultSelector()
        self.udp, listener = open_port("127.0.0.1", 0)
        self.port = TcpPort(
            listener,
            self.selector,
            receive=self._receive,
            knows=self.known.__contains__,
            dropped=self.dropped,
            most=most,
        )
        self.clients: list[socket.socket] = []

    def client(self, receive_buffer: int = 0) -> socket.socket:
        """Somebody who has connected, and was accepted or refused."""
        client = socket.socket()
        self.clients.append(client)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE)
        before = len(self.port), sum(self.dropped.values())
        client.connect(("127.0.0.1", self.udp.getsockname()[1]))
        self.turn_until(lambda: (len(self.port), sum(self.dropped.values())) != before)
        return client

    def guest(self, receive_buffer: int = 0) -> tuple[socket.socket, TcpAddress]:
        """Somebody who is known, and the address."""
        client = self.client(receive_buffer)
        client.sendall(frame(b"please"))
        self.turn_until(lambda: bool(self.known))
        (address,) = self.known
        assert isinstance(address, TcpAddress)
        return client, address

    def turn(self) -> None:
        for key, events in self.selector.select(0.01):
            key.data(events)

    def turn_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            self.turn()

    def hung_up_on(self, client: socket.socket) -> bool:
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.port.close()
        for sock in (self.udp, *self.clients):
            sock.close()
        self.selector.close()

    def _receive(self, datagram: bytes, source: Address) -> None:
        self.received.append(datagram)
        if datagram == b"please":
            self.known.add(source)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20), st.data())
def test_datagrams_come_out_as_they_went_in_however_the_stream_is_cut(
    datagrams: list[bytes], data: st.DataObject
) -> None:
    stream = b"\0\0" + b"".join(frame(datagram) for datagram in datagrams)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    frames = Frames()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [found for piece in pieces for found in frames.feed(piece)] == datagrams


@given(st.lists(st.binary(max_size=5000), max_size=10))
def test_no_stream_raises_anything_but_bad_framing_or_is_kept_for_ever(pieces: list[bytes]) -> None:
    frames = Frames()
    with contextlib.suppress(BadFraming):
        for piece in pieces:
            assert all(len(datagram) <= MAX_FRAME for datagram in frames.feed(piece))
            assert len(frames._buffer) < 2 + MAX_FRAME


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=200)), max_size=30))
def test_no_bytes_on_any_connection_raise(script: list[tuple[int, bytes]]) -> None:
    desk = Desk()
    with contextlib.closing(desk):
        clients = [desk.client() for _ in range(4)]
        for index, data in script:
            with contextlib.suppress(OSError):  # that one was hung up on
                clients[index].sendall(data)
            desk.turn()
        assert len(desk.port) + desk.dropped["bad_framing"] == 4


def test_what_is_no_webrtc_is_hung_up_on_without_a_word(desk: Desk) -> None:
    client = desk.client()
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    desk.turn_until(lambda: desk.dropped["bad_framing"] == 1)
    assert desk.hung_up_on(client)
    assert desk.received == []
    assert len(desk.port) == 0


def test_whoever_proves_nothing_in_time_is_hung_up_on(desk: Desk) -> None:
    silent = desk.client()
    known, _ = desk.guest()
    desk.port.poll(time.monotonic() + tcp.PROVE_TIMEOUT)
    assert desk.hung_up_on(silent)
    assert not desk.hung_up_on(known)
    assert desk.dropped == {"tcp_unproved": 1}


def test_whoever_is_forgotten_is_hung_up_on(desk: Desk) -> None:
    client, address = desk.guest()
    desk.known.clear()
    desk.port.poll(time.monotonic())
    assert desk.hung_up_on(client)
    desk.port.send(b"late", address)
    assert desk.dropped == {"tcp_gone": 1}


def test_a_crowd_that_proves_nothing_keeps_nobody_out(desk: Desk) -> None:
    first = desk.client()
    for _ in range(MAX_UNPROVED - 1):
        desk.client()
    assert desk.dropped == {}
    known, address = desk.guest()
    assert desk.dropped == {"tcp_unproved": 1}
    assert desk.hung_up_on(first)
    desk.port.send(b"welcome", address)
    assert known.recv(9) == frame(b"welcome")


def test_a_full_house_hangs_up_on_newcomers_and_on_nobody_else() -> None:
    desk = Desk(most=1)
    with contextlib.closing(desk):
        known, address = desk.guest()
        assert desk.hung_up_on(desk.client())
        assert desk.dropped == {"tcp_too_many": 1}
        desk.port.send(b"still here", address)
        known.settimeout(PATIENCE)
        assert known.recv(12) == frame(b"still here")


def test_who_reads_nothing_misses_sound_and_holds_up_nobody(desk: Desk) -> None:
    client, address = desk.guest(receive_buffer=4096)
    datagrams = [number.to_bytes(4, "big") * 40 for number in range(2000)]
    for datagram in datagrams:
        desk.port.send(datagram, address)
    assert desk.dropped["tcp_slow_reader"] > 1000
    (connection,) = desk.port._proved.values()
    assert len(connection.outgoing) <= MAX_OUTGOING
    # When it reads again, what arrives is whole, and what comes next arrives too.
    frames, arrived = Frames(), list[bytes]()

    def read() -> bool:
        desk.turn()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            arrived.extend(frames.feed(client.recv(65536)))
        return not connection.outgoing

    desk.turn_until(read)
    desk.port.send(b"fresh", address)
    desk.turn_until(lambda: read() and arrived[-1] == b"fresh")
    assert arrived[:-1] == datagrams[: len(arrived) - 1]

"""The engine's port: each datagram tells when it came, however late it is read."""

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from audio.sockets import Inbox, open_udp

NOW = 1000.0


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with open_udp("127.0.0.1", 0) as udp:
        yield udp


def arrival(udp: socket.socket, monkeypatch: pytest.MonkeyPatch, *, later: float) -> float:
    """When a datagram seems to have come that is read so many seconds after it was sent."""
    inbox = Inbox(udp)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"sound", udp.getsockname())
        clocks = SimpleNamespace(monotonic=lambda: NOW, time=lambda: time.time() + later)
        monkeypatch.setattr("audio.sockets.time", clocks)
        datagram, source, at = inbox.read()
        assert (datagram, source) == (b"sound", ("127.0.0.1", sender.getsockname()[1]))
    return at


def test_a_datagram_that_waited_came_before_it_is_read(
    udp: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NOW - 0.1 <= arrival(udp, monkeypatch, later=0.05) <= NOW - 0.05


@pytest.mark.parametrize(("later", "at"), [(3600.0, NOW - 0.1), (-3600.0, NOW)])
def test_a_wall_clock_that_is_set_meanwhile_moves_it_hardly(
    udp: socket.socket, monkeypatch: pytest.MonkeyPatch, later: float, at: float
) -> None:
    assert arrival(udp, monkeypatch, later=later) == at


def test_where_the_kernel_says_nothing_it_is_the_moment_of_reading(
    udp: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audio.sockets.sys", SimpleNamespace(platform="darwin", maxsize=2**63))
    assert arrival(udp, monkeypatch, later=0.05) == NOW
    assert not Inbox(udp).stamped


def test_nothing_to_read_is_said_at_once(udp: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        Inbox(udp).read()

"""Many datagrams to many addresses in one system call.

`sendmmsg(2)` takes an array of messages. The arrays the kernel reads are laid out once, as numpy
records over memory that never moves; for each batch only sizes and addresses are written.
Where the call does not exist, the datagrams go out one by one.
"""

import ctypes
import errno
import select
import socket
import struct
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

CAPACITY = 1024
"""Datagrams in one batch: as many as Linux takes in one call (`UIO_MAXIOV`)."""

STRIDE = 1536
"""Bytes between the starts of two datagrams; none may be larger."""

SOCKADDR_SIZE = 28
"""Of `sockaddr_in6`, the larger of the two there are."""

_DONTWAIT = int(socket.MSG_DONTWAIT)  # of an enumeration it would be looked up each time
_PATIENCE = 5  # milliseconds to wait for a full socket buffer, once in a batch

# struct iovec and struct mmsghdr of 64-bit Linux.
_IOVEC = np.dtype([("base", np.uintp), ("size", np.uintp)])
_MMSGHDR = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen"],
        "formats": [np.uintp, np.uint32, np.uintp, np.uintp],
        "offsets": [0, 8, 16, 24],
        "itemsize": 64,
    }
)


def _find_sendmmsg() -> Callable[[int, int, int, int], int] | None:
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    function = ctypes.CDLL(None, use_errno=True).sendmmsg
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    return function


_sendmmsg = _find_sendmmsg()


def sockaddr(family: int, host: str, port: int) -> bytes:
    """An address as the kernel reads it, padded to `SOCKADDR_SIZE`.

    On an IPv6 socket an IPv4 address is written as a mapped one (RFC 4291, 2.5.5.2).
    """
    head = struct.pack("=H", family) + struct.pack("!H", port)
    if family == socket.AF_INET:
        return (head + socket.inet_aton(host)).ljust(SOCKADDR_SIZE, b"\0")
    mapped = host if ":" in host else f"::ffff:{host}"
    return head + bytes(4) + socket.inet_pton(socket.AF_INET6, mapped) + bytes(4)


def address_of(name: bytes) -> tuple[str, int]:
    """Host and port of what `sockaddr` wrote."""
    (family,) = struct.unpack_from("=H", name)
    (port,) = struct.unpack_from("!H", name, 2)
    if family == socket.AF_INET:
        return socket.inet_ntoa(name[4:8]), port
    host = socket.inet_ntop(socket.AF_INET6, name[8:24])
    return host.removeprefix("::ffff:") if "." in host else host, port


class Batch:
    """Memory for `CAPACITY` datagrams, and the way to the kernel."""

    def __init__(self) -> None:
        self.data: NDArray[np.uint8] = np.zeros((CAPACITY, STRIDE), dtype=np.uint8)
        """One datagram in each row."""
        self.names: NDArray[np.uint8] = np.zeros((CAPACITY, SOCKADDR_SIZE), dtype=np.uint8)
        """Where each goes: rows as `sockaddr` makes them."""
        self._vectors = np.zeros(CAPACITY, dtype=_IOVEC)
        self.sizes: NDArray[np.uintp] = self._vectors["size"]
        """Bytes in each."""
        self._messages = np.zeros(CAPACITY, dtype=_MMSGHDR)
        self._socket: socket.socket | None = None
        row = np.arange(CAPACITY, dtype=np.uintp)
        self._vectors["base"] = self.data.ctypes.data + row * np.uintp(STRIDE)
        self._messages["name"] = self.names.ctypes.data + row * np.uintp(SOCKADDR_SIZE)
        self._messages["iov"] = self._vectors.ctypes.data + row * np.uintp(_IOVEC.itemsize)
        self._messages["iovlen"] = 1
        self._base = self._messages.ctypes.data

    def datagrams(self, count: int) -> list[tuple[bytes, tuple[str, int]]]:
        """The first `count` datagrams, each with its address."""
        return [
            (self.data[i, : self.sizes[i]].tobytes(), address_of(self.names[i].tobytes()))
            for i in range(count)
        ]

    def send(self, udp: socket.socket, count: int) -> int:
        """Send the first `count` datagrams; returns how many the kernel did not take.

        One that cannot be sent does not keep back those after it. When the socket's buffer is
        full for longer than a few milliseconds, the rest is given up.
        """
        if _sendmmsg is None:
            return self._send_one_by_one(udp, count)
        if udp is not self._socket:
            self._socket = udp
            self._messages["namelen"] = 28 if udp.family == socket.AF_INET6 else 16
        at = failed = 0
        patient = True
        while at < count:
            address = self._base + at * _MMSGHDR.itemsize
            sent = _sendmmsg(udp.fileno(), address, count - at, _DONTWAIT)
            if sent > 0:
                at += sent
                continue
            error = ctypes.get_errno()
            if error == errno.EINTR:
                continue
            if error in (errno.EAGAIN, errno.ENOBUFS):
                if not (patient and _becomes_writable(udp)):
                    return failed + count - at
                patient = False
                continue
            at += 1  # this one alone: no route, or a firewall in the way
            failed += 1
        return failed

    def _send_one_by_one(self, udp: socket.socket, count: int) -> int:
        failed = 0
        for datagram, (host, port) in self.datagrams(count):
            mapped = f"::ffff:{host}" if udp.family == socket.AF_INET6 and ":" not in host else host
            try:
                udp.sendto(datagram, (mapped, port))
            except OSError:
                failed += 1
        return failed


def _becomes_writable(udp: socket.socket) -> bool:
    poll = select.poll()
    poll.register(udp, select.POLLOUT)
    return bool(poll.poll(_PATIENCE))

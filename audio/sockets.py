"""The sockets of the engine's port, and the addresses it is reached at.

One socket serves both families: bound to `::` it also takes IPv4, whose addresses the kernel
then writes as `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2). The rest of the engine sees them plain.
"""

import socket
import struct
import sys
import time
from ipaddress import ip_address

from audio.stun import Address

ANY = ("::", "0.0.0.0")  # noqa: S104  recognised here, and bound when the operator says so

_MAX_DATAGRAM = 2048
_TIMESTAMP = 35  # SO_TIMESTAMPNS of Linux, which the socket module does not name
_TIMESPEC = struct.Struct("@qq")
_LONGEST_WAIT = 0.1  # seconds; a wall clock that was set must not move an arrival further
_BUFFER = 4 * 1024 * 1024
_BACKLOG = 512
_MAPPED = "::ffff:"
# Addresses for documentation (RFC 5737, 3849): the route that leads there leads out.
_FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class Inbox:
    """Reads a UDP socket: datagrams, where they came from, and when, however late they are read."""

    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp
        self.stamped = sys.platform.startswith("linux") and sys.maxsize > 2**32
        """Whether the kernel says when; otherwise it is the moment of reading."""
        if self.stamped:
            udp.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)

    def read(self) -> tuple[bytes, Address, float]:
        """The next datagram, its source, and its arrival on the monotonic clock.

        Raises `BlockingIOError` when there is none, and `OSError` for what the network said of
        something sent earlier.
        """
        datagram, notes, _, source = self._udp.recvmsg(_MAX_DATAGRAM, 64 if self.stamped else 0)
        now = time.monotonic()
        waited = 0.0
        for _, kind, value in notes:
            if kind == _TIMESTAMP and len(value) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(value)
                waited = time.time() - seconds - nanoseconds / 1e9
        arrival = now - min(max(waited, 0.0), _LONGEST_WAIT)
        return datagram, (plain_host(source[0]), source[1]), arrival


def open_port(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """The engine's port: a UDP socket, and a TCP listener on the same number.

    `::` means every address of both families, port 0 any free one. Raises `OSError` when the
    port is taken.
    """
    while True:
        udp = _open(socket.SOCK_DGRAM, host, port)
        try:
            return udp, _open(socket.SOCK_STREAM, host, udp.getsockname()[1])
        except OSError:
            udp.close()
            if port:
                raise


def open_udp(host: str, port: int) -> socket.socket:
    """A UDP socket alone, as `open_port`."""
    return _open(socket.SOCK_DGRAM, host, port)


def plain_host(host: str) -> str:
    """An address as the kernel writes it, in the usual writing."""
    return host[len(_MAPPED) :] if host.startswith(_MAPPED) and "." in host else host


def kernel_address(family: int, address: Address) -> tuple[str, int]:
    """Where a socket of this family sends to, to reach the address."""
    host, port = address[0], address[1]
    if family == socket.AF_INET6 and ":" not in host:
        return _MAPPED + host, port
    return host, port


def reachable_addresses(host: str) -> tuple[str, ...]:
    """What to put into the candidates of a port bound to `host` when nobody says so.

    That address itself; for a wildcard, the loopback address and those this machine goes by.
    """
    if host not in ANY:
        return (host,)
    families = [socket.AF_INET]
    if _family(host) == socket.AF_INET6:
        families.append(socket.AF_INET6)
    found = ["127.0.0.1"]
    for family, far_away in _FAR_AWAY:
        if family in families:
            found += _on_the_way_to(family, far_away)
    for family in families:
        found += _of_this_host(family)
    return tuple(dict.fromkeys(found))


def _family(host: str) -> socket.AddressFamily:
    """IPv6 where the address wants it; for `::` only where this machine has IPv6."""
    if ":" not in host or (host == "::" and not socket.has_dualstack_ipv6()):
        return socket.AF_INET
    return socket.AF_INET6


def _open(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    sock = socket.socket(_family(host), kind)
    try:
        if kind == socket.SOCK_DGRAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        else:
            # Connections of the process before linger for a minute; they keep nobody away.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(sock, host, port)
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        name = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
        raise OSError(error.errno, f"{name} {host} port {port}: {error.strerror}") from error
    return sock


def _bind(sock: socket.socket, host: str, port: int) -> None:
    sock.setblocking(False)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
    elif host == "::":
        host = "0.0.0.0"  # noqa: S104  what is left of "everywhere" without IPv6
    sock.bind((host, port))


def _on_the_way_to(family: int, far_away: str) -> list[str]:
    """The address this machine sends from; nothing where there is no way out."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a UDP socket sends nothing; it only picks the address of the route.
            probe.connect((far_away, 9))
            return _useful([probe.getsockname()[0]])
        except OSError:
            return []


def _of_this_host(family: int) -> list[str]:
    try:
        infos = socket.getaddrinfo(socket.gethostname(), None, family)
    except OSError:
        return []
    return _useful([str(info[4][0]) for info in infos])


def _useful(hosts: list[str]) -> list[str]:
    """Those without link-local addresses: they mean nothing without the name of an interface."""
    return [host for host in hosts if not ip_address(host.partition("%")[0]).is_link_local]

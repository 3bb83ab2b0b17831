"""One participant's connection: its credentials, its handshake, its addresses."""

import math
import secrets
from collections import deque
from dataclasses import dataclass, field

from audio import rtcp, rtp
from audio.dtls import Handshake
from audio.reports import Reports
from audio.srtp import SrtpSession
from audio.stun import Address, KnownCheck, TcpAddress

CNAME = "spaces"
_MAX_ADDRESSES = 8  # that one participant may have proved to own; Wi-Fi, mobile, and spares
_UDP_PATIENCE = 5.0  # seconds; browsers check what they use every 2.5 s, or more often
_REMEMBERED_CHECKS = 32


@dataclass(slots=True, eq=False)
class Peer:
    """The state a participant's transport needs; `Transport` moves the datagrams."""

    room: str
    participant: str
    handshake: Handshake
    payload_type: int
    remote_ufrag: str
    last_consent: float
    """When the last authentic connectivity check came, on the monotonic clock."""
    ufrag: str = field(default_factory=lambda: secrets.token_hex(8))
    pwd: str = field(default_factory=lambda: secrets.token_hex(16))
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    srtp: SrtpSession | None = None
    """Present once the handshake is done."""
    slot: int | None = None
    """Its place in the `Fanout`, from then on."""
    address: Address | None = None
    """Where the participant wants to be reached."""
    addresses: deque[Address] = field(default_factory=deque)
    """Where it proved to be, oldest first."""
    checks: deque[bytes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_CHECKS))
    """The transactions of its last authentic checks."""
    check: KnownCheck | None = None
    """The last of them, which is likely to come again."""
    last_udp_nomination: float = -math.inf
    """When the client last said, over UDP, that it uses UDP."""
    next_report: float = 0.0
    reports: Reports = field(init=False)
    """What both sides said of the network between them."""

    def __post_init__(self) -> None:
        self.reports = Reports(self.ssrc)

    def copied(self, transaction: bytes, source: Address) -> bool:
        """Whether an authentic check is one that somebody saw on its way and sends from elsewhere.

        Otherwise who can read a participant's packets could aim its sound at a third party.
        """
        if transaction in self.checks:
            return source not in self.addresses
        self.checks.append(transaction)
        return False

    def proved_address(self, address: Address, now: float, *, nominated: bool) -> list[Address]:
        """Remember an address an authentic check came from; returns those to forget.

        The last nominated is where the sound goes, but UDP first: a TCP connection has to wait
        until nothing is nominated over UDP any more. Some browsers nominate all that works.
        """
        if isinstance(address, TcpAddress):
            nominated = nominated and now - self.last_udp_nomination >= _UDP_PATIENCE
        elif nominated:
            self.last_udp_nomination = now
        if nominated or self.address is None:
            self.address = address
        if address not in self.addresses:
            self.addresses.append(address)
        if len(self.addresses) <= _MAX_ADDRESSES:
            return []
        oldest = self.addresses.popleft()
        if oldest == self.address:
            self.addresses.append(oldest)
            oldest = self.addresses.popleft()
        return [oldest]

    def report(
        self,
        srtp: SrtpSession,
        now: float,
        wall_clock: float,
        timestamp: int,
        sent: rtp.SentCounters,
    ) -> bytes:
        """A protected report of what was sent and received."""
        blocks = self.reports.blocks(now)
        plain = rtcp.sender_report(self.ssrc, wall_clock, timestamp, sent, CNAME, blocks)
        return srtp.protect_rtcp(plain)

"""One port for everybody: which participant a datagram belongs to, and what it is.

A datagram is told by its first byte (RFC 7983). STUN names its participant in USERNAME and
proves it with the password of the offer and answer; from then on its address is known, and
DTLS and SRTP are told by the address alone. Nothing is ever sent to an address that has not
proved itself, so nobody can make the engine flood a third party.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from audio import rtcp, rtp, stun
from audio.batch import Batch
from audio.dtls import BadDtls
from audio.fanout import Fanout, Slots
from audio.fanout_worker import FanoutWorker
from audio.gcm import GcmSession
from audio.peer import CNAME, Peer
from audio.srtp import GCM, BadSrtp, Keys, LibSrtpSession, SrtpSession
from audio.stun import Address

CONSENT_TIMEOUT = 30.0
"""Seconds without an authentic check after which a participant is lost (RFC 7675, 5.1)."""

_REPORT_INTERVAL = 5.0  # seconds (RFC 3550, 6.2)
_LISTENER_INTERVAL = 10.0  # for those who send nothing: all it tells is how far away they are
_RETRANSMIT_INTERVAL = 0.1

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told what the transport found out."""

    def connected(self, peer: Peer) -> None:
        """The handshake is done: sound can flow."""

    def lost(self, peer: Peer) -> None:
        """The participant has gone silent on the network; the transport forgets it after this."""

    def audio(self, peer: Peer, packet: rtp.RtpPacket, now: float) -> None:
        """An authentic packet of Opus came."""

    def reported(self, peer: Peer) -> None:
        """The participant's network (`peer.reports.network`) has notably changed."""


class Outlet(Protocol):
    """Where datagrams leave. What the network does not take is lost, and counted there."""

    def send(self, datagram: bytes, address: Address) -> None:
        """Send one datagram."""

    def send_batch(self, batch: Batch, count: int) -> None:
        """Send the first `count` datagrams of a batch."""

    def name(self, address: Address) -> bytes | None:
        """The address as a `batch.sockaddr`; `None` where only `send` reaches it."""


class Transport:
    """Sorts incoming datagrams and sends outgoing ones. No socket, no clock, no thread."""

    def __init__(
        self, outlet: Outlet, listener: Listener, workers: Iterable[FanoutWorker] = ()
    ) -> None:
        self.dropped: Counter[str] = Counter()
        self.fanout = Fanout(outlet.send_batch, workers)
        """What goes to many at once; the slots of peers belong to it."""
        self._outlet = outlet
        self._send = outlet.send
        self._listener = listener
        self._by_ufrag: dict[str, Peer] = {}
        self._connecting: set[str] = set()
        self._timers: list[tuple[float, int, Peer]] = []  # a heap: when to look after whom
        self._turns = count()  # who is due first of those due at the same time
        self._by_address: dict[Address, Peer] = {}
        self._wall_offset = 0.0  # from the monotonic clock to the one that reports carry

    def add(self, peer: Peer) -> None:
        """Await this participant's checks."""
        self._by_ufrag[peer.ufrag] = peer
        self._connecting.add(peer.ufrag)
        self._look_after(peer, peer.last_consent)

    def remove(self, peer: Peer) -> None:
        """Hang up and forget: what it sends from now on is from nobody."""
        if peer.srtp is not None:
            goodbye = rtcp.goodbye(peer.ssrc, CNAME)
            self._send_all(peer, [peer.srtp.protect_rtcp(goodbye)])
        self._send_all(peer, peer.handshake.close())
        self._forget(peer)

    @property
    def connecting(self) -> bool:
        """Whether anybody's handshake is yet to be done."""
        return bool(self._connecting)

    def knows(self, address: Address) -> bool:
        """Whether a participant proved to be at this address, and still counts on it."""
        return address in self._by_address

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        """Handle one datagram, whatever it is; `now` is on the monotonic clock."""
        first = datagram[0] if datagram else 255
        if first < 4:
            self._receive_stun(datagram, source, now)
            return
        peer = self._by_address.get(source)
        if peer is None:
            known = 20 <= first < 64 or 128 <= first < 192
            self.dropped["unknown_address" if known else "not_media"] += 1
        elif 20 <= first < 64:
            self._receive_dtls(peer, datagram, source)
        elif 128 <= first < 192:
            self._receive_srtp(peer, datagram, now)
        else:
            self.dropped["not_media"] += 1

    def broadcast(self, payload: bytes, timestamp: int, slots: Slots) -> None:
        """Send the same Opus packet to all of these, with the next `flush`."""
        self.fanout.queue(payload, timestamp, slots)

    def flush(self) -> None:
        """Send what was broadcast."""
        self.fanout.flush()

    def poll(self, now: float, wall_clock: float, timestamp: int) -> None:
        """Timers: retransmissions, reports, and who is gone; costs only for those who are due."""
        self._wall_offset = wall_clock - now
        due = []
        while self._timers and self._timers[0][0] <= now:
            due.append(heappop(self._timers)[2])
        for peer in due:
            if self._by_ufrag.get(peer.ufrag) is not peer:
                continue
            if now - peer.last_consent > CONSENT_TIMEOUT:
                # While it still has its slot: whoever sends to slots has to leave it out now.
                self._listener.lost(peer)
                self._forget(peer)
                continue
            if peer.srtp is None or peer.slot is None:
                self._send_all(peer, peer.handshake.retransmit())
                again = now + _RETRANSMIT_INTERVAL
            else:
                if now >= peer.next_report:
                    self._report(peer, peer.srtp, peer.slot, now, wall_clock, timestamp)
                again = min(peer.next_report, peer.last_consent + CONSENT_TIMEOUT)
            self._look_after(peer, again)

    def _look_after(self, peer: Peer, when: float) -> None:
        heappush(self._timers, (when, next(self._turns), peer))

    def _report(
        self,
        peer: Peer,
        srtp: SrtpSession,
        slot: int,
        now: float,
        wall_clock: float,
        timestamp: int,
    ) -> None:
        speaks = peer.reports.reception.ssrc is not None
        peer.next_report = now + (_REPORT_INTERVAL if speaks else _LISTENER_INTERVAL)
        sent = self.fanout.sent(slot)
        self._send_all(peer, [peer.report(srtp, now, wall_clock, timestamp, sent)])

    def _receive_stun(self, datagram: bytes, source: Address, now: float) -> None:
        known = self._by_address.get(source)
        if known is not None and known.check is not None:
            transaction = known.check.repeated_by(datagram, source)
            if transaction is not None:
                self._take_check(known, known.check, transaction, source, now)
                return
        try:
            message = stun.parse(datagram)
        except stun.BadStun:
            self.dropped["bad_stun"] += 1
            return
        if message.kind != stun.BINDING_REQUEST:
            self.dropped["not_a_request"] += 1
            return
        ours, _, theirs = message.username.partition(":")
        peer = self._by_ufrag.get(ours)
        if peer is None or theirs != peer.remote_ufrag:
            self.dropped["unknown_username"] += 1
        elif not message.verify(peer.pwd):
            self.dropped["bad_integrity"] += 1
        else:
            check = stun.KnownCheck(message, source, peer.pwd)
            self._take_check(peer, check, message.transaction, source, now)

    def _take_check(
        self, peer: Peer, check: stun.KnownCheck, transaction: bytes, source: Address, now: float
    ) -> None:
        """An authentic check came."""
        if peer.copied(transaction, source):
            self.dropped["copied_check"] += 1
            return
        peer.check = check
        peer.last_consent = now
        self._learn(peer, source, now, nominated=check.nominated)
        self._send(stun.binding_success(transaction, source, peer.pwd), source)

    def _receive_dtls(self, peer: Peer, datagram: bytes, source: Address) -> None:
        try:
            replies = peer.handshake.receive(datagram)
        except BadDtls as error:
            self.dropped[error.reason] += 1
            return
        for reply in replies:
            self._send(reply, source)
        if peer.srtp is None and peer.handshake.keys is not None:
            self._open(peer, open_session(peer.handshake.keys))
            self._listener.connected(peer)

    def _open(self, peer: Peer, srtp: SrtpSession) -> None:
        """The keys are there: from now on packets can be sent."""
        peer.srtp = srtp
        self._connecting.discard(peer.ufrag)
        peer.slot = self.fanout.add(
            ssrc=peer.ssrc,
            payload_type=peer.payload_type,
            srtp=srtp,
            send=lambda packet: self._send_all(peer, [packet]),
        )
        self._aim(peer)

    def _aim(self, peer: Peer) -> None:
        if peer.slot is not None and peer.address is not None:
            self.fanout.aim(peer.slot, self._outlet.name(peer.address))

    def _receive_srtp(self, peer: Peer, datagram: bytes, now: float) -> None:
        if peer.srtp is None:
            self.dropped["early_srtp"] += 1
            return
        try:
            if rtp.is_rtcp(datagram):
                reports = peer.srtp.unprotect_rtcp(datagram)
                if peer.reports.receive(reports, now, now + self._wall_offset):
                    self._listener.reported(peer)
                return
            packet = rtp.parse(peer.srtp.unprotect(datagram))
        except BadSrtp:
            self.dropped["bad_srtp"] += 1
        except rtp.BadRtp:
            self.dropped["bad_rtp"] += 1
        else:
            if packet.payload_type == peer.payload_type and packet.payload:
                peer.reports.reception.received(packet, now)
                self._listener.audio(peer, packet, now)
            else:
                self.dropped["not_opus"] += 1

    def _learn(self, peer: Peer, source: Address, now: float, *, nominated: bool) -> None:
        before = peer.address
        for forgotten in peer.proved_address(source, now, nominated=nominated):
            self._by_address.pop(forgotten, None)
        self._by_address[source] = peer
        if peer.address != before:
            self._aim(peer)

    def _forget(self, peer: Peer) -> None:
        self._by_ufrag.pop(peer.ufrag, None)
        self._connecting.discard(peer.ufrag)
        for address in peer.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]
        if peer.slot is not None:
            self.fanout.remove(peer.slot)
            peer.slot = None

    def _send_all(self, peer: Peer, datagrams: list[bytes]) -> None:
        if peer.address is not None:
            for datagram in datagrams:
                self._send(datagram, peer.address)


def open_session(keys: Keys) -> SrtpSession:
    """The contexts of a participant whose handshake gave these keys."""
    return GcmSession(keys) if keys.profile is GCM else LibSrtpSession(keys)

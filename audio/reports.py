"""One participant's network, as the reports of both sides tell it."""

from dataclasses import dataclass, field

from audio import rtcp
from audio.protocol import Network
from audio.rtp import CLOCK_RATE, RtpPacket

_JUMP = 3000  # sequence numbers; further apart than this is another stream (RFC 3550, A.1)
_LONGEST = 10 * 65536  # a round trip beyond 10 s is a clock that was set
_LOSS_STEP = 0.01
_TRIP_STEP, _TRIP_SHARE = 20, 0.2  # ms; a change has to exceed both


@dataclass(slots=True)
class Reception:
    """What arrived of a participant's stream (RFC 3550, A.1, A.3 and A.8)."""

    ssrc: int | None = None
    _base: int = 0
    _highest: int = 0
    _received: int = 0
    _transit: int = 0
    _jitter: float = 0.0
    _expected_before: int = 0
    _received_before: int = 0
    _sender_report: tuple[int, float] | None = None  # its NTP time's middle, when it came

    def received(self, packet: RtpPacket, now: float) -> None:
        """An authentic packet came; `now` in seconds."""
        step = (packet.sequence - self._highest + 0x8000) % 0x10000 - 0x8000
        transit = int(now * CLOCK_RATE) - packet.timestamp
        if packet.ssrc != self.ssrc or abs(step) > _JUMP:
            self.start(packet, transit)
            return
        self._received += 1
        self._highest += max(step, 0)
        apart = abs((transit - self._transit + 2**31) % 2**32 - 2**31)
        self._transit = transit
        self._jitter += (apart - self._jitter) / 16

    def start(self, packet: RtpPacket, transit: int) -> None:
        """The first packet of a stream."""
        if packet.ssrc != self.ssrc:
            self._sender_report = None
        self.ssrc = packet.ssrc
        self._base = self._highest = packet.sequence
        self._received, self._transit, self._jitter = 1, transit, 0.0
        self._expected_before = self._received_before = 0

    def sender_reported(self, ssrc: int, ntp: int, now: float) -> None:
        """The participant said what time it is there."""
        if ssrc == self.ssrc:
            self._sender_report = (rtcp.middle(ntp), now)

    def ended(self) -> None:
        """The participant said goodbye for its stream."""
        self.ssrc = None

    def block(self, now: float) -> rtcp.ReportBlock | None:
        """What we report, once per interval; `None` while there is nothing to say."""
        if self.ssrc is None:
            return None
        expected = self._highest - self._base + 1
        due = expected - self._expected_before
        lost = due - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        report, at = self._sender_report or (0, now)
        return rtcp.ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=max(lost, 0) / due if due > 0 else 0.0,
            total_lost=expected - self._received,
            highest=self._highest,
            jitter=int(self._jitter),
            last_report=report,
            delay=int((now - at) * 65536),
        )


@dataclass(slots=True)
class Reports:
    """Both directions of one participant's connection."""

    ssrc: int
    """Of what we send."""
    reception: Reception = field(default_factory=Reception)
    network: Network | None = None
    """As the last reports have it; `None` before the first."""
    loss_down: float = 0.0
    """The share of what we sent, from 0 to 1, that did not arrive, as last reported."""
    _told: Network | None = None
    _loss_up: float = 0.0

    def receive(self, packet: bytes, now: float, wall_clock: float) -> bool:
        """Take in what the participant reports; raises `BadRtp`.

        Returns whether its network is notably other than the last time this was said.
        """
        for part in rtcp.parse(packet):
            if part.kind == rtcp.SENDER_REPORT:
                self.reception.sender_reported(*rtcp.sender_time(part), now)
            if self.reception.ssrc in rtcp.sources(part):
                self.reception.ended()
            for block in rtcp.report_blocks(part):
                if block.ssrc == self.ssrc:
                    self._take(block, wall_clock)
        return self._is_news()

    def blocks(self, now: float) -> tuple[rtcp.ReportBlock, ...]:
        """What we report of the participant's stream."""
        block = self.reception.block(now)
        if block is None:
            self._loss_up = 0.0
            return ()
        self._loss_up = block.fraction_lost
        return (block,)

    def _take(self, block: rtcp.ReportBlock, wall_clock: float) -> None:
        self.loss_down = block.fraction_lost
        trip = self.network.round_trip_ms if self.network else None
        if block.last_report:
            here = rtcp.middle(rtcp.ntp_time(wall_clock))
            ticks = (here - block.last_report - block.delay) % 2**32
            if ticks <= _LONGEST:
                trip = ticks * 1000 // 65536
        self.network = Network(round(max(self.loss_down, self._loss_up), 3), trip)

    def _is_news(self) -> bool:
        new, old = self.network, self._told
        if new is None:
            return False
        if old is not None and abs(new.loss - old.loss) < _LOSS_STEP:
            before, after = old.round_trip_ms, new.round_trip_ms
            if after == before or after is None:
                return False
            if before is not None and abs(after - before) < max(_TRIP_STEP, _TRIP_SHARE * before):
                return False
        self._told = new
        return True

"""The little SDP a load client needs: its side of one audio section, and the other's parameters."""

import re
import secrets
from dataclasses import dataclass, field

from audio.stun import Address

PAYLOAD_TYPE = 111


@dataclass(frozen=True, slots=True)
class Remote:
    """What an offer or answer says of the server."""

    ufrag: str
    pwd: str
    address: Address
    payload_type: int


@dataclass(frozen=True, slots=True)
class Local:
    """What we say of ourselves. We are always the DTLS client."""

    address: Address
    fingerprint: str
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    pwd: str = field(default_factory=lambda: secrets.token_hex(12))
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    """Of what we send; Janus drops packets of a source it was not told about."""

    def describe(self, *, direction: str, mid: str = "0", payload_type: int = PAYLOAD_TYPE) -> str:
        """An offer or an answer: the same but for what it is sent as."""
        host, port = self.address[0], self.address[1]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {mid}",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=rtpmap:{payload_type} opus/48000/2",
            f"a=fmtp:{payload_type} useinbandfec=1",
            f"a={direction}",
            f"a=mid:{mid}",
            "a=rtcp-mux",
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.pwd}",
            f"a=fingerprint:sha-256 {self.fingerprint}",
            "a=setup:active",
            f"a=ssrc:{self.ssrc} cname:bench",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
            "a=end-of-candidates",
        ]
        return "\r\n".join(lines) + "\r\n"


def read(text: str) -> Remote:
    """The parameters in an offer or answer; raises `ValueError` when one is missing."""
    candidates = re.findall(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ", text, re.I)
    payload_type = re.search(r"a=rtpmap:(\d+) opus/48000", text, re.I)
    if not candidates or payload_type is None:
        raise ValueError(f"no candidate or no Opus in the description: {text}")
    host, port = candidates[0]
    return Remote(
        _value("ice-ufrag", text), _value("ice-pwd", text), (host, int(port)), int(payload_type[1])
    )


def mid_of(text: str) -> str:
    """The mid of the first section."""
    return _value("mid", text)


def _value(name: str, text: str) -> str:
    found = re.search(rf"a={name}:(\S+)", text)
    if found is None:
        raise ValueError(f"a={name} is missing")
    return found[1]

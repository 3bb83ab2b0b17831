"""Reading a browser's offer and writing the engine's answer (RFC 8866, 8829, 8839, 8843).

The engine is ICE-lite and always the DTLS server, so an offer's candidates do not matter:
addresses are learnt from the connectivity checks (RFC 8445, 7.3.1.3). That also disposes of
the `.local` names browsers hide their addresses behind, and of `end-of-candidates`.
"""

import re
from dataclasses import dataclass, field

from audio.protocol import BadOffer

MAX_OFFER = 64 * 1024
"""Largest offer that is looked at, in bytes."""

FINGERPRINT_HASHES = ("sha-256", "sha-384", "sha-512")

_UDP_TYPE, _TCP_TYPE = 126, 90
_PASSIVE = 4

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,64}")
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31,63}[0-9A-F]{2}")
_OPUS = re.compile(r"(\d{1,3}) opus/48000/2", re.IGNORECASE)
_DIRECTIONS = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(slots=True)
class _Section:
    """One `m=` line with the values of its attributes by name, both in the order they came."""

    kind: str
    port: str
    protocol: str
    formats: list[str]
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        return self.attributes.get(name, [])

    def first(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the engine needs to know of an offer."""

    ufrag: str
    pwd: str
    fingerprints: frozenset[tuple[str, str]]
    """Pairs of a hash name (`sha-256`) and upper-case hexadecimal with colons."""
    opus: int
    """Payload type of Opus."""
    direction: str
    """What the answer says: `sendrecv`, `sendonly`, `recvonly` or `inactive`."""
    sections: tuple[tuple[str, str, str, str | None], ...]
    """For each `m=` line: kind, protocol, first format, mid."""
    accepted: int
    """Which of `sections` is answered; the others are rejected."""
    bundled: bool


@dataclass(frozen=True, slots=True)
class LocalParameters:
    """What the engine says of itself in an answer."""

    ufrag: str
    pwd: str
    fingerprint: str
    """SHA-256 of the certificate, upper-case hexadecimal with colons."""
    addresses: tuple[str, ...]
    port: int
    ssrc: int
    cname: str


def parse_offer(text: str) -> Offer:
    """Read an offer; raises `BadOffer` with a reason a developer can act on."""
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > MAX_OFFER:
        raise BadOffer("the offer is larger than 64 KiB")
    session, sections = _split(text)
    accepted, opus = _choose(sections)
    audio = sections[accepted]
    _require_dtls_client(session, audio)
    mids = [section.first("mid") for section in sections]
    if any(mid is not None and _TOKEN.fullmatch(mid) is None for mid in mids):
        raise BadOffer("a mid is not a token")
    return Offer(
        ufrag=_matching(_UFRAG, session, audio, "ice-ufrag"),
        pwd=_matching(_PWD, session, audio, "ice-pwd"),
        fingerprints=_fingerprints(session, audio),
        opus=opus,
        direction=_answered_direction(session, audio),
        sections=tuple(
            (section.kind, section.protocol, section.formats[0], mid)
            for section, mid in zip(sections, mids, strict=True)
        ),
        accepted=accepted,
        bundled=mids[accepted] is not None and _in_bundle(session, mids[accepted]),
    )


def build_answer(offer: Offer, local: LocalParameters) -> str:
    """The answer: our one port, ICE-lite, DTLS server; only the accepted section is alive."""
    lines = ["v=0", f"o=- {local.ssrc} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    if offer.bundled:
        lines.append(f"a=group:BUNDLE {offer.sections[offer.accepted][3]}")
    lines.append("a=msid-semantic: WMS spaces")
    for index, (kind, protocol, first_format, mid) in enumerate(offer.sections):
        mid_line = [] if mid is None else [f"a=mid:{mid}"]
        if index == offer.accepted:
            lines += _audio_section(offer, local, protocol, mid_line)
        else:
            lines += [f"m={kind} 0 {protocol} {first_format}", "c=IN IP4 0.0.0.0", *mid_line]
            lines.append("a=inactive")
    return "\r\n".join(lines) + "\r\n"


def _audio_section(
    offer: Offer, local: LocalParameters, protocol: str, mid_line: list[str]
) -> list[str]:
    return [
        f"m=audio {local.port} {protocol} {offer.opus}",
        _connection(local.addresses[0]),
        *mid_line,
        f"a={offer.direction}",
        f"a=rtpmap:{offer.opus} opus/48000/2",
        f"a=fmtp:{offer.opus} minptime=10;useinbandfec=1;stereo=0",
        "a=ptime:20",
        "a=rtcp-mux",
        f"a=msid:spaces {local.cname}",
        f"a=ssrc:{local.ssrc} cname:{local.cname}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        "a=setup:passive",
        *_candidates(local.addresses, local.port),
        "a=end-of-candidates",
    ]


def _candidates(addresses: tuple[str, ...], port: int) -> list[str]:
    """Host candidates over UDP, then those over TCP, which browsers try at the same time.

    The priorities are those of RFC 8445, 5.1.2.1, and RFC 6544, 4.2: any UDP before any TCP.
    """
    lines = []
    for number, address in enumerate(addresses, 1):
        priority = _UDP_TYPE << 24 | (65536 - number) << 8 | 255
        lines.append(f"a=candidate:{number} 1 udp {priority} {address} {port} typ host")
    for number, address in enumerate(addresses, 1):
        priority = _TCP_TYPE << 24 | (_PASSIVE << 13 | 8192 - number) << 8 | 255
        foundation = len(addresses) + number
        lines.append(
            f"a=candidate:{foundation} 1 tcp {priority} {address} {port} typ host tcptype passive"
        )
    return lines


def _connection(address: str) -> str:
    return f"c=IN {'IP6' if ':' in address else 'IP4'} {address}"


def _split(text: str) -> tuple[_Section, list[_Section]]:
    """The session part and the media sections; raises `BadOffer` when it is not SDP."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "v=0":
        raise BadOffer("not SDP")
    session = _Section("session", "", "", [])
    sections: list[_Section] = []
    for line in lines:
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise BadOffer("not SDP")
        if line[0] == "m":
            sections.append(_media(line[2:]))
        elif line[0] == "a":
            name, _, value = line[2:].partition(":")
            attributes = (sections[-1] if sections else session).attributes
            attributes.setdefault(name, []).append(value.strip())
    if not sections:
        raise BadOffer("no media section")
    return session, sections


def _media(value: str) -> _Section:
    fields = value.split()
    if len(fields) < 4 or any(_TOKEN.fullmatch(part.replace("/", "-")) is None for part in fields):
        raise BadOffer("a broken m= line")
    return _Section(fields[0], fields[1], fields[2], fields[3:])


def _choose(sections: list[_Section]) -> tuple[int, int]:
    """The index of the first section that can be answered, and its payload type of Opus."""
    for index, section in enumerate(sections):
        opus = _opus(section)
        if opus is not None:
            return index, opus
    raise BadOffer("no live audio section with opus/48000/2 over UDP/TLS/RTP/SAVPF")


def _opus(section: _Section) -> int | None:
    """The payload type of Opus in a live audio section that is offered over DTLS-SRTP."""
    if section.kind != "audio" or section.protocol != "UDP/TLS/RTP/SAVPF":
        return None
    if section.port == "0" and section.first("bundle-only") is None:
        return None
    for value in section.all("rtpmap"):
        found = _OPUS.fullmatch(value)
        if found and found[1] in section.formats and int(found[1]) < 128:
            return int(found[1])
    return None


def _require_dtls_client(session: _Section, audio: _Section) -> None:
    setup = audio.first("setup") or session.first("setup")
    if setup not in ("actpass", "active"):
        raise BadOffer("a=setup must be actpass or active")
    if audio.first("rtcp-mux") is None:
        raise BadOffer("a=rtcp-mux is missing")


def _matching(pattern: re.Pattern[str], session: _Section, audio: _Section, name: str) -> str:
    value = audio.first(name) or session.first(name)
    if value is None or pattern.fullmatch(value) is None:
        raise BadOffer(f"a={name} is missing or malformed")
    return value


def _fingerprints(session: _Section, audio: _Section) -> frozenset[tuple[str, str]]:
    """All fingerprints of a hash we trust; the certificate must match one (RFC 8122, 5)."""
    found = set()
    for value in audio.all("fingerprint") or session.all("fingerprint"):
        name, _, digest = value.partition(" ")
        name, digest = name.lower(), digest.strip().upper()
        if name in FINGERPRINT_HASHES and _FINGERPRINT.fullmatch(digest):
            found.add((name, digest))
    if not found:
        raise BadOffer("a=fingerprint with SHA-256 or better is missing")
    return frozenset(found)


def _answered_direction(session: _Section, audio: _Section) -> str:
    names = [name for name in (*audio.attributes, *session.attributes) if name in _DIRECTIONS]
    return _DIRECTIONS[names[0] if names else "sendrecv"]


def _in_bundle(session: _Section, mid: str | None) -> bool:
    groups = [value.split() for value in session.all("group")]
    return any(group[:1] == ["BUNDLE"] and mid in group[1:] for group in groups)

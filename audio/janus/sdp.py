"""The browser offers; so may Janus. Each gets its answer out of what the other said.

A browser makes one offer and wants one answer. AudioBridge takes offers, but the Streaming plugin
of Janus before 1.1.3 only makes them. So for a listener two offers cross: what a side needs to
know of the other (ICE credentials, candidates, certificate fingerprint, SSRC) stands in an offer
as well as in an answer. Both sides then take themselves for ICE-controlling, a conflict that ICE
settles by itself (RFC 8445, 7.3.1.1); the browser is told to be the DTLS client, Janus that the
browser is.

The browser's candidates are left out, as with the embedded engine: Janus learns its address from
its checks.
"""

import re
from dataclasses import dataclass

from audio import sdp
from audio.protocol import EngineError

# What Janus needs besides: the level of a stream (RFC 6464), and which stream it is (RFC 8843,
# 15, or its SSRC).
_EXTENSIONS = re.compile(r"\d{1,2}(/\w+)? urn:ietf:params:rtp-hdrext:(ssrc-audio-level|sdes:mid)")
_SSRC = re.compile(r"\d{1,10} cname:\S{1,256}")

_Lines = list[str]


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says of its transport, in an offer or an answer."""

    ufrag: str
    pwd: str
    fingerprint: str
    candidates: tuple[str, ...]
    stream: tuple[str, ...]
    """Its `ssrc` and `extmap` attributes that the other side should see."""


def side_of(section: str) -> Side:
    """Read a description of one media section; raises `EngineError` when something is missing."""
    values = _attributes(section)
    try:
        return Side(
            ufrag=values["ice-ufrag"][0],
            pwd=values["ice-pwd"][0],
            fingerprint=values["fingerprint"][0],
            candidates=tuple(values.get("candidate", [])),
            stream=_stream(values),
        )
    except KeyError as error:
        raise EngineError(f"Janus says nothing of {error}") from error


def for_janus(offer: sdp.Offer, text: str, direction: str) -> str:
    """The browser's side, as an offer to AudioBridge or as an answer to Streaming.

    `offer` is what was read of the offer `text`.
    """
    name, digest = min(offer.fingerprints)
    section = re.split(r"^(?=m=)", text, flags=re.MULTILINE)[1 + offer.accepted]
    return _join(
        ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {MID}"],
        [f"m=audio 9 UDP/TLS/RTP/SAVPF {offer.opus}", "c=IN IP4 0.0.0.0", f"a=mid:{MID}"],
        [f"a={direction}", *_opus(offer.opus), *_stream(_attributes(section))],
        [f"a=ice-ufrag:{offer.ufrag}", f"a=ice-pwd:{offer.pwd}", *_NO_CANDIDATES],
        [f"a=fingerprint:{name} {digest}", "a=setup:active"],
    )


def for_browser(offer: sdp.Offer, janus: Side, direction: str) -> str:
    """The answer to the browser: Janus' side, and every other section rejected."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if offer.bundled:
        lines.append(f"a=group:BUNDLE {offer.sections[offer.accepted][3]}")
    lines.append("a=msid-semantic: WMS spaces")
    for index, (kind, protocol, first_format, mid) in enumerate(offer.sections):
        accepted = index == offer.accepted
        port, form = (9, offer.opus) if accepted else (0, first_format)
        lines += [f"m={kind} {port} {protocol} {form}", "c=IN IP4 0.0.0.0"]
        lines += [] if mid is None else [f"a=mid:{mid}"]
        lines += _answered(offer, janus, direction) if accepted else ["a=inactive"]
    return _join(lines)


MID = "0"
"""The name of the one media section towards Janus."""

# Janus begins once it has a candidate; this address is nobody's (RFC 5737), the port is discard.
_NO_CANDIDATES = ["a=candidate:1 1 udp 1 192.0.2.1 9 typ host", "a=end-of-candidates"]


def _answered(offer: sdp.Offer, janus: Side, direction: str) -> _Lines:
    return [
        f"a={direction}",
        *_opus(offer.opus),
        *janus.stream,
        "a=msid:spaces spaces",
        f"a=ice-ufrag:{janus.ufrag}",
        f"a=ice-pwd:{janus.pwd}",
        f"a=fingerprint:{janus.fingerprint}",
        "a=setup:passive",
        *(f"a=candidate:{candidate}" for candidate in janus.candidates),
        "a=end-of-candidates",
    ]


def _opus(payload_type: int) -> _Lines:
    return [
        f"a=rtpmap:{payload_type} opus/48000/2",
        f"a=fmtp:{payload_type} minptime=10;useinbandfec=1;stereo=0",
        "a=ptime:20",
        "a=rtcp-mux",
    ]


def _stream(values: dict[str, _Lines]) -> tuple[str, ...]:
    extensions = [f"a=extmap:{v}" for v in values.get("extmap", []) if _EXTENSIONS.fullmatch(v)]
    sources = [f"a=ssrc:{v}" for v in values.get("ssrc", []) if _SSRC.fullmatch(v)]
    return (*extensions, *sources)


def _attributes(text: str) -> dict[str, _Lines]:
    values: dict[str, _Lines] = {}
    for line in text.splitlines():
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            values.setdefault(name, []).append(value.strip())
    return values


def _join(*parts: _Lines) -> str:
    return "".join(f"{line}\r\n" for part in parts for line in part)

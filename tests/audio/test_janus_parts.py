"""Pieces of the Janus engine that need no gateway."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from audio import rtp, sdp
from audio.janus import sdp as crossing
from audio.janus.forward import Destination
from audio.janus.names import Names
from audio.janus.tap import Tap, tick_now
from audio.janus.tracks import Tracks
from audio.protocol import EngineError
from audio.recorder import RoomRecorder
from tests.audio import offers

JANUS_OFFER = "\r\n".join(
    [
        "v=0",
        "a=group:BUNDLE 0",
        f"a=fingerprint:sha-256 {offers.FINGERPRINT}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=sendonly",
        "a=ice-ufrag:Hf/D",
        "a=ice-pwd:VPLvZLWmoAiQthpGLn4U2+",
        "a=setup:actpass",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:5 urn:3gpp:video-orientation",
        "a=ssrc:643655048 cname:janus",
        "a=candidate:1 1 udp 2015363327 198.51.100.7 21527 typ host",
        "",
    ]
)


def test_the_browser_gets_the_transport_of_janus() -> None:
    offer = sdp.parse_offer(offers.CHROMIUM)
    answer = crossing.for_browser(offer, crossing.side_of(JANUS_OFFER), "sendonly")
    assert "a=candidate:1 1 udp 2015363327 198.51.100.7 21527 typ host\r\n" in answer
    assert "a=ice-ufrag:Hf/D\r\n" in answer
    assert "a=ssrc:643655048 cname:janus\r\n" in answer
    assert "a=setup:passive\r\n" in answer
    assert "video-orientation" not in answer


def test_janus_gets_the_transport_of_the_browser_but_none_of_its_addresses() -> None:
    offer = sdp.parse_offer(offers.CHROMIUM)
    told = crossing.for_janus(offer, offers.CHROMIUM, "recvonly")
    assert f"a=ice-ufrag:{offer.ufrag}\r\n" in told
    assert f"a=ice-pwd:{offer.pwd}\r\n" in told
    assert f"a=fingerprint:sha-256 {offers.FINGERPRINT}\r\n" in told
    assert "a=setup:active\r\n" in told
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" in told
    assert ".local" not in told


def test_what_the_browser_offers_besides_sound_is_rejected() -> None:
    text = offers.CHROMIUM + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
    answer = crossing.for_browser(sdp.parse_offer(text), crossing.side_of(JANUS_OFFER), "sendrecv")
    assert "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" in answer


@pytest.mark.parametrize("name", ["ice-ufrag", "ice-pwd", "fingerprint"])
def test_a_description_without_a_transport_is_an_error(name: str) -> None:
    with pytest.raises(EngineError, match=name):
        crossing.side_of(JANUS_OFFER.replace(f"a={name}", "a=x"))


def test_names_of_two_installations_never_meet() -> None:
    one, other = Names("one secret"), Names("another")
    assert one.number("room") == Names("one secret").number("room")
    assert one.number("room") != other.number("room")
    assert one.password("pin", "room") != one.password("secret", "room")
    assert one.name_of(one.description("room")) == "room"
    assert one.name_of("somebody's room") is None


@given(st.text(max_size=80))
def test_numbers_survive_any_reader_of_json(name: str) -> None:
    assert 0 <= Names("secret").number(name) < 2**53


class Recorder(RoomRecorder):
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.mixes: list[tuple[int, bytes]] = []

    def mix(self, tick: int, packet: bytes) -> None:
        self.mixes.append((tick, packet))


def sealed(destination: Destination, number: int, payload: bytes) -> bytes:
    """A packet as the origin sends it."""
    policy = Policy(
        key=destination.lock.key,
        ssrc_type=Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    )
    packet = rtp.build(100, number, number * 960, destination.ssrc, payload)
    return bytes(Session(policy).protect(packet))


def test_a_mix_is_recorded_at_the_ticks_its_timestamps_say() -> None:
    tap, recorder = Tap(), Recorder()
    destination = tap.open(recorder, "127.0.0.1", 9)
    for number in (5, 6, 8):
        tap.datagram_received(sealed(destination, number, b"\x78a"), None)
    first = recorder.mixes[0][0]
    assert abs(first - tick_now()) < 25
    assert recorder.mixes == [(first + n, b"\x78a") for n in (0, 1, 3)]


def test_what_is_not_sealed_by_the_origin_is_not_recorded() -> None:
    tap, recorder = Tap(), Recorder()
    destination = tap.open(recorder, "127.0.0.1", 9)
    good = sealed(destination, 1, b"\x78a")
    tap.datagram_received(good[:-1] + bytes([good[-1] ^ 1]), None)
    tap.datagram_received(rtp.build(100, 1, 960, destination.ssrc, b"\x78a"), None)
    tap.datagram_received(b"", None)
    assert recorder.mixes == []
    tap.datagram_received(good, None)
    tap.close(destination)
    tap.datagram_received(sealed(destination, 2, b"\x78a"), None)
    assert len(recorder.mixes) == 1


def test_each_turn_has_a_file_of_its_own_in_the_index(tmp_path: Path) -> None:
    tracks = Tracks(tmp_path / "part", Path("/as/janus/sees/it"))
    first, second = tracks.begin("anna"), tracks.begin("anna")
    assert first.told.startswith("/as/janus/sees/it/")
    assert first.path != second.path
    assert len((tmp_path / "part/index.jsonl").read_text().splitlines()) == 2

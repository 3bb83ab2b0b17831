"""Offers that are answered, how, and offers that are not."""

import contextlib
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import sdp
from audio.protocol import BadOffer
from tests.audio import offers

LOCAL = sdp.LocalParameters(
    ufrag="ours",
    pwd="ourpasswordourpassword",
    fingerprint="CD:EF",
    addresses=("192.0.2.1", "198.51.100.2"),
    port=40000,
    ssrc=77,
    cname="spaces",
)


def answer_lines(offer: str) -> list[str]:
    return sdp.build_answer(sdp.parse_offer(offer), LOCAL).split("\r\n")


def test_chromiums_offer_is_read() -> None:
    offer = sdp.parse_offer(offers.CHROMIUM)
    assert (offer.ufrag, offer.pwd) == ("Xq3+", "hO/4mXdkZtTq7xIyyXc7lAbc")
    assert offer.opus == 111
    assert offer.fingerprints == {("sha-256", offers.FINGERPRINT)}
    assert offer.bundled


def test_firefoxs_offer_with_its_fingerprint_for_the_session_is_read() -> None:
    offer = sdp.parse_offer(offers.FIREFOX)
    assert offer.opus == 109
    assert offer.fingerprints == {("sha-256", offers.FINGERPRINT)}


def test_the_answer_is_lite_passive_and_has_a_candidate_for_each_address() -> None:
    lines = answer_lines(offers.CHROMIUM)
    assert "a=ice-lite" in lines
    assert "a=setup:passive" in lines
    assert "a=rtcp-mux" in lines
    assert "a=group:BUNDLE 0" in lines
    assert "a=mid:0" in lines
    assert "m=audio 40000 UDP/TLS/RTP/SAVPF 111" in lines
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=0" in lines
    assert "a=ptime:20" in lines
    candidates = [line.split() for line in lines if line.startswith("a=candidate")]
    reached_at = [["192.0.2.1", "40000"], ["198.51.100.2", "40000"]]
    udp = [each for each in candidates if each[2] == "udp"]
    tcp = [each for each in candidates if each[2] == "tcp"]
    assert [each[4:6] for each in udp] == [each[4:6] for each in tcp] == reached_at
    assert all(each[-2:] == ["tcptype", "passive"] for each in tcp)
    assert min(int(each[3]) for each in udp) > max(int(each[3]) for each in tcp)
    assert len({each[0] for each in candidates}) == len({each[3] for each in candidates}) == 4


def test_addresses_of_both_families_are_candidates() -> None:
    local = dataclasses.replace(LOCAL, addresses=("2001:db8::1", "192.0.2.1"))
    lines = sdp.build_answer(sdp.parse_offer(offers.CHROMIUM), local).split("\r\n")
    assert "c=IN IP6 2001:db8::1" in lines
    candidates = [line.split()[4] for line in lines if " udp " in line]
    assert candidates == ["2001:db8::1", "192.0.2.1"]


def test_nothing_of_the_offers_candidates_comes_back() -> None:
    assert ".local" not in "".join(answer_lines(offers.CHROMIUM))


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("sendrecv", "sendrecv"), ("recvonly", "sendonly"), ("sendonly", "recvonly")],
)
def test_the_direction_is_mirrored(offered: str, answered: str) -> None:
    lines = answer_lines(offers.CHROMIUM.replace("a=sendrecv", f"a={offered}"))
    assert f"a={answered}" in lines


@pytest.mark.parametrize("offer", [offers.AUDIO_AND_VIDEO, offers.VIDEO_AND_AUDIO])
def test_video_beside_audio_is_rejected_in_its_place(offer: str) -> None:
    lines = answer_lines(offer)
    kinds = [line.split()[0:2] for line in lines if line.startswith("m=")]
    expected = [["m=audio", "40000"], ["m=video", "0"]]
    assert kinds == (expected if offer is offers.AUDIO_AND_VIDEO else expected[::-1])
    assert "a=group:BUNDLE 0" in lines


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "hello",
        "v=0",
        "v=0\r\nm=audio\r\n",
        '{"type": "offer"}',
        offers.VIDEO_ONLY,
        offers.CHROMIUM.replace("opus/48000/2", "speex/16000"),
        offers.CHROMIUM.replace("m=audio 9 ", "m=audio 0 "),
        offers.CHROMIUM.replace("a=ice-ufrag:Xq3+", "a=ice-ufrag:x"),
        offers.CHROMIUM.replace("a=ice-pwd:", "a=nothing:"),
        offers.CHROMIUM.replace("sha-256", "sha-1"),
        offers.CHROMIUM.replace(offers.FINGERPRINT, "AB:CD"),
        offers.CHROMIUM.replace("a=setup:actpass", "a=setup:passive"),
        offers.CHROMIUM.replace("a=rtcp-mux\r\n", ""),
        offers.CHROMIUM.replace("a=mid:0", "a=mid:0 evil"),
        offers.CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        offers.CHROMIUM + "a=x:" + "y" * sdp.MAX_OFFER,
    ],
)
def test_an_offer_that_cannot_be_answered_is_refused(offer: str) -> None:
    with pytest.raises(BadOffer):
        sdp.parse_offer(offer)


@given(st.text(max_size=300))
def test_no_text_raises_anything_but_bad_offer(text: str) -> None:
    for offer in (text, offers.CHROMIUM[: len(text) * 5] + text, "v=0\r\n" + text):
        with contextlib.suppress(BadOffer):
            sdp.parse_offer(offer)


@given(st.text(alphabet="m=a: 0\r\n/", max_size=40), st.integers(0, len(offers.CHROMIUM)))
def test_an_offer_never_writes_lines_of_its_own_into_the_answer(text: str, at: int) -> None:
    try:
        offer = sdp.parse_offer(offers.CHROMIUM[:at] + text + offers.CHROMIUM[at:])
    except BadOffer:
        return
    answer = sdp.build_answer(offer, dataclasses.replace(LOCAL, addresses=("192.0.2.1",)))
    assert answer.count("m=") == len(offer.sections)
    assert answer.count("a=candidate") == 2  # UDP and TCP

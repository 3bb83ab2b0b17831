"""SRTP with AES-GCM as we do it, against libsrtp."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import rtcp, rtp
from audio.gcm import GcmSession, ReplayWindow
from audio.srtp import GCM, BadSrtp, Keys, LibSrtpSession

REPORT = rtcp.sender_report(7, 1_800_000_000.5, 960, rtp.SentCounters(3, 9), "spaces")


class Ends:
    """Our end, and one of libsrtp's."""

    def __init__(self) -> None:
        keys = Keys(GCM, secrets.token_bytes(28), secrets.token_bytes(28))
        self.ours = GcmSession(keys)
        self.theirs = LibSrtpSession(Keys(GCM, keys.receiving, keys.sending))


@pytest.fixture
def ends() -> Ends:
    return Ends()


def packet(index: int, ssrc: int = 7) -> bytes:
    return rtp.build(111, index & 0xFFFF, index * 960, ssrc, b"sound %d" % index)


def test_libsrtp_opens_what_we_protect_also_after_the_numbers_wrapped(ends: Ends) -> None:
    for index in range(65_530, 65_545):
        plain = packet(index)
        assert ends.theirs.unprotect(ends.ours.protect(plain, index)) == plain


def test_we_open_what_libsrtp_protects_also_after_the_numbers_wrapped(ends: Ends) -> None:
    for index in range(65_530, 65_545):
        plain = packet(index)
        assert ends.ours.unprotect(ends.theirs.protect(plain, index)) == plain


def test_extensions_and_contributors_stay_readable(ends: Ends) -> None:
    plain = bytes.fromhex("91ef00010000000000000007 00000009 bede0001 10ff0000".replace(" ", ""))
    assert ends.ours.unprotect(ends.theirs.protect(plain + b"sound", 1)) == plain + b"sound"


def test_reports_are_understood_both_ways(ends: Ends) -> None:
    for _ in range(3):
        assert ends.theirs.unprotect_rtcp(ends.ours.protect_rtcp(REPORT)) == REPORT
        assert ends.ours.unprotect_rtcp(ends.theirs.protect_rtcp(REPORT)) == REPORT


def test_nothing_is_taken_twice(ends: Ends) -> None:
    late, early = ends.theirs.protect(packet(1), 1), ends.theirs.protect(packet(2), 2)
    report = ends.theirs.protect_rtcp(REPORT)
    ends.ours.unprotect(early)
    ends.ours.unprotect(late)
    ends.ours.unprotect_rtcp(report)
    for again in (early, late):
        with pytest.raises(BadSrtp):
            ends.ours.unprotect(again)
    with pytest.raises(BadSrtp):
        ends.ours.unprotect_rtcp(report)


@given(position=st.integers(0, 40), change=st.integers(1, 255))
def test_a_flipped_bit_is_noticed(position: int, change: int) -> None:
    ends = Ends()
    for sealed, unprotect in (
        (ends.theirs.protect(packet(1), 1), ends.ours.unprotect),
        (ends.theirs.protect_rtcp(REPORT), ends.ours.unprotect_rtcp),
    ):
        at = position % len(sealed)
        broken = sealed[:at] + bytes([sealed[at] ^ change]) + sealed[at + 1 :]
        with pytest.raises(BadSrtp):
            unprotect(broken)


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_bad_srtp(data: bytes) -> None:
    ends = Ends()
    for unprotect in (ends.ours.unprotect, ends.ours.unprotect_rtcp):
        with pytest.raises(BadSrtp):
            unprotect(data)


def test_a_client_cannot_make_us_remember_any_number_of_streams(ends: Ends) -> None:
    for ssrc in range(8):
        ends.ours.unprotect(ends.theirs.protect(packet(1, ssrc), 1))
    one_more = ends.theirs.protect(packet(1, 8), 1)
    with pytest.raises(BadSrtp, match="too many"):
        ends.ours.unprotect(one_more)


@given(st.lists(st.integers(0, 200_000), max_size=60))
def test_the_window_takes_each_index_once_and_none_that_is_too_old(indexes: list[int]) -> None:
    window, taken = ReplayWindow(), set[int]()
    for index in indexes:
        expected = index not in taken and index > max(taken, default=-1) - 1024
        assert window.is_new(index) == expected
        if expected:
            window.add(index)
            taken.add(index)


@given(highest=st.integers(0, 1 << 40), step=st.integers(-1000, 30_000))
def test_the_index_is_told_from_its_last_sixteen_bits(highest: int, step: int) -> None:
    window = ReplayWindow()
    window.add(highest)
    index = max(highest + step, 0)
    assert window.estimate(index & 0xFFFF) == index

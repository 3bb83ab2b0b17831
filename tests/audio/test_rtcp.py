"""Reports: what each side says of the packets, and what is concluded from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import rtcp
from audio.protocol import Network
from audio.reports import Reception, Reports
from audio.rtp import BadRtp, RtpPacket, SentCounters

OURS, THEIRS = 7, 99
NOON = 1_800_000_000.0


def packet(sequence: int, ssrc: int = THEIRS) -> RtpPacket:
    return RtpPacket(111, sequence % 2**16, sequence * 960 % 2**32, ssrc, b"x")


def receive(reception: Reception, *sequences: int) -> None:
    for sequence in sequences:
        reception.received(packet(sequence), sequence * 0.02)


def block(ssrc: int = OURS, loss: float = 0.0, report: int = 0, delay: int = 0) -> rtcp.ReportBlock:
    return rtcp.ReportBlock(ssrc, loss, 0, 0, 0, report, delay)


def receiver_report(*blocks: rtcp.ReportBlock) -> bytes:
    body = THEIRS.to_bytes(4, "big") + b"".join(each.pack() for each in blocks)
    return bytes([0x80 | len(blocks), 201]) + (len(body) // 4).to_bytes(2, "big") + body


def after_a_trip(seconds: float, waited: float, loss: float = 0.0) -> tuple[bytes, float]:
    """A report of somebody who kept ours for a while, and when it comes."""
    sent = rtcp.middle(rtcp.ntp_time(NOON))
    report = receiver_report(block(loss=loss, report=sent, delay=int(waited * 65536)))
    return report, NOON + seconds + waited


def test_what_is_packed_is_what_is_read() -> None:
    sent = rtcp.ReportBlock(THEIRS, 0.25, -3, 70_000, 480, 0x12345678, 65536)
    compound = rtcp.sender_report(OURS, NOON, 960, SentCounters(2, 80), "spaces", (sent,))
    report, description = rtcp.parse(compound)
    assert rtcp.report_blocks(report) == [sent]
    assert rtcp.sender_time(report) == (OURS, rtcp.ntp_time(NOON))
    assert description.kind == rtcp.SOURCE_DESCRIPTION
    assert description.body == OURS.to_bytes(4, "big") + b"\x01\x06spaces" + bytes(4)


def test_a_goodbye_names_the_source_and_begins_with_a_report() -> None:
    parts = rtcp.parse(rtcp.goodbye(OURS, "spaces"))
    assert [part.kind for part in parts] == [201, 202, 203]
    assert rtcp.sources(parts[-1]) == [OURS]


@pytest.mark.parametrize(
    "broken", ["80c9", "81c90001" + "00000063", "80c80001" + "00000063", "83cb0001" + "00000063"]
)
def test_what_is_too_short_for_what_it_says_is_refused(broken: str) -> None:
    with pytest.raises(BadRtp):
        Reports(OURS).receive(bytes.fromhex(broken), 0.0, NOON)


@given(st.binary(max_size=80))
def test_no_bytes_do_anything_but_be_refused(data: bytes) -> None:
    reports = Reports(OURS, Reception(ssrc=THEIRS))
    for start in (b"", b"\x81\xc8\x00\x0c", b"\x81\xc9\x00\x07", b"\x81\xcb\x00\x01"):
        try:
            reports.receive(start + data, 0.0, NOON)
        except BadRtp:
            continue


def test_loss_is_told_for_the_time_since_the_last_report() -> None:
    reception = Reception()
    receive(reception, *(n for n in range(65_500, 65_600) if n % 4))
    first = reception.block(2.0)
    receive(reception, *range(65_600, 65_700))
    second = reception.block(4.0)
    assert first is not None
    assert second is not None
    assert first.fraction_lost == pytest.approx(0.25, abs=0.02)
    assert (second.fraction_lost, second.total_lost) == (0.0, first.total_lost)
    assert second.highest == 65_699


def test_what_is_overtaken_or_doubled_is_not_lost() -> None:
    reception = Reception()
    receive(reception, 1, 3, 2, 4, 4, 5)
    told = reception.block(1.0)
    assert told is not None
    assert (told.fraction_lost, told.total_lost, told.highest) == (0.0, -1, 5)


def test_even_packets_have_no_jitter_and_late_ones_do() -> None:
    even, uneven = Reception(), Reception()
    receive(even, *range(100))
    for n in range(100):
        uneven.received(packet(n), n * 0.02 + (0.03 if n % 2 else 0.0))
    quiet, restless = even.block(2.0), uneven.block(2.0)
    assert quiet is not None
    assert restless is not None
    assert quiet.jitter < 2
    assert restless.jitter == pytest.approx(0.03 * 48_000, rel=0.1)


def test_our_report_says_how_long_ago_theirs_came() -> None:
    reports = Reports(OURS)
    receive(reports.reception, 1, 2)
    theirs = rtcp.sender_report(THEIRS, NOON, 0, SentCounters(2, 80), "anna")
    reports.receive(theirs, 10.0, NOON)
    (told,) = reports.blocks(12.5)
    assert told.last_report == rtcp.middle(rtcp.ntp_time(NOON))
    assert told.delay == pytest.approx(2.5 * 65536, abs=1)


def test_after_a_goodbye_there_is_nothing_to_report() -> None:
    reports = Reports(OURS)
    receive(reports.reception, 1, 2)
    reports.receive(rtcp.goodbye(THEIRS, "anna"), 1.0, NOON)
    assert reports.blocks(2.0) == ()
    receive(reports.reception, 3)
    assert len(reports.blocks(3.0)) == 1


def test_the_round_trip_leaves_out_how_long_the_report_was_kept() -> None:
    reports = Reports(OURS)
    report, at = after_a_trip(0.120, waited=3.0, loss=0.05)
    assert reports.receive(report, 0.0, at)
    assert reports.network is not None
    assert reports.network.round_trip_ms == pytest.approx(120, abs=1)
    assert reports.network.loss == pytest.approx(0.05, abs=0.005)


def test_reports_about_others_say_nothing() -> None:
    reports = Reports(OURS)
    assert not reports.receive(receiver_report(block(ssrc=8, loss=0.5)), 0.0, NOON)
    assert reports.network is None


def test_a_clock_that_was_set_gives_no_round_trip() -> None:
    reports = Reports(OURS)
    report, at = after_a_trip(0.1, waited=1.0)
    reports.receive(report, 0.0, at - 3600)
    assert reports.network == Network(0.0, None)


def test_only_what_changes_notably_is_news() -> None:
    reports = Reports(OURS)

    def news(trip: float, loss: float) -> bool:
        report, at = after_a_trip(trip, waited=1.0, loss=loss)
        return reports.receive(report, 0.0, at)

    assert news(0.1, 0.0)
    assert not news(0.11, 0.004)
    assert news(0.3, 0.0)
    assert news(0.3, 0.1)
    assert not news(0.31, 0.1)


def test_the_worse_direction_counts() -> None:
    reports = Reports(OURS)
    receive(reports.reception, *range(0, 100, 2))
    reports.blocks(2.0)
    reports.receive(receiver_report(block(loss=0.1)), 2.0, NOON)
    assert reports.network is not None
    assert reports.network.loss == pytest.approx(0.5, abs=0.02)

"""The jitter buffer on scripted networks. Time is counted in samples at 48 kHz."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.jitter import CAPACITY, MAX_DELAY, Gap, JitterBuffer
from audio.opus import FRAME

MS = 48
TWENTY, TEN, SIXTY = bytes([31 << 3]), bytes([30 << 3]), bytes([31 << 3 | 3, 3])


def payload(number: int, toc: bytes = TWENTY) -> bytes:
    """A packet one can tell from others."""
    return toc + number.to_bytes(4, "big")


@dataclass
class Played:
    """What came out, tick by tick."""

    numbers: list[int] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    squeezed: int = 0
    depths: list[int] = field(default_factory=list)


def play(arrivals: Iterable[tuple[int, int, bytes]], until: int) -> Played:
    """Feed (arrival, timestamp, payload) while taking 20 ms at every tick."""
    buffer, played = JitterBuffer(), Played()
    waiting = sorted(arrivals, key=lambda packet: packet[0])
    ready = 0
    for now in range(0, until, FRAME):
        while waiting and waiting[0][0] <= now:
            arrival, timestamp, data = waiting.pop(0)
            buffer.add(timestamp % 2**32, data, arrival)
        ready = max(0, ready - FRAME)
        while ready < FRAME:
            taken = buffer.take(now)
            if isinstance(taken.packet, Gap):
                played.gaps.append(taken.packet)
                ready += FRAME
            else:
                played.numbers.append(int.from_bytes(taken.packet.payload[-4:], "big"))
                ready += 0 if taken.squeeze else taken.packet.samples
                played.squeezed += taken.squeeze
        played.depths.append(buffer.depth)
    return played


def stream(count: int, delay: int = 0) -> list[tuple[int, int, bytes]]:
    """A perfect sender: one packet each 20 ms."""
    return [(i * FRAME + delay, i * FRAME, payload(i)) for i in range(count)]


def test_a_perfect_network_plays_everything_at_once_and_in_order() -> None:
    played = play(stream(100), until=100 * FRAME)
    assert played.numbers == list(range(100))
    assert played.gaps == []


def test_reordered_packets_are_played_in_order() -> None:
    arrivals = stream(100)
    for i in range(10, 100, 10):
        arrivals[i] = (arrivals[i][0] + 30 * MS, *arrivals[i][1:])
    played = play(arrivals, until=100 * FRAME)
    assert played.numbers == sorted(played.numbers)
    assert len(played.numbers) >= 97


def test_a_duplicate_is_played_once() -> None:
    arrivals = stream(50)
    played = play(arrivals + arrivals, until=50 * FRAME)
    assert played.numbers == list(range(50))


def test_a_lost_packet_is_one_gap_and_the_next_one_comes_with_it() -> None:
    buffer = JitterBuffer()
    for number in (0, 1, 3):
        buffer.add(number * FRAME, payload(number), number * FRAME)
    for number in (0, 1):
        buffer.take(number * FRAME)
    missing = buffer.take(2 * FRAME)
    assert missing.packet is Gap.LOST
    assert missing.following == payload(3)


def test_the_delay_grows_with_the_jitter_and_then_nothing_is_missed() -> None:
    network = random.Random(1)
    arrivals = [(at + network.randrange(60 * MS), ts, data) for at, ts, data in stream(500)]
    played = play(arrivals, until=500 * FRAME)
    late_gaps = [gap for gap in played.gaps[10:] if gap is not Gap.DRY]
    assert len(played.gaps) < 20
    assert not late_gaps
    assert max(played.depths) < 160 * MS


def test_a_delay_no_longer_needed_is_given_up() -> None:
    calm, storm = stream(1000), 20
    arrivals = [(at + (120 * MS if i < storm else 0), ts, d) for i, (at, ts, d) in enumerate(calm)]
    played = play(arrivals, until=1000 * FRAME)
    assert played.squeezed > 0
    assert played.depths[-1] <= 2 * FRAME


@pytest.mark.parametrize("parts_per_million", [-200, 200])
def test_a_drifting_clock_never_fills_or_starves_the_buffer(parts_per_million: int) -> None:
    minutes = 10
    count = minutes * 60 * 50
    pace = 1 + parts_per_million / 1e6
    arrivals = [(int(at * pace), ts, data) for at, ts, data in stream(count)]
    played = play(arrivals, until=count * FRAME)
    assert max(played.depths) <= 80 * MS
    assert len(played.gaps) < 20
    assert len(played.numbers) > count - 20


def test_a_pause_is_idle_and_not_loss() -> None:
    resumed = [(at + 200 * FRAME, ts + 200 * FRAME, d) for at, ts, d in stream(50)]
    played = play(stream(50) + resumed, until=260 * FRAME)
    assert played.gaps.count(Gap.LOST) == 0
    assert played.gaps.count(Gap.IDLE) > 100
    assert len(played.numbers) == 100


def test_a_pause_in_which_the_senders_clock_stood_still_costs_nothing() -> None:
    resumed = [(at + 200 * FRAME, ts + 50 * FRAME, data) for at, ts, data in stream(50)]
    played = play(stream(50) + resumed, until=260 * FRAME)
    assert len(played.numbers) == 100
    assert played.squeezed == 0


def test_a_sender_that_starts_anew_elsewhere_is_followed() -> None:
    elsewhere = [(at + 60 * FRAME, ts + 10**9, data) for at, ts, data in stream(50)]
    played = play(stream(50) + elsewhere, until=120 * FRAME)
    assert len(played.numbers) >= 98


def test_the_wrap_of_the_timestamp_is_not_noticed() -> None:
    start = 2**32 - 50 * FRAME
    arrivals = [(at, ts + start, data) for at, ts, data in stream(100)]
    assert play(arrivals, until=100 * FRAME).numbers == list(range(100))


@pytest.mark.parametrize(("toc", "samples"), [(TEN, FRAME // 2), (SIXTY, 3 * FRAME)])
def test_other_frame_lengths_play_without_gaps(toc: bytes, samples: int) -> None:
    arrivals = [(i * samples, i * samples, payload(i, toc)) for i in range(100)]
    played = play(arrivals, until=90 * samples)
    assert played.numbers[:80] == list(range(80))
    assert len(played.gaps) <= 3


def test_a_flood_is_bounded() -> None:
    buffer = JitterBuffer()
    for number in range(5000):
        buffer.add(number * FRAME, payload(number), 0)
        assert buffer.depth <= CAPACITY
    assert buffer.late > 4000


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1) | st.integers(0, 100).map(lambda n: n * FRAME),
            st.sampled_from([TWENTY, TEN, SIXTY, b"", b"\xff"]),
            st.integers(0, 10**7),
            st.integers(0, 3),
        ),
        max_size=60,
    )
)
def test_no_sequence_of_packets_breaks_it(
    script: list[tuple[int, bytes, int, int]],
) -> None:
    buffer = JitterBuffer()
    for timestamp, data, arrival, takes in script:
        buffer.add(timestamp, data, arrival)
        assert buffer.depth <= CAPACITY
        assert 0 <= buffer.needed <= MAX_DELAY
        for _ in range(takes):
            buffer.take(arrival)
    for tick in range(200):
        last = buffer.take(2 * 10**7 + tick * FRAME)
    assert last.packet is Gap.IDLE

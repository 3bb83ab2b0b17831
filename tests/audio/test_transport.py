"""One port for everybody: who is let in, followed, told and heard."""

import pytest

from audio import rtcp, rtp, stun
from audio.opus import SILENCE
from audio.transport import CONSENT_TIMEOUT
from tests.audio.port import CAFE, CLIENT, HOME, STRANGER, Port
from tests.audio.wires import DtlsClient


def test_a_client_with_the_right_password_connects_and_is_heard(port: Port) -> None:
    anna = port.client()
    anna.connect()
    anna.send(anna.audio(SILENCE))
    assert port.witness.up == [anna.peer]
    assert port.witness.payloads == [(anna.peer, SILENCE)]
    assert port.dropped == {}


def test_a_check_is_answered_with_the_address_it_came_from(port: Port) -> None:
    anna = port.client()
    (reply,) = anna.check()
    message = stun.parse(reply)
    assert message.verify(anna.peer.pwd)
    mapped = message.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(mapped, message.transaction) == HOME


def test_a_check_with_a_wrong_password_is_dropped_without_a_word(port: Port) -> None:
    anna = port.client()
    assert anna.check(password="wrong") == []
    assert port.dropped == {"bad_integrity": 1}


def test_a_repeated_check_is_proved_and_answered_like_the_first(port: Port) -> None:
    anna = port.client()
    anna.check()
    anna.check(now=20.0)
    (reply,) = anna.check(now=20.0)
    assert stun.parse(reply).verify(anna.peer.pwd)
    assert anna.check(password="wrong", now=40.0) == []
    assert anna.peer.last_consent == 20.0
    assert port.dropped == {"bad_integrity": 1}


def test_a_check_for_nobody_is_dropped_without_a_word(port: Port) -> None:
    anna = port.client()
    for username in ("nobody:theirs", f"{anna.peer.ufrag}:nobody", anna.peer.ufrag, ":"):
        attributes = [(stun.USERNAME, username.encode())]
        assert anna.send(stun.build(1, bytes(12), attributes, anna.peer.pwd)) == []
    assert port.dropped == {"unknown_username": 4}


def test_a_handshake_before_the_first_check_gets_no_answer(port: Port) -> None:
    anna = port.client()
    (hello,) = DtlsClient(CLIENT).speak([])
    assert anna.send(hello) == []
    assert port.dropped == {"unknown_address": 1}


def test_everybody_connected_gets_the_same_payload_with_numbers_of_their_own(port: Port) -> None:
    anna, bruno = port.client("anna", HOME), port.client("bruno", CAFE)
    waiting = port.client("carla", STRANGER)
    anna.connect()
    bruno.connect()
    for tick in range(3):
        port.play(SILENCE, tick * 960, anna.peer, bruno.peer, waiting.peer)
    sequences = {}
    for client in (anna, bruno):
        packets = [rtp.parse(client.open(d)) for d in port.wire.take(client.address)]
        assert [packet.payload for packet in packets] == [SILENCE] * 3
        assert [packet.timestamp for packet in packets] == [0, 960, 1920]
        assert {packet.ssrc for packet in packets} == {client.peer.ssrc}
        sequences[client.peer.participant] = [packet.sequence for packet in packets]
    first = sequences["anna"][0]
    assert sequences["anna"] == [first, first + 1, first + 2]
    assert sequences["anna"] != sequences["bruno"]
    assert port.wire.take(STRANGER) == []


def test_a_client_that_moves_is_followed_with_its_sound(port: Port) -> None:
    anna = port.client()
    anna.connect()
    anna.address = CAFE
    anna.check()
    anna.send(anna.audio(SILENCE))
    port.play(SILENCE, 0, anna.peer)
    assert port.wire.take(HOME) == []
    assert len(port.wire.take(CAFE)) == 1
    assert port.witness.payloads == [(anna.peer, SILENCE)]


def test_a_check_that_nominates_nothing_does_not_move_the_sound(port: Port) -> None:
    anna = port.client()
    anna.connect()
    anna.address = CAFE
    anna.check(nominate=False)
    port.play(SILENCE, 0, anna.peer)
    assert len(port.wire.take(HOME)) == 1
    assert port.wire.take(CAFE) == []


def test_udp_goes_before_tcp_as_long_as_it_works(port: Port) -> None:
    anna = port.client()
    over_tcp = stun.TcpAddress(*HOME, connection=1)

    def check_over(address: stun.Address, now: float) -> stun.Address | None:
        anna.address = address
        anna.check(now=now)
        return anna.peer.address

    assert check_over(over_tcp, 0) == over_tcp
    assert check_over(HOME, 1) == HOME
    assert check_over(over_tcp, 2) == HOME
    assert check_over(over_tcp, 7) == over_tcp


def test_udp_that_works_in_one_direction_only_does_not_hold_up_tcp(port: Port) -> None:
    anna = port.client()
    anna.check(nominate=False)  # it never hears the answer
    anna.address = stun.TcpAddress(*HOME, connection=1)
    anna.check()
    assert anna.peer.address == anna.address


def test_a_tcp_connection_and_a_udp_port_of_the_same_number_are_two_places(port: Port) -> None:
    anna = port.client(address=stun.TcpAddress(*HOME, connection=1))
    anna.check()
    assert port.transport.knows(anna.address)
    assert not port.transport.knows(HOME)
    assert not port.transport.knows(stun.TcpAddress(*HOME, connection=2))
    port.transport.remove(anna.peer)
    assert not port.transport.knows(anna.address)


def test_a_client_may_move_often_but_only_its_last_addresses_count(port: Port) -> None:
    anna = port.client()
    for number in range(100):
        anna.address = ("192.0.2.10", 10_000 + number)
        anna.check()
    assert len(anna.peer.addresses) < 10
    anna.address = ("192.0.2.10", 10_000)
    anna.send(b"\x16" + bytes(20))
    assert port.dropped == {"unknown_address": 1}


def test_without_checks_for_thirty_seconds_a_client_is_lost(port: Port) -> None:
    anna = port.client()
    anna.connect()
    port.transport.poll(CONSENT_TIMEOUT, 0, 0)
    assert port.witness.gone == []
    port.transport.poll(CONSENT_TIMEOUT + 0.1, 0, 0)
    assert port.witness.gone == [anna.peer]
    port.wire.take(HOME)
    assert anna.send(anna.audio(SILENCE)) == []
    assert port.dropped == {"unknown_address": 1}


def test_whoever_is_lost_is_left_out_by_those_who_send_to_slots(port: Port) -> None:
    anna, bruno = port.client(), port.client("bruno", CAFE)
    anna.connect()
    bruno.connect()
    bruno.peer.last_consent = CONSENT_TIMEOUT
    port.transport.poll(CONSENT_TIMEOUT + 0.1, 0, 0)
    assert port.witness.audience == {bruno.peer.slot}
    assert anna.peer.slot is None


def test_whoever_is_removed_is_told_and_then_ignored(port: Port) -> None:
    anna = port.client()
    anna.connect()
    port.transport.remove(anna.peer)
    assert [datagram[0] for datagram in port.wire.take(HOME)] == [0x80, 21]  # BYE, a DTLS alert
    assert anna.check() == []
    assert anna.send(anna.audio(SILENCE)) == []
    assert port.witness.payloads == []
    assert port.dropped == {"unknown_username": 1, "unknown_address": 1}


def test_a_report_comes_every_five_seconds_to_who_speaks_and_every_ten_to_the_others(
    port: Port,
) -> None:
    speaker, listener = port.client(), port.client("bruno", CAFE)
    for client in (speaker, listener):
        client.connect()
    speaker.send(speaker.audio(SILENCE))
    port.wire.take(HOME)
    port.wire.take(CAFE)
    for tick in range(1, 1000):  # 20 s
        port.transport.poll(tick * 0.02, 0, 0)
    assert len(port.wire.take(HOME)) == 4
    assert len(port.wire.take(CAFE)) == 2


def test_reports_tell_the_name_and_what_was_sent(port: Port) -> None:
    anna = port.client()
    anna.connect()
    port.play(SILENCE, 960, anna.peer)
    port.wire.take(HOME)
    port.transport.poll(1.0, 1_800_000_000.5, 960)
    (datagram,) = port.wire.take(HOME)
    (report, description) = rtcp.parse(anna.open(datagram))
    assert (report.kind, description.kind) == (200, 202)
    seconds, fraction, timestamp, packets, octets = (
        int.from_bytes(report.body[at : at + 4], "big") for at in range(4, 24, 4)
    )
    assert (seconds - 2_208_988_800, fraction >> 31) == (1_800_000_000, 1)
    assert (timestamp, packets, octets) == (960, 1, len(SILENCE))
    assert b"spaces" in description.body


def test_what_a_client_received_and_how_far_it_is_becomes_known(port: Port) -> None:
    anna = port.client()
    anna.connect()
    port.transport.poll(10.0, 1_800_000_000.0, 0)
    sent = rtcp.middle(rtcp.ntp_time(1_800_000_000.0))
    body = bytes(4) + rtcp.ReportBlock(anna.peer.ssrc, 0.5, 3, 9, 0, sent, 0).pack()
    anna.send(anna.control(bytes.fromhex("81c90007") + body), now=10.08)
    assert port.witness.news == [anna.peer]
    network = anna.peer.reports.network
    assert network is not None
    assert network.loss == 0.5
    assert network.round_trip_ms == pytest.approx(80, abs=1)


def test_a_client_is_told_what_of_its_stream_arrived(port: Port) -> None:
    anna = port.client()
    anna.connect()
    for number in range(10):
        protected = anna.audio(SILENCE)
        if number % 2:
            anna.send(protected)
    port.wire.take(HOME)
    port.transport.poll(1.0, 1_800_000_000.0, 0)
    (datagram,) = port.wire.take(HOME)
    (block,) = rtcp.report_blocks(rtcp.parse(anna.open(datagram))[0])
    assert (block.ssrc, block.total_lost, block.highest) == (99, 4, anna.sequence)


def test_a_clients_reports_are_read_and_broken_ones_counted(port: Port) -> None:
    anna = port.client()
    anna.connect()
    receiver_report = bytes.fromhex("80c90001") + bytes(4)
    anna.send(anna.control(receiver_report))
    assert port.dropped == {}
    anna.send(anna.control(bytes.fromhex("80c900ff") + bytes(4)))
    assert port.dropped == {"bad_rtp": 1}


def test_what_is_not_opus_or_not_authentic_is_not_heard(port: Port) -> None:
    anna = port.client()
    anna.connect()
    good = anna.audio(SILENCE)
    anna.send(anna.audio(SILENCE, payload_type=0))
    anna.send(good[:-1] + bytes([good[-1] ^ 1]))
    anna.send(good)
    anna.send(good)
    anna.send(b"\x80" + bytes(2000))
    assert port.witness.payloads == [(anna.peer, SILENCE)]
    assert port.dropped == {"not_opus": 1, "bad_srtp": 3}


def test_sound_before_the_handshake_is_not_heard(port: Port) -> None:
    anna = port.client()
    anna.check()
    anna.send(b"\x80" + bytes(50))
    assert port.dropped == {"early_srtp": 1}

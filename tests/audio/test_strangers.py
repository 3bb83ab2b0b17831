"""What strangers send to the port disturbs nobody, and nobody is flooded by its answers."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from audio import stun
from audio.opus import SILENCE
from tests.audio.port import CLIENT, HOME, STRANGER, Port
from tests.audio.wires import DtlsClient


def test_garbage_disturbs_nobody(port: Port) -> None:
    anna = port.client()
    anna.connect()
    (hello,) = DtlsClient(CLIENT).speak([])
    check = stun.build(stun.BINDING_REQUEST, bytes(12), [], "x")
    for source in (STRANGER, HOME):
        for datagram in (b"", b"\x80\x6f" + bytes(40), hello[:20], check[:-3], b"\xff" * 100):
            port.transport.receive(datagram, source, 0.0)
    assert sum(port.dropped.values()) == 10
    assert port.wire.take(STRANGER) == []
    anna.send(anna.audio(SILENCE))
    assert port.witness.payloads == [(anna.peer, SILENCE)]


@given(
    st.lists(
        st.tuples(st.sampled_from([HOME, STRANGER]), st.integers(0, 255), st.binary(max_size=80)),
        max_size=30,
    )
)
def test_no_datagram_raises_or_is_answered_to_a_stranger(
    script: list[tuple[stun.Address, int, bytes]],
) -> None:
    port = Port()
    anna = port.client()
    anna.check()
    for source, first, rest in script:
        port.transport.receive(bytes([first]) + rest, source, 0.0)
    assert port.wire.take(STRANGER) == []
    assert port.witness.payloads == []


def test_forged_addresses_get_nothing_whatever_is_sent_in_their_name(port: Port) -> None:
    anna = port.client()
    (hello,) = DtlsClient(CLIENT).speak([])
    username = f"{anna.peer.ufrag}:{anna.peer.remote_ufrag}".encode()
    forgeries = [
        hello,
        stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, username)], "guessed"),
        stun.build(stun.BINDING_REQUEST, bytes(12), [], anna.peer.pwd),
        stun.build(stun.BINDING_SUCCESS, bytes(12), [(stun.USERNAME, username)], anna.peer.pwd),
        anna.peer.ufrag.encode(),
    ]
    for forgery in forgeries * 10:
        port.transport.receive(forgery, STRANGER, 0.0)
        port.transport.poll(1.0, 0, 0)
    assert port.wire.sent == {}


def test_a_check_that_somebody_saw_and_sends_from_elsewhere_moves_nothing(port: Port) -> None:
    anna = port.client()
    username = f"{anna.peer.ufrag}:{anna.peer.remote_ufrag}".encode()
    attributes = [(stun.USERNAME, username), (stun.USE_CANDIDATE, b"")]
    check = stun.build(stun.BINDING_REQUEST, bytes(12), attributes, anna.peer.pwd)
    assert len(anna.send(check)) == 1
    assert len(anna.send(check)) == 1  # the answer was lost, anna asks again
    port.transport.receive(check, STRANGER, 0.0)
    assert port.wire.sent == {}
    assert anna.peer.address == HOME
    assert port.dropped == {"copied_check": 1}


def test_the_answer_to_a_check_is_shorter_than_the_check(port: Port) -> None:
    anna = port.client(address=("192.0.2.10", 5000))
    username = f"{anna.peer.ufrag}:{anna.peer.remote_ufrag}".encode()
    check = stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, username)], anna.peer.pwd)
    (answer,) = anna.send(check)
    assert len(answer) < len(check)


def test_a_thousand_random_datagrams_are_all_counted(port: Port) -> None:
    for _ in range(1000):
        port.transport.receive(secrets.token_bytes(60), STRANGER, 0.0)
    assert sum(port.dropped.values()) == 1000

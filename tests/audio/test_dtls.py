"""The DTLS handshake, with OpenSSL as the client."""

import contextlib
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from audio import srtp
from audio.dtls import BadDtls, Handshake, Identity, split_records
from tests.audio.wires import DtlsClient

SERVER, CLIENT = Identity(), Identity()
TRUSTED = frozenset({("sha-256", CLIENT.fingerprint)})


def shake_hands(client: DtlsClient, server: Handshake) -> None:
    flight = client.speak([])
    for _ in range(10):
        flight = client.speak([reply for datagram in flight for reply in server.receive(datagram)])


def test_both_ends_get_the_same_keys() -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    shake_hands(client, server)
    assert client.done
    assert server.keys is not None
    assert server.keys.profile.name == b"SRTP_AEAD_AES_128_GCM"
    exported = client.connection.export_keying_material(
        b"EXTRACTOR-dtls_srtp", server.keys.profile.exported_size
    )
    assert server.keys == srtp.server_keys(server.keys.profile, exported)


def test_a_client_without_gcm_gets_the_older_profile() -> None:
    older = Identity()
    older.context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    client = DtlsClient(older)
    server = Handshake(SERVER, frozenset({("sha-256", older.fingerprint)}))
    shake_hands(client, server)
    assert server.keys is not None
    assert server.keys.profile.name == b"SRTP_AES128_CM_SHA1_80"


def test_a_certificate_that_the_offer_did_not_name_gets_no_keys() -> None:
    client, server = (
        DtlsClient(CLIENT),
        Handshake(SERVER, frozenset({("sha-256", SERVER.fingerprint)})),
    )
    with pytest.raises(BadDtls, match="bad_fingerprint"):
        shake_hands(client, server)
    assert server.keys is None


def test_a_lost_last_flight_is_sent_again_when_the_client_asks_again() -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    first = [reply for datagram in client.speak([]) for reply in server.receive(datagram)]
    final = client.speak(first)
    lost = [reply for datagram in final for reply in server.receive(datagram)]
    assert server.keys is not None
    assert not client.done
    again = server.receive(final[-1])
    assert again == lost
    client.speak(again)
    assert client.done


def test_the_last_flight_is_not_repeated_for_ever() -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    shake_hands(client, server)
    forged = bytes([22, 254, 253]) + bytes(10)
    answers = [server.receive(forged) for _ in range(100)]
    assert any(answers)
    assert not any(answers[50:])


def test_a_handshake_is_not_begun_again_and_again() -> None:
    server = Handshake(SERVER, TRUSTED)
    alert = bytes([21, 254, 253]) + bytes(7) + b"\5\0\2\2\x28"  # fatal: handshake_failure
    reasons = []
    for _ in range(20):
        for hello in DtlsClient(CLIENT).speak([]):
            with contextlib.suppress(BadDtls):
                server.receive(hello)
        try:
            server.receive(alert)
        except BadDtls as error:
            reasons.append(error.reason)
    assert reasons[0] == "bad_dtls"
    assert reasons[-1] == "too_many_handshakes"


@given(st.integers(0, 3), st.integers(0, 2000), st.integers(1, 255), st.booleans())
def test_a_damaged_handshake_raises_nothing_else_and_gives_no_wrong_keys(
    step: int, position: int, change: int, again: bool
) -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    flight = client.speak([])
    for number in range(4):
        replies: list[bytes] = []
        for datagram in flight:
            damaged = bytearray(datagram)
            if number == step:
                damaged[position % len(damaged)] ^= change
            for each in (bytes(damaged), datagram) if again else (bytes(damaged),):
                with contextlib.suppress(BadDtls):
                    replies += server.receive(each)
        with contextlib.suppress(SSL.Error):
            flight = client.speak(replies)
    if client.done and server.keys is not None:
        profile = server.keys.profile
        exported = client.connection.export_keying_material(
            b"EXTRACTOR-dtls_srtp", profile.exported_size
        )
        assert server.keys == srtp.server_keys(profile, exported)


def test_hanging_up_tells_the_client() -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    shake_hands(client, server)
    for datagram in server.close():
        client.connection.bio_write(datagram)
    with pytest.raises(SSL.ZeroReturnError):
        client.connection.recv(100)


def test_datagrams_are_no_longer_than_a_path_carries() -> None:
    server = Handshake(SERVER, TRUSTED)
    replies = [
        reply for datagram in DtlsClient(CLIENT).speak([]) for reply in server.receive(datagram)
    ]
    assert len(replies) >= 1
    assert all(len(reply) <= 1200 for reply in replies)
    assert all(split_records(reply) for reply in replies)


def test_a_handshake_survives_garbage_and_truncation_in_between() -> None:
    client, server = DtlsClient(CLIENT), Handshake(SERVER, TRUSTED)
    hello = client.speak([])
    for garbage in (hello[0][:-1], hello[0][:5], b"\x16" + secrets.token_bytes(40)):
        with pytest.raises(BadDtls):
            server.receive(garbage)
    flight = hello
    for _ in range(10):
        flight = client.speak([reply for datagram in flight for reply in server.receive(datagram)])
    assert client.done
    assert server.keys is not None


@given(st.binary(max_size=100), st.integers(0, 255))
def test_no_bytes_raise_anything_but_bad_dtls(body: bytes, kind: int) -> None:
    server = Handshake(SERVER, TRUSTED)
    header = bytes([kind]) + b"\xfe\xfd" + bytes(8) + len(body).to_bytes(2, "big")
    for datagram in (body, header + body):
        with contextlib.suppress(BadDtls):
            server.receive(datagram)
        assert server.keys is None

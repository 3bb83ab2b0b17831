"""STUN messages, against the test vectors of RFC 5769."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import stun

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
RESPONSE_IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
RESPONSE_IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)


def test_the_request_of_the_rfc_is_read() -> None:
    message = stun.parse(REQUEST)
    assert message.kind == stun.BINDING_REQUEST
    assert message.transaction == TRANSACTION
    assert message.username == "evtj:h6vY"
    assert message.attributes[stun.PRIORITY] == bytes.fromhex("6e0001ff")


def test_a_message_is_verified_with_its_password_only() -> None:
    message = stun.parse(REQUEST)
    assert message.verify(PASSWORD)
    assert not message.verify("another password")


HOME = ("198.51.100.7", 4000)


def again(transaction: bytes, password: str = PASSWORD) -> bytes:
    """The request of the RFC with another transaction."""
    attributes = list(stun.parse(REQUEST).attributes.items())
    del attributes[-1]  # what `build` adds
    return stun.build(stun.BINDING_REQUEST, transaction, attributes, password)


def test_a_check_that_comes_again_is_known_by_all_but_its_transaction() -> None:
    known = stun.KnownCheck(stun.parse(again(b"a" * 12)), HOME, PASSWORD)
    assert known.repeated_by(again(b"b" * 12), HOME) == b"b" * 12
    assert known.repeated_by(again(b"b" * 12), ("198.51.100.7", 4001)) is None
    assert known.repeated_by(again(b"b" * 12, "another password"), HOME) is None


@pytest.mark.parametrize("at", range(len(again(bytes(12)))))
def test_a_check_that_was_changed_anywhere_is_not_known(at: int) -> None:
    check = again(b"a" * 12)
    known = stun.KnownCheck(stun.parse(check), HOME, PASSWORD)
    changed = bytearray(check)
    changed[at] ^= 0x01
    assert known.repeated_by(bytes(changed), HOME) is None
    assert known.repeated_by(check[:at], HOME) is None


@pytest.mark.parametrize(
    ("response", "address"),
    [
        (RESPONSE_IPV4, ("192.0.2.1", 32853)),
        (RESPONSE_IPV6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_the_responses_of_the_rfc_are_read(response: bytes, address: stun.Address) -> None:
    message = stun.parse(response)
    assert message.verify(PASSWORD)
    mapped = message.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(mapped, message.transaction) == address
    assert stun.xor_address(address, message.transaction) == mapped


def test_a_success_tells_the_sender_its_address() -> None:
    request = stun.parse(REQUEST)
    answer = stun.parse(stun.binding_success(request.transaction, ("198.51.100.7", 4000), "ours"))
    assert answer.kind == stun.BINDING_SUCCESS
    assert answer.transaction == request.transaction
    assert answer.verify("ours")
    mapped = answer.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(mapped, answer.transaction) == ("198.51.100.7", 4000)


def test_a_message_without_integrity_is_never_verified() -> None:
    bare = REQUEST[:2] + b"\0\0" + REQUEST[4:20]
    assert not stun.parse(bare).verify("")


def test_what_follows_the_integrity_is_not_believed() -> None:
    forged = stun.build(stun.BINDING_REQUEST, TRANSACTION, [], PASSWORD)[:-8]
    forged += bytes.fromhex("00250000")
    forged = forged[:2] + (len(forged) - 20).to_bytes(2, "big") + forged[4:]
    assert stun.USE_CANDIDATE not in stun.parse(forged).attributes


@pytest.mark.parametrize("position", range(len(REQUEST)))
def test_a_flipped_bit_is_noticed(position: int) -> None:
    damaged = bytearray(REQUEST)
    damaged[position] ^= 1
    try:
        message = stun.parse(bytes(damaged))
    except stun.BadStun:
        return
    # Only the FINGERPRINT's own type can be damaged into something that is parsed.
    assert position in (100, 101)
    assert stun.FINGERPRINT not in message.attributes


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: REQUEST[:20] + tail))
def test_no_bytes_raise_anything_but_bad_stun(data: bytes) -> None:
    with contextlib.suppress(stun.BadStun):
        stun.parse(data)
